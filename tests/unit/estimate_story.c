/* What figures claim: times that agree with ratios, few rounds, the fastest, the precision. */
#include <math.h>
#include <stdlib.h>

#include "engine/base/rng.h"
#include "engine/measure/figures/estimate.h"
#include "tests/test.h"
#include "tests/unit/with_cells.h"

/* Fewer than 8 rounds in either half: the best of all is named, and nothing claimed of it. */
static void too_few_rounds_for_halves_claim_nothing(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 14, 100);
	add_steady(r, "slow", 14, 200);
	struct cell_result *fast = add_steady(r, "fast", 14, 50);
	assert_int_equal(estimate_cells(r), 0);
	is_known(&fast->ratio, 0.5, 14);
	assert_string_equal(r->fastest[0].cell, "fast");
	is_seen(&r->fastest[0].speedup, 2, 2, 2,
		"too few rounds to choose on one half and to score on the other");
}

static void three_rounds_give_a_median_without_an_interval(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 3, 100);
	struct cell_result *fast = add_steady(r, "fast", 3, 50);
	add_steady(r, "slow", 3, 300);
	base->passes[1].wall_ns = 80 * ENTRIES;
	fast->passes[2].wall_ns = 60 * ENTRIES;
	assert_int_equal(estimate_cells(r), 0);
	is_seen(&base->ns_per_entry, 100, 80, 100,
		"no 99 % interval: needs 8 usable rounds, has 3");
	is_seen(&fast->ratio, 0.6, 0.5, 0.625, "no 99 % interval: needs 8 usable rounds, has 3");
	is_seen(&fast->ns_per_entry, 60, 50, 62.5,
		"no 99 % interval: needs 9 usable rounds, has 3");
	assert_string_equal(r->fastest[0].cell, "fast");
	is_seen(&r->fastest[0].speedup, 1 / 0.6, 1.6, 2,
		"no 99 % interval: needs 8 usable rounds, has 3");
}

/* Of a single rival nothing is chosen, so nothing is kept back for scoring. */
static void one_rival_is_scored_on_all_rounds(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 9, 100);
	struct cell_result *fast = add_steady(r, "fast", 9, 50);
	add_steady(r, "floor", 9, 1)->is_floor = true;
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].cell, "fast");
	is_known(&r->fastest[0].speedup, 1 / fast->ratio.median, 9);
}

/* Two jobs win by using two CPUs; the best with one is told, too. */
static void like_is_compared_with_like(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100)->jobs = 1;
	add_steady(r, "double", 20, 50)->jobs = 2;
	add_steady(r, "single", 20, 80)->jobs = 1;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_fastest, 2);
	assert_string_equal(r->fastest[0].cell, "double");
	assert_false(r->fastest[0].same_jobs);
	assert_string_equal(r->fastest[1].cell, "single");
	assert_true(r->fastest[1].same_jobs);
	is_known(&r->fastest[1].speedup, 1.25, 20);
}

/* The best with two jobs over the best with one, of those that answer as much as the baseline. */
static void more_jobs_are_scored_against_the_best_of_one(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100)->jobs = 1;
	add_steady(r, "single", 20, 80)->jobs = 1;
	add_steady(r, "double", 20, 60)->jobs = 2;
	add_steady(r, "worse", 20, 90)->jobs = 2;
	add_steady(r, "luck", 20, 10)->jobs = 2;
	r->cells[4].is_rival = false; /* answers less */
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_more_jobs, 1);
	assert_string_equal(r->more_jobs[0].baseline, "base");
	assert_string_equal(r->more_jobs[0].one, "single");
	assert_string_equal(r->more_jobs[0].several, "double");
	is_known(&r->more_jobs[0].over_one, 0.75, 20);
	assert_true(r->more_jobs[0].over_one.confidence > 1 - 0.01 / 4); /* of four pairs */
}

/* It has one job by name, and is the fastest of all because it does not keep to it. */
static void a_strategy_that_finds_its_threads_has_no_number_of_jobs(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 9, 100)->jobs = 1;
	struct cell_result *finds = add_steady(r, "finds", 9, 50);
	finds->jobs = 1;
	finds->finds_threads = true;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_more_jobs, 0);
	add_steady(r, "double", 9, 60)->jobs = 2;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_more_jobs, 1);
	assert_string_equal(r->more_jobs[0].one, "base");
	assert_string_equal(r->more_jobs[0].several, "double");
	is_known(&r->more_jobs[0].over_one, 0.6, 9); /* one pair, so nine rounds are enough */
}

