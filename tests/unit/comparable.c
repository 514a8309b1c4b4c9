/* What figures stand on: what must not differ, and what is only told. */
#include <string.h>

#include "reports/verdict/comparable.h"
#include "tests/test.h"

/* One side: a machine, a tree and a cell. */
struct side {
	struct tree_facts tree;
	struct result result;
	struct cell_result cell;
	struct document_cell cell_of;
};

static void fill(struct side *side, const char *name)
{
	*side = (struct side){
		.tree = {.id = "tree0", .name = "flat", .shape = "{}", .seed = 1, .digest = "aa"},
		.result = {.host = {.cpu = "a CPU", .kernel = "6.1.0"}, .tool = {.version = "0.1"}},
		.cell = {.tree = "tree0", .entries = 100, .cache = CACHE_WARM},
	};
	side->result.trees = &side->tree;
	side->result.n_trees = 1;
	side->cell_of = (struct document_cell){name, &side->result, &side->cell};
}

static void fill_both(struct side *a, struct side *b)
{
	fill(a, "a.json");
	fill(b, "b.json");
	b->result.host.cpu = "another CPU";
}

static const struct judged_fact *fact(const struct judgement *j, const char *name)
{
	for (size_t i = 0; i < j->n_facts; i++) {
		if (strcmp(j->facts[i].name, name) == 0)
			return &j->facts[i];
	}
	fail_msg("there is no fact %s", name);
	return NULL;
}

static void names_and_seeds_may_differ(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	struct side a, b;
	(void)state;
	fill_both(&a, &b);
	b.tree.name = "deep";
	b.tree.seed = 2;
	assert_null(comparable_differences(j->arena, &a.cell_of, &b.cell_of, 0));
	b.result.host.kernel = "6.18.0";
	assert_string_equal(comparable_differences(j->arena, &a.cell_of, &b.cell_of, 0),
			    "kernel.release (6.1.0 in a.json, 6.18.0 in b.json)");
	judgement_free(j);
}

static void a_strategy_may_have_worked_in_another_way(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	struct extra_fact tables = {.name = "by_tables", .other_way = "a walk", .passes = 4};
	struct side a, b;
	(void)state;
	fill(&a, "a.json");
	fill(&b, "b.json");
	struct extra_fact calls = tables;
	calls.passes_short = 2;
	a.cell.extras = &tables;
	b.cell.extras = &calls;
	a.cell.n_extras = 1;
	assert_string_equal(comparable_differences(j->arena, &a.cell_of, &b.cell_of, 0),
			    "way (its own in a.json, unknown in b.json)"); /* from elsewhere */
	b.cell.n_extras = 1;
	assert_string_equal(comparable_differences(j->arena, &a.cell_of, &b.cell_of, 0),
			    "way (its own in a.json, a walk in b.json)");
	assert_null(comparable_differences(j->arena, &a.cell_of, &b.cell_of, 1U << CONDITION_WAY));
	calls.passes_short = 1; /* most passes are by tables */
	assert_null(comparable_differences(j->arena, &a.cell_of, &b.cell_of, 0));
	judgement_free(j);
}

static void differing_names_and_seeds_are_reported(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	struct side a, b;
	(void)state;
	fill_both(&a, &b);
	b.tree.shape = NULL;
	assert_int_equal(comparable_facts(j, &a.cell_of, &b.cell_of), 0);
	assert_string_equal(fact(j, "host.cpu")->base, "a CPU");
	assert_string_equal(fact(j, "host.cpu")->head, "another CPU");
	assert_string_equal(fact(j, "tree.name")->base, "flat");
	assert_string_equal(fact(j, "tree.entries")->head, "100");
	assert_string_equal(fact(j, "tree.seed")->base, "1");
	assert_null(fact(j, "tree.seed")->head); /* a directory that was there before */
	assert_string_equal(fact(j, "cache")->base, "warm");
	assert_null(fact(j, "fs.type")->base);
	judgement_free(j);
}

static void a_cache_state_is_common_only_if_all_rows_have_it(void **state)
{
	static const enum cache_state states[][2] = {{CACHE_COLD, CACHE_COLD},
						     {CACHE_COLD, CACHE_WARM}};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
		for (size_t k = 0; k < 2; k++) {
			const struct verdict_input none = {.invalid = "not measured"};
			const struct judged row = {.cell = k ? "b" : "a",
						   .metric = "time",
						   .unit = "ns/entry",
						   .has_cache = true,
						   .cache = states[i][k]};
			assert_int_equal(judgement_add(j, &row, &none), 0);
		}
		assert_int_equal(judgement_fact(j, "cache", "cold", "cold"), 0);
		assert_int_equal(judgement_finish(j), 0);
		assert_string_equal(fact(j, "cache")->base, i ? "see each row" : "cold");
		judgement_free(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_seeds_may_differ),
		cmocka_unit_test(a_strategy_may_have_worked_in_another_way),
		cmocka_unit_test(differing_names_and_seeds_are_reported),
		cmocka_unit_test(a_cache_state_is_common_only_if_all_rows_have_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
