/* Results made by hand with one thing wrong, and what the run says about itself. */
#include "engine/measure/figures/estimate.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

enum { FLOOR, BASE, OTHER, CELLS };
enum { ROUNDS = 20, PER_ROUND = 3 };

static struct estimate figure(double median)
{
	return (struct estimate){
		.known = true, .median = median, .lo = median, .hi = median, .n = ROUNDS};
}

static struct result *good_result(void)
{
	static const char *const ids[CELLS] = {"noop/j1", "lstat/j1", "other/j1"};
	struct result *r = result_new();
	assert_non_null(r);
	r->cells = arena_alloc(r->arena, CELLS * sizeof(*r->cells));
	assert_non_null(r->cells);
	r->n_cells = CELLS;
	for (size_t i = 0; i < CELLS; i++) {
		struct cell_result *cell = &r->cells[i];
		*cell = (struct cell_result){
			.id = ids[i],
			.label = ids[i],
			.cache = CACHE_WARM,
			.is_steady = true,
			.ns_per_entry = figure(i == FLOOR ? 2 : 800),
			.passes = calloc(ROUNDS * PER_ROUND, sizeof(*cell->passes)),
			.n_passes = i == BASE ? ROUNDS * PER_ROUND : ROUNDS,
			.room_passes = ROUNDS * PER_ROUND};
		assert_non_null(cell->passes);
		cell->n_clean = (uint32_t)cell->n_passes;
		for (uint32_t p = 0; p < cell->n_passes; p++)
			cell->passes[p] = (struct pass){.round = i == BASE ? p / PER_ROUND : p,
							.verified = true,
							.clean = true};
	}
	r->cells[FLOOR].is_floor = r->cells[BASE].is_baseline = true;
	r->cells[OTHER].ratio = figure(1);
	return r;
}

/* Rounds from first to the one before end are disturbed. */
static void disturb(struct cell_result *cell, uint32_t first, uint32_t end)
{
	for (size_t p = 0; p < cell->n_passes; p++) {
		const uint32_t round = cell->passes[p].round;
		if (round < first || round >= end)
			continue;
		cell->passes[p].clean = false;
		cell->n_clean--;
	}
}

/* Nothing but this one check; code NULL: none. Frees the result. */
static void says(struct result *r, const char *code, const char *cell, const char *words)
{
	assert_int_equal(check_result(r), 0);
	assert_int_equal(check_result(r), 0); /* anew, not once more */
	if (r->n_checks != (code != NULL))
		fail_msg("%zu checks, the first: %s", r->n_checks,
			 r->n_checks ? r->checks[0].text : "none");
	if (code) {
		assert_string_equal(r->checks[0].code, code);
		if (!strstr(r->checks[0].text, words))
			fail_msg("'%s' lacks '%s'", r->checks[0].text, words);
		assert_int_equal(r->checks[0].cell == NULL, cell == NULL);
		if (cell)
			assert_string_equal(r->checks[0].cell, cell);
	}
	result_free(r);
}

static void a_good_run_has_no_warnings(void **state)
{
	(void)state;
	says(good_result(), NULL, NULL, NULL);
	says(result_new(), NULL, NULL, NULL);
}

static void wrong_answers(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->cells[OTHER].status = STATUS_FAILED;
	r->cells[OTHER].reason = "wrong answer: a/b: size 3, should be 4";
	r->cells[OTHER].ns_per_entry = (struct estimate){.reason = "the cell was not measured"};
	says(r, "wrong", "other/j1", "a/b: size 3");
}

static void no_baseline(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->cells[BASE].status = STATUS_SKIPPED;
	says(r, "baseline-missing", NULL, "baseline was not measured");
	r = good_result();
	r->cells[BASE].is_baseline = false;
	says(r, "baseline-missing", NULL, "baseline was not measured");
}

static void too_little_or_disturbed(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->cells[OTHER].ns_per_entry = (struct estimate){.reason = "fewer than 8 usable rounds"};
	says(r, "few-rounds", "other/j1", "too few rounds");
	r = good_result();
	disturb(&r->cells[OTHER], 5, ROUNDS);
	says(r, "disturbed", "other/j1", "only 5 rounds were undisturbed, so");
	r = good_result();
	r->cells[OTHER].is_steady = false;
	says(r, "not-steady", "other/j1", "did not settle");
	r = good_result();
	r->cells[OTHER].is_steady = false;
	r->cells[OTHER].cache = CACHE_AS_IS;
	says(r, NULL, NULL, NULL);
}

/* Passes are more than rounds, and a ratio needs both cells: what counts are rounds of both. */
static void disturbed_rounds_that_count_give_a_warning(void **state)
{
	struct result *r = good_result();
	(void)state;
	disturb(&r->cells[BASE], 8, ROUNDS);
	r->cells[OTHER].ratio.n = r->cells[OTHER].ns_per_entry.n = 8;
	says(r, "disturbed", "lstat/j1", "only 8 rounds were undisturbed, so");
	r = good_result();
	r->cells[BASE].ns_per_entry.n = r->cells[OTHER].ns_per_entry.n = 12;
	disturb(&r->cells[OTHER], 12, ROUNDS);
	disturb(&r->cells[BASE], 0, 8);
	says(r, "disturbed", "other/j1",
	     "only 4 rounds were undisturbed for it and its baseline, so");
	/* One of two passes is enough for a round. */
	r = good_result();
	for (size_t p = 0; p < r->cells[BASE].n_passes; p += PER_ROUND)
		r->cells[BASE].passes[p].clean = false;
	says(r, NULL, NULL, NULL);
	/* Disturbed passes that are left out are no news. */
	r = good_result();
	disturb(&r->cells[BASE], 10, ROUNDS);
	disturb(&r->cells[OTHER], 9, ROUNDS);
	r->cells[BASE].ns_per_entry.n = 10;
	r->cells[OTHER].ns_per_entry.n = r->cells[OTHER].ratio.n = 9;
	says(r, NULL, NULL, NULL);
}

