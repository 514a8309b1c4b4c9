/*
 * What a strategy against a copy of itself says about a machine, on passes that a script gives
 * their times.
 */
#include "engine/measure/noise.h"

#include <errno.h>
#include <math.h>

#include "tests/test.h"
#include "tests/unit/scripted_usage.h"

/* A pass of the original; and of the copy, by the number of its passes so far. */
static struct {
	struct step original;
	struct step copy[2]; /* in turn */
	unsigned copied;
	unsigned sleep_ms; /* before each pass */
} script;

static int prepare(struct cell *cell)
{
	const bool is_copy = strcmp(cell->strategy->name, "copy") == 0;
	driven.step = is_copy ? script.copy[script.copied++ % 2] : script.original;
	driven.stop |= driven.step.stops_run;
	usleep(script.sleep_ms * 1000);
	return 0;
}

/* Answers as the scripted strategy does. */
static struct strategy original;

static const struct strategy *const strategies[] = {&original, &floor_strategy, NULL};

static int set_up(void **state)
{
	original = scripted_strategy;
	original.name = "original";
	original.prepare = prepare;
	script.original = script.copy[0] = script.copy[1] = (struct step){.takes_ns = 1000000};
	script.copied = script.sleep_ms = 0;
	return driven_set_up(state);
}

/* For a second; the copy takes these times in turn, the original always 1,000,000 ns. */
static struct noise measure(struct fixture *f, uint64_t odd_ns, uint64_t even_ns)
{
	const struct noise_request request = {
		.strategies = strategies,
		.target = &f->target,
		.topology = f->topology,
		.seconds = 1,
		.progress = &f->progress,
	};
	struct noise noise = {0};
	const uint64_t began = clock_ns();
	script.copy[0].takes_ns = odd_ns;
	script.copy[1].takes_ns = even_ns;
	assert_int_equal(noise_measure(&noise, &request, f->result, NULL), 0);
	assert_in_range(noise.spent_ns, 1, clock_ns() - began);
	return noise;
}

static void is_near(double value, double expected)
{
	if (fabs(value - expected) > 1e-9)
		fail_msg("%.12g, should be %.12g", value, expected);
}

static void equal_times_show_any_difference(void **state)
{
	const struct noise noise = measure(*state, 1000000, 1000000);
	assert_true(noise.ratio.known);
	is_near(noise.ratio.median, 1);
	is_near(noise.visible_percent, 0);
	assert_false(noise.looks_different || noise.failed);
}

static void has_cell(const struct result *r, size_t at, const char *id)
{
	assert_true(at < r->n_cells);
	assert_string_equal(r->cells[at].id, id);
	assert_int_equal(r->cells[at].cache, CACHE_WARM);
}

static void three_cells_are_measured_until_the_time_is_up(void **state)
{
	struct fixture *f = *state;
	measure(f, 1000000, 1000000);
	assert_int_equal(f->result->n_cells, 3);
	has_cell(f->result, 0, "floor/j1");
	has_cell(f->result, 1, "original/j1");
	has_cell(f->result, 2, "copy/j1");
	assert_true(f->result->cells[1].is_baseline);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
	assert_true(f->result->run.rounds_done > 0);
}

/* What a half-width in the time that was measured is in 30 s. */
static double scaled(const struct noise *noise, double percent)
{
	return percent * sqrt((double)noise->spent_ns / (30.0 * (double)NS_PER_SECOND));
}

/* From 1 to 1.21: the middle is 1.1, and an end is 1.1 of it. 1 itself is in the interval. */
static void half_the_interval_cannot_be_detected(void **state)
{
	const struct noise noise = measure(*state, 1000000, 1210000);
	assert_true(noise.ratio.known);
	is_near(noise.ratio.lo, 1);
	is_near(noise.ratio.hi, 1.21);
	is_near(noise.visible_percent, scaled(&noise, 10));
	assert_false(noise.looks_different || noise.failed);
}

/* From 0.81 to 1: the middle is 0.9, and an end is 10 / 9 of it. */
static void an_interval_that_ends_at_one_does_not_look_different(void **state)
{
	const struct noise noise = measure(*state, 810000, 1000000);
	is_near(noise.ratio.lo, 0.81);
	is_near(noise.ratio.hi, 1);
	is_near(noise.visible_percent, scaled(&noise, 100.0 / 9));
	assert_false(noise.looks_different || noise.failed);
}

static void an_interval_without_one_looks_different(void **state)
{
	struct fixture *f = *state;
	struct noise noise = measure(f, 1010000, 1020000);
	assert_true(noise.looks_different);
	assert_false(noise.failed);
	driven_forget(f);
	noise = measure(f, 980000, 990000);
	assert_true(noise.looks_different);
	assert_false(noise.failed);
}