/* Nine rounds are enough for a pair that nobody chose, and too few for the best of four. */
static void more_jobs_of_few_rounds_claim_nothing(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 9, 100)->jobs = 1;
	add_steady(r, "single", 9, 80)->jobs = 1;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_more_jobs, 0);
	add_steady(r, "double", 9, 60)->jobs = 2;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_more_jobs, 1);
	is_known(&r->more_jobs[0].over_one, 0.75, 9);
	add_steady(r, "worse", 9, 90)->jobs = 2;
	assert_int_equal(estimate_cells(r), 0);
	assert_false(r->more_jobs[0].over_one.known);
	assert_true(r->more_jobs[0].over_one.seen);
}

/*
 * Random passes, disturbed at random, on a machine that drifts: in a group the order of times is
 * that of ratios, and a cell's time is the baseline's times its ratio, with an interval that has
 * both. The medians of the passes themselves contradict the ratios often.
 */
static void times_and_ratios_agree(void **state)
{
	struct result *r = *state;
	struct rng rng = {7};
	size_t contradictions = 0;
	for (int try = 0; try < 300; try++) {
		const uint32_t rounds = 1 + (uint32_t)rng_below(&rng, 40);
		for (size_t c = 0; c < r->n_cells; c++)
			free(r->cells[c].passes);
		r->n_cells = 0;
		for (int c = 0; c < WITH_CELLS; c++) {
			struct cell_result *cell = add_cell(r, "cell");
			for (uint32_t round = 0; round < rounds; round++) {
				uint64_t drift = 1000 + round * rng_below(&rng, 100);
				struct pass *pass =
					add_pass(cell, round, drift * (90 + rng_below(&rng, 20)));
				pass->clean = rng_below(&rng, 4) > 0;
			}
		}
		assert_int_equal(estimate_cells(r), 0);
		const struct cell_result *base = &r->cells[0];
		for (size_t i = 1; i < r->n_cells; i++) {
			const struct cell_result *a = &r->cells[i];
			const double time = base->ns_per_entry.median * a->ratio.median;
			assert_true(estimate_has_median(&a->ns_per_entry));
			assert_true(fabs(a->ns_per_entry.median / time - 1) < 1e-8);
			assert_true(a->ns_per_entry.lo <= a->ns_per_entry.median &&
				    a->ns_per_entry.median <= a->ns_per_entry.hi);
			if (a->ns_per_entry.known)
				assert_true(a->ns_per_entry.confidence >= 0.99 - 1e-9);
			for (size_t j = 1; j < r->n_cells; j++) {
				const struct cell_result *b = &r->cells[j];
				if (a->ratio.median < b->ratio.median)
					assert_true(a->ns_per_entry.median <=
						    b->ns_per_entry.median);
				contradictions += a->ratio.median < b->ratio.median &&
						  a->median_of_passes > b->median_of_passes;
			}
		}
	}
	assert_true(contradictions > 0);
}

/* Every sixteenth of the rounds there are, for ever. */
static void the_precision_is_checked_in_every_sixteenth_of_the_rounds(void **state)
{
	(void)state;
	uint32_t last = 0, looks = 0;
	for (uint32_t round = 1; round <= 100000; round++) {
		if (!estimate_is_due(round))
			continue;
		if (last && round - last > 1 + last / 16)
			fail_msg("no look between round %u and %u", last, round);
		last = round;
		looks++;
	}
	assert_true(last > 90000);
	assert_true(looks < 200);
	assert_false(estimate_is_due(STATS_LEAST - 1));
	assert_true(estimate_is_due(STATS_LEAST));
}

/* What the table shows is what is judged, also when the last look was long ago. */
static void the_last_state_is_judged(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 1000);
	add_steady(r, "other", 20, 500);
	r->run.precision_wanted_ppm = 1000;
	r->run.precision_reached_ppm = COUNT_UNKNOWN;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->run.precision_reached_ppm, 0);
	assert_string_equal(r->run.precision_cell, "other");
}

/* A run that was stopped before its first round. */
static void a_baseline_without_passes_has_no_ratio(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_cell(r, "base");
	base->jobs = 1;
	base->label = "base";
	assert_int_equal(estimate_cells(r), 0);
	is_unknown(&base->ratio, "no usable round");
	is_unknown(&base->ratio_all, "no usable round");
	is_unknown(&base->scaling, "no usable round");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_cells_set_up, with_cells_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(too_few_rounds_for_halves_claim_nothing),
		TEST(three_rounds_give_a_median_without_an_interval),
		TEST(one_rival_is_scored_on_all_rounds),
		TEST(like_is_compared_with_like),
		TEST(more_jobs_are_scored_against_the_best_of_one),
		TEST(a_strategy_that_finds_its_threads_has_no_number_of_jobs),
		TEST(more_jobs_of_few_rounds_claim_nothing),
		TEST(times_and_ratios_agree),
		TEST(the_precision_is_checked_in_every_sixteenth_of_the_rounds),
		TEST(the_last_state_is_judged),
		TEST(a_baseline_without_passes_has_no_ratio),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