static void a_large_floor(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->cells[OTHER].ns_per_entry = figure(20);
	says(r, NULL, NULL, NULL); /* a tenth is not more than a tenth */
	r = good_result();
	r->cells[OTHER].ns_per_entry = figure(10);
	says(r, "floor-share", "other/j1", "20 %");
}

static void a_clock_that_moved(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->run.units = calloc(3, sizeof(*r->run.units));
	assert_non_null(r->run.units);
	r->run.n_units = r->run.room_units = 3;
	r->run.units[0].step_ps = 1000;
	r->run.units[1].step_ps = 1100;
	says(r, NULL, NULL, NULL);
	r = good_result();
	r->run.units = calloc(3, sizeof(*r->run.units));
	assert_non_null(r->run.units);
	r->run.n_units = r->run.room_units = 3;
	r->run.units[0].step_ps = 1500;
	r->run.units[2].step_ps = 1000;
	says(r, "frequency", NULL, "50 %");
}

static void unknown_waits_for_a_cpu(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->cells[OTHER].passes[1].run_delay_ns = COUNT_UNKNOWN;
	says(r, "run-delay", NULL, "schedstat");
}

static void a_precision_not_reached(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->run.precision_wanted_ppm = 10000;
	r->run.precision_reached_ppm = 53727;
	says(r, "precision", NULL, "is \302\2615.38 %, not 1.00 %");
	r = good_result();
	r->run.precision_wanted_ppm = 20000;
	r->run.precision_reached_ppm = 20001;
	says(r, "precision", NULL, "is \302\2612.01 %, not 2.00 %");
	r = good_result();
	r->run.precision_wanted_ppm = 10000;
	r->run.precision_reached_ppm = COUNT_UNKNOWN;
	says(r, "precision", NULL, "the precision reached is not known");
	r = good_result();
	r->run.precision_wanted_ppm = r->run.precision_reached_ppm = 10000;
	says(r, NULL, NULL, NULL);
	r = good_result();
	r->run.precision_reached_ppm = COUNT_UNKNOWN; /* not asked for */
	says(r, NULL, NULL, NULL);
}

static void a_tree_that_changed(void **state)
{
	struct result *r = good_result();
	(void)state;
	r->cells[BASE].passes[1].why = r->cells[OTHER].passes[0].why = CAUSE_TREE_CHANGED;
	says(r, "tree-changed", NULL, "the tree changed during the run; passes during which");
	r = good_result();
	r->trees = arena_alloc(r->arena, sizeof(*r->trees));
	assert_non_null(r->trees);
	static const char *paths[] = {"spool/a", "spool/b"};
	r->n_trees = 1;
	*r->trees = (struct tree_facts){
		.id = "tree0", .changed = 12, .changed_paths = paths, .n_changed_paths = 2};
	says(r, "tree-changed", NULL,
	     "12 entries changed while the tree was measured, so answers about them are not "
	     "compared: spool/a, spool/b and 10 more");
}

static void a_tree_measured_in_part(void **state)
{
	(void)state;
	const struct {
		struct tree_facts facts;
		const char *code, *words;
	} cases[] = {
		{{.mounts = 1},
		 "mounts",
		 "1 mount point was not entered (--cross-mounts enters it)"},
		{{.mounts = 2},
		 "mounts",
		 "2 mount points were not entered (--cross-mounts enters them)"},
		{{.mounts = 2, .crosses_mounts = true}, NULL, NULL},
		{{.bad_names = 3, .first_bad = "sub"},
		 "bad-names",
		 "3 names were empty or had a slash"},
		{{.unstable = "inode numbers"},
		 "unstable",
		 "inode numbers change between two reads"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct result *r = good_result();
		r->trees = arena_alloc(r->arena, sizeof(*r->trees));
		assert_non_null(r->trees);
		r->n_trees = 1;
		*r->trees = cases[i].facts;
		says(r, cases[i].code, NULL, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_run_has_no_warnings),
		cmocka_unit_test(wrong_answers),
		cmocka_unit_test(no_baseline),
		cmocka_unit_test(too_little_or_disturbed),
		cmocka_unit_test(disturbed_rounds_that_count_give_a_warning),
		cmocka_unit_test(a_large_floor),
		cmocka_unit_test(a_clock_that_moved),
		cmocka_unit_test(unknown_waits_for_a_cpu),
		cmocka_unit_test(a_precision_not_reached),
		cmocka_unit_test(a_tree_that_changed),
		cmocka_unit_test(a_tree_measured_in_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