/* Stops when the copy has had its first pass: what is measured is known by then. */
static int measure_until_stopped(struct fixture *f, const struct strategy *const *list,
				 struct noise *noise)
{
	const struct noise_request request = {
		.strategies = list,
		.target = &f->target,
		.topology = f->topology,
		.seconds = 100,
		.progress = &f->progress,
	};
	script.copy[0].stops_run = true;
	return noise_measure(noise, &request, f->result, NULL);
}

/* Only the floor of a fetch is one here. */
static void the_floor_is_that_of_the_stage(void **state)
{
	struct fixture *f = *state;
	struct strategy walk_floor = floor_strategy, fetch = scripted_strategy;
	const struct strategy *const list[] = {&original, &walk_floor, &fetch, &floor_strategy,
					       NULL};
	struct noise noise = {0};
	walk_floor.name = "walk-floor";
	walk_floor.stage = STAGE_WALK;
	assert_int_equal(measure_until_stopped(f, list, &noise), -EINTR);
	assert_int_equal(f->result->n_cells, 3);
	has_cell(f->result, 0, "floor/j1");
}

static void without_a_floor_there_are_two_cells(void **state)
{
	struct fixture *f = *state;
	const struct strategy *const list[] = {&original, NULL};
	struct noise noise = {0};
	assert_int_equal(measure_until_stopped(f, list, &noise), -EINTR);
	assert_int_equal(f->result->n_cells, 2);
	has_cell(f->result, 0, "original/j1");
	has_cell(f->result, 1, "copy/j1");
}

static void a_stopped_measurement_has_no_figure(void **state)
{
	struct noise noise = {0};
	assert_int_equal(measure_until_stopped(*state, strategies, &noise), -EINTR);
	assert_false(noise.ratio.known || noise.looks_different || noise.failed);
	is_near(noise.visible_percent, 0);
	assert_true(noise.spent_ns > 0);
}

/* Fewer rounds than an interval needs: nothing failed, there was no time. */
static void too_few_rounds_are_the_reason_and_no_failure(void **state)
{
	struct noise noise;
	script.sleep_ms = 60;
	noise = measure(*state, 1010000, 1010000);
	assert_false(noise.ratio.known);
	assert_non_null(noise.ratio.reason);
	assert_false(noise.looks_different || noise.failed);
	is_near(noise.visible_percent, 0);
}

static void a_copy_that_fails_is_the_reason(void **state)
{
	struct noise noise;
	script.copy[0].error = script.copy[1].error = -EIO;
	script.copy[0].why = script.copy[1].why = "the disk is gone";
	noise = measure(*state, 1000000, 1000000);
	assert_false(noise.ratio.known || noise.looks_different);
	assert_true(noise.failed);
	assert_non_null(strstr(noise.ratio.reason, "the disk is gone"));
}

static void a_copy_that_is_wrong_is_a_failure(void **state)
{
	struct noise noise;
	script.copy[0].is_wrong = script.copy[1].is_wrong = true;
	noise = measure(*state, 1000000, 1000000);
	assert_false(noise.ratio.known);
	assert_true(noise.failed);
	assert_non_null(strstr(noise.ratio.reason, "size"));
}

/* A walk is no cell of a fetch. */
static void cells_that_cannot_be_chosen_are_an_error(void **state)
{
	struct fixture *f = *state;
	struct noise noise = {0};
	const struct noise_request request = {
		.strategies = strategies, .topology = f->topology, .seconds = 1};
	struct err err = {0};
	original.stage = STAGE_WALK;
	assert_int_equal(noise_measure(&noise, &request, f->result, &err), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_false(noise.ratio.known || noise.looks_different);
	assert_string_equal(noise.ratio.reason, "nothing was measured");
	assert_int_equal(script.copied, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, driven_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_times_show_any_difference),
		TEST(three_cells_are_measured_until_the_time_is_up),
		TEST(half_the_interval_cannot_be_detected),
		TEST(an_interval_that_ends_at_one_does_not_look_different),
		TEST(an_interval_without_one_looks_different),
		TEST(the_floor_is_that_of_the_stage),
		TEST(without_a_floor_there_are_two_cells),
		TEST(a_stopped_measurement_has_no_figure),
		TEST(too_few_rounds_are_the_reason_and_no_failure),
		TEST(a_copy_that_fails_is_the_reason),
		TEST(a_copy_that_is_wrong_is_a_failure),
		TEST(cells_that_cannot_be_chosen_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
