/*
 * The additional figures of a strategy over the passes of a run: which passes they are of, and when
 * a cell worked in another way than its own and is not ranked.
 */
#include <string.h>

#include "engine/measure/rounds.h"

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/scripted_usage.h"

enum { WHOLE = 10, PASSES_MAX = 16, ASKED = 1 /* the cell that is looked at */ };

/* What each pass of the cell reports, priming included. */
static struct {
	uint64_t parts[PASSES_MAX];
	unsigned changed; /* the pass that the tree changed in, from 1; 0: none */
	const char *other_way;
} told;

static unsigned tell(const struct cell *cell, struct extra extras[EXTRAS_MAX])
{
	const unsigned pass = driven.passes_of[cell->params[0]] - 1;
	const uint64_t part = pass < PASSES_MAX ? told.parts[pass] : WHOLE;
	extras[0] = (struct extra){.name = "in_own_way",
				   .unit = "entries",
				   .part = part,
				   .whole = WHOLE,
				   .reason = part < WHOLE ? "too few" : NULL,
				   .other_way = told.other_way};
	return 1;
}

static struct step quiet(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000,
			     .changes_tree = cell == ASKED && told.changed == pass + 1};
}

static const struct cell_result *play(struct fixture *f, enum cache_state state, const char *parts,
				      uint32_t rounds)
{
	struct strategy strategy = scripted_strategy;
	strategy.extras = tell;
	for (size_t i = 0; parts[i]; i++)
		told.parts[i] = parts[i] == 'x' ? WHOLE : (uint64_t)(parts[i] - '0');
	memset(driven.passes_of, 0, sizeof(driven.passes_of));
	driven_forget(f);
	driven_use(f, &strategy);
	driven.script = quiet;
	f->request.states = 1U << state;
	f->request.rounds = rounds;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	const struct cell_result *cell = &f->result->cells[ASKED];
	assert_int_equal(cell->n_passes, rounds);
	assert_int_equal(cell->n_extras, 1);
	assert_string_equal(cell->extras[0].name, "in_own_way");
	assert_int_equal(cell->extras[0].whole, WHOLE);
	return cell;
}

static int set_up(void **state)
{
	memset(&told, 0, sizeof(told));
	told.other_way = "by calls";
	return driven_set_up(state);
}

static void a_cell_is_ranked_if_most_passes_worked_in_its_own_way(void **state)
{
	static const struct {
		const char *parts;
		uint64_t last;
		uint32_t n_short;
		bool is_ranked;
		const char *reason;
	} rows[] = {
		{"xxxxx", WHOLE, 0, true, NULL},      {"0xxxx", WHOLE, 1, true, "too few"},
		{"00xxx", WHOLE, 2, true, "too few"}, {"000xx", WHOLE, 3, false, "too few"},
		{"xx000", 0, 3, false, "too few"},    {"00000", 0, 5, false, "too few"},
		{"44444", 4, 5, false, "too few"},    {"55555", 5, 0, true, "too few"},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct cell_result *cell = play(f, CACHE_AS_IS, rows[i].parts, 5);
		const struct extra_fact *fact = &cell->extras[0];
		assert_int_equal(fact->part, rows[i].last);
		assert_int_equal(fact->passes, 5);
		assert_int_equal(fact->passes_short, rows[i].n_short);
		assert_int_equal(cell->is_rival, rows[i].is_ranked);
		assert_ptr_equal(result_other_way(cell), rows[i].is_ranked ? NULL : fact);
		assert_string_equal(fact->reason ? fact->reason : "none",
				    rows[i].reason ? rows[i].reason : "none");
	}
}

static void half_of_the_passes_are_not_enough(void **state)
{
	assert_false(play(*state, CACHE_AS_IS, "0xx0", 4)->is_rival);
	assert_true(play(*state, CACHE_AS_IS, "0xxx", 4)->is_rival);
}

/* The first pass of a warm cell may read from the device. It does not count. */
static void passes_before_the_rounds_do_not_count(void **state)
{
	const struct cell_result *cell = play(*state, CACHE_WARM, "00xxx", 3);
	assert_int_equal(driven.passes_of[ASKED], 5);
	assert_int_equal(cell->extras[0].passes, 3);
	assert_int_equal(cell->extras[0].passes_short, 0);
	assert_null(cell->extras[0].reason);
	assert_true(cell->is_rival);
}

static void a_pass_that_was_not_verified_does_not_count(void **state)
{
	told.changed = 3;
	const struct cell_result *cell = play(*state, CACHE_AS_IS, "xx0xx", 5);
	assert_false(cell->passes[2].verified);
	assert_int_equal(cell->extras[0].passes, 4);
	assert_int_equal(cell->extras[0].passes_short, 0);
	assert_null(cell->extras[0].reason);
}

/* Such as a hit rate, which says nothing about the way. */
static void a_share_alone_does_not_decide(void **state)
{
	told.other_way = NULL;
	const struct cell_result *cell = play(*state, CACHE_AS_IS, "00000", 5);
	assert_int_equal(cell->extras[0].passes_short, 5);
	assert_true(cell->is_rival);
}

/* The baseline is not ranked anyway; a cell that answers less stays unranked. */
static void only_cells_that_could_win_are_affected(void **state)
{
	struct fixture *f = *state;
	play(f, CACHE_AS_IS, "0000000000", 5);
	assert_true(f->result->cells[0].is_baseline);
	assert_non_null(result_other_way(&f->result->cells[0]));
	assert_true(f->result->cells[0].is_rival);
	f->cells[0].is_baseline = false; /* there is none, so no cell is ranked */
	assert_false(play(f, CACHE_AS_IS, "xxxxx", 5)->is_rival);
}

#define SCRIPTED(name) cmocka_unit_test_setup_teardown(name, set_up, driven_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRIPTED(a_cell_is_ranked_if_most_passes_worked_in_its_own_way),
		SCRIPTED(half_of_the_passes_are_not_enough),
		SCRIPTED(passes_before_the_rounds_do_not_count),
		SCRIPTED(a_pass_that_was_not_verified_does_not_count),
		SCRIPTED(a_share_alone_does_not_decide),
		SCRIPTED(only_cells_that_could_win_are_affected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
