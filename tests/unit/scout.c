/* How long a round takes, tried before the run, and how much of a tree fits into the time. */
#include "engine/measure/scout.h"

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_run.h"

static void a_scout_whose_look_takes_too_long_tells_the_least(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	driven_use(f, &scripted_strategy);
	driven.tick_ns = SECOND;
	f->request.until_ns = driven.now_ns + 6 * SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(driven.passes, 0);
	assert_true(scout.look_ns > 0);
	assert_int_equal(scout.round_ns, scout.look_ns);
}

/* Three cells and the baseline once more. */
static void a_scout_tells_what_a_round_takes(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	driven.pass_ns = SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(scout.entries, ENTRIES);
	assert_int_equal(scout.round_ns, 4 * SECOND);
	assert_int_equal(driven.passes, 2 * CELLS);
}

/* The first pass of a warm cell reads and allocates; it is no measure. */
static struct step slow_at_first(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = (pass ? cell + 1 : 100) * SECOND};
}

static void each_cell_counts_as_often_as_a_round_runs_it(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	driven.script = slow_at_first;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(scout.round_ns, (2 * 1 + 2 + 3) * SECOND);
	for (int i = 0; i < CELLS; i++)
		assert_int_equal(driven.passes_of[i], 2);
}

static unsigned remounts;

static int empty_caches(void *arg, struct err *err)
{
	(void)arg, (void)err;
	remounts++;
	return 0;
}

/* A pass takes a second; to make it cold takes the same for every cell. */
static void of_cold_cells_only_the_baseline_is_tried_and_once(void **state)
{
	static const struct fs_facts on_disk = {.type = "btrfs"};
	struct fixture *f = *state;
	struct scout scout;
	remounts = 0;
	f->target.where = &on_disk;
	f->control.remount = empty_caches;
	f->request.states = 1U << CACHE_COLD;
	driven.pass_ns = SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(scout.round_ns, 4 * SECOND);
	assert_int_equal(driven.passes, 1);
	assert_int_equal(driven.passes_of[0], 1);
	assert_int_equal(remounts, 1);
}

/* What was not tried is taken to be as slow as what was; what was cut, to last as long as it did.
 */
static void a_scout_stops_in_time(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	driven.pass_ns = SECOND;
	f->request.until_ns = driven.now_ns + 2 * SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(driven.passes, 2);
	assert_int_equal(scout.round_ns, 4 * SECOND);
}

static uint64_t fit(const struct scout *small, const struct scout *large, uint64_t left_ns,
		    uint32_t rounds)
{
	const struct scout_cost cost = scout_cost(small, large, rounds);
	return scout_fit(&cost, left_ns);
}

/* Ten rounds, what goes with them, and a look: 17 rounds' time and the look's. */
static void as_much_is_measured_as_there_is_time_for(void **state)
{
	(void)state;
	const struct scout none = {0}, one = {1000, 3000, 1000};
	assert_int_equal(fit(&none, &one, 20000, 1000), 1000);
	assert_int_equal(fit(&none, &one, 200000, 1000), 10000);
	assert_int_equal(fit(&none, &one, 10, 1000), 1);
}

static void fewer_rounds_leave_time_for_more_entries(void **state)
{
	(void)state;
	const struct scout none = {0}, one = {1000, 0, 1000};
	assert_int_equal(fit(&none, &one, 17000, 10), 1000);
	assert_int_equal(fit(&none, &one, 14000, 7), 1076);
}

static void what_a_pass_costs_by_itself_is_no_cost_of_entries(void **state)
{
	(void)state;
	/* 5,000 ns for each round, 1 ns for each entry. */
	const struct scout small = {1000, 0, 6000}, large = {5000, 0, 10000};
	assert_int_equal(fit(&small, &large, UINT64_C(17) * 105000, 1000), 100000);
}

static void entries_get_a_share_where_passes_cost_by_themselves(void **state)
{
	(void)state;
	const struct scout small = {1000, 0, 1001000}, large = {5000, 0, 1005000};
	assert_int_equal(fit(&small, &large, 17 * 1000000, 1000), 250000);
}

/* Which part it is shall not hang on how fast this run happened to be. */
static void sizes_go_in_steps(void **state)
{
	(void)state;
	const uint64_t cases[][3] = {
		{0, 1000, 0},
		{1, 1000, 1},
		{4, 1000, 2},
		{9, 1000, 5},
		{99, 1000, 50},
		{10000, 100000, 10000},
		{19999, 100000, 10000},
		{20001, 100000, 20000},
		{49999, 100000, 20000},
		{UINT32_MAX, 5, 5},
		{UINT32_MAX, UINT64_C(1) << 40, 2000000000},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(scout_size(cases[i][0], cases[i][1]), cases[i][2]);
}

static void from_four_fifths_of_a_tree_on_all_of_it_is_measured(void **state)
{
	(void)state;
	assert_int_equal(scout_size(799, 1000), 500);
	assert_int_equal(scout_size(800, 1000), 1000);
	assert_int_equal(scout_size(800, 1001), 500);
	assert_int_equal(scout_size(1, 1), 1);
}

static void noise_never_makes_entries_free(void **state)
{
	(void)state;
	const struct scout small = {1000, 0, 9000}, large = {5000, 0, 5000};
	assert_int_equal(fit(&small, &large, 17 * 5000, 1000), 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVEN(a_scout_tells_what_a_round_takes),
		DRIVEN(each_cell_counts_as_often_as_a_round_runs_it),
		DRIVEN(of_cold_cells_only_the_baseline_is_tried_and_once),
		DRIVEN(a_scout_stops_in_time),
		DRIVEN(a_scout_whose_look_takes_too_long_tells_the_least),
		cmocka_unit_test(as_much_is_measured_as_there_is_time_for),
		cmocka_unit_test(fewer_rounds_leave_time_for_more_entries),
		cmocka_unit_test(what_a_pass_costs_by_itself_is_no_cost_of_entries),
		cmocka_unit_test(entries_get_a_share_where_passes_cost_by_themselves),
		cmocka_unit_test(sizes_go_in_steps),
		cmocka_unit_test(from_four_fifths_of_a_tree_on_all_of_it_is_measured),
		cmocka_unit_test(noise_never_makes_entries_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
