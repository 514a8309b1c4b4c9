/* Beyond how many jobs nothing is gained: on results made by hand. */
#include "engine/profile/crossover.h"

#include "tests/test.h"
#include "tests/unit/with_cells.h"

enum { ROUNDS = 24 };

/* A step whose rounds take ns, give or take `noise` per cent in turns. */
static void add_step(struct result *r, uint32_t jobs, uint32_t rounds, uint64_t ns, unsigned noise)
{
	struct cell_result *cell = add_cell(r, arena_print(r->arena, "fused/j%u", jobs));
	cell->strategy = "fused";
	cell->cache = CACHE_WARM;
	cell->jobs = jobs;
	for (uint32_t i = 0; i < rounds; i++)
		add_pass(cell, i, ns * 1000 + (i * jobs % 5) * noise * ns * 10 / 4);
}

/* What the steps are compared with. */
static void add_base(struct result *r, uint64_t ns)
{
	struct cell_result *base = add_cell(r, "plain/j1");
	base->strategy = "plain";
	base->cache = CACHE_WARM;
	base->jobs = 1;
	for (uint32_t i = 0; i < ROUNDS; i++)
		add_pass(base, i, ns * 1000);
}

static struct crossover find(const struct result *r)
{
	struct crossover c;
	assert_int_equal(crossover_find(&c, r, "fused", CACHE_WARM), 0);
	return c;
}

static void the_last_number_that_gains(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 4, ROUNDS, 500, 5);
	add_step(r, 1, ROUNDS, 1000, 5);
	add_step(r, 2, ROUNDS, 500, 5);
	const struct crossover c = find(r);
	assert_true(c.known);
	assert_int_equal(c.jobs, 2);
	assert_int_equal(c.tried, 4);
	assert_int_equal(c.less, 1);
	assert_true(c.gain.known && c.gain.lo > 1.8 && c.gain.hi < 2.2);
	assert_int_equal(c.more, 4);
	assert_true(c.beyond.known && c.beyond.lo <= 1 && c.beyond.hi >= 1);
	assert_string_equal(c.choice->id, "fused/j2");
	assert_true(c.speedup.known && c.speedup.lo > 3.6 && c.speedup.hi < 4.2);
	assert_true(c.speedup.confidence >= 1 - 0.01 / 3);
}

/* Faster by a little in the median, which the interval does not bear out. */
static void a_difference_within_the_interval_is_none(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 1, ROUNDS, 1000, 5);
	add_step(r, 2, ROUNDS, 500, 40);
	add_step(r, 4, ROUNDS, 490, 40);
	const struct crossover c = find(r);
	assert_int_equal(c.jobs, 2);
	assert_true(c.beyond.median > 1 && c.beyond.lo < 1);
}

static void more_jobs_that_lose_do_not_count(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 1, ROUNDS, 500, 5);
	add_step(r, 2, ROUNDS, 600, 5);
	add_step(r, 4, ROUNDS, 700, 5);
	const struct crossover c = find(r);
	assert_true(c.known);
	assert_int_equal(c.jobs, 1);
	assert_int_equal(c.less, 0);
	assert_int_equal(c.more, 2);
	assert_true(c.beyond.hi < 1);
}

/* A number that gains nothing itself hides no greater one that does. */
static void a_plateau_is_not_the_end(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 1, ROUNDS, 1000, 5);
	add_step(r, 2, ROUNDS, 1000, 5);
	add_step(r, 4, ROUNDS, 400, 5);
	const struct crossover c = find(r);
	assert_true(c.known);
	assert_int_equal(c.jobs, 4);
	assert_int_equal(c.less, 2);
	assert_int_equal(c.more, 0);
}

static void too_few_rounds_have_no_crossover(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 1, 5, 1000, 5);
	add_step(r, 2, 5, 500, 5);
	const struct crossover c = find(r);
	assert_false(c.known);
	assert_non_null(c.reason);
	assert_string_equal(c.choice->id, "fused/j2");
	assert_false(c.speedup.known);
}

static void one_number_of_jobs_has_no_crossover(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 1, ROUNDS, 1000, 5);
	assert_false(find(r).known);
	assert_non_null(find(r).reason);
	assert_string_equal(find(r).choice->id, "fused/j1");
	assert_true(find(r).speedup.known && find(r).speedup.lo > 1.8);
}

/* Where a number of jobs lacks rounds, the best that is known is taken all the same. */
static void intervals_are_preferred_to_medians(void **state)
{
	struct result *r = *state;
	add_base(r, 2000);
	add_step(r, 1, ROUNDS, 1000, 5);
	add_step(r, 2, 5, 200, 5);
	const struct crossover c = find(r);
	assert_false(c.known);
	assert_string_equal(c.choice->id, "fused/j1");
}

static void nothing_measured_is_no_error(void **state)
{
	struct result *r = *state;
	assert_false(find(r).known);
	assert_null(find(r).choice);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_cells_set_up, with_cells_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_difference_within_the_interval_is_none),
		TEST(the_last_number_that_gains),
		TEST(more_jobs_that_lose_do_not_count),
		TEST(a_plateau_is_not_the_end),
		TEST(too_few_rounds_have_no_crossover),
		TEST(one_number_of_jobs_has_no_crossover),
		TEST(intervals_are_preferred_to_medians),
		TEST(nothing_measured_is_no_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
