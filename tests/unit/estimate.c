/* Which passes count, how they are paired, and who wins: on results made by hand. */
#include "engine/measure/figures/estimate.h"

#include <math.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/result.h"
#include "tests/test.h"
#include "tests/unit/with_cells.h"

static void costs_and_ratios_of_quiet_rounds(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 20, 800);
	struct cell_result *fast = add_steady(r, "fast", 20, 200);
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 800, 20);
	is_known(&base->ratio, 1, 20);
	is_known(&fast->ns_per_entry, 200, 20);
	is_known(&fast->ratio, 0.25, 20);
	assert_string_equal(fast->baseline, "base");
	assert_int_equal(fast->n_clean, 20);
	assert_true(fabs(fast->min - 200) < 1e-9);
	assert_string_equal(r->fastest[0].cell, "fast");
	is_known(&r->fastest[0].speedup, 4, 20);
	assert_null(r->fastest[0].reason);
}

/* Dropped by the cause that was seen; a pass that is merely slow stays. */
static void disturbed_rounds_are_dropped(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 20, 800);
	for (uint32_t i = 0; i < 9; i++) {
		base->passes[i].wall_ns *= 10;
		base->passes[i].clean = false;
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 800, 11);
	assert_int_equal(base->n_clean, 11);
	assert_true(fabs(base->p95 - 800) < 1e-9);
	base->passes[19].wall_ns *= 10;
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 800, 11);
	assert_true(fabs(base->p95 - 8000) < 1e-9);
}

static void if_all_rounds_are_disturbed_all_count(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 20, 800);
	for (uint32_t i = 0; i < 13; i++)
		base->passes[i].clean = false;
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 800, 20);
	assert_int_equal(base->n_clean, 7);
}

static void unverified_passes_never_count(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 20, 800);
	for (uint32_t i = 0; i < 20; i++)
		base->passes[i].clean = false;
	for (uint32_t i = 0; i < 12; i++) {
		base->passes[i].verified = false;
		base->passes[i].wall_ns = 1;
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 800, 8);
	base->passes[12].verified = false;
	assert_int_equal(estimate_cells(r), 0);
	is_seen(&base->ns_per_entry, 800, 800, 800,
		"no 99 % interval: needs 8 usable rounds, has 7");
}

/* Round k is k times as slow for both; paired wrongly, the ratios would scatter. */
static void ratios_pair_by_round(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_cell(r, "base"), *other = add_cell(r, "other");
	for (uint32_t round = 0; round < 40; round++) {
		if (round % 3 != 0)
			add_pass(base, round, (round + 1) * 1000);
		if (round % 4 != 1)
			add_pass(other, round, (round + 1) * 3000);
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&other->ratio, 3, 19);
	assert_true(fabs(other->ratio.lo - 3) < 1e-9 && fabs(other->ratio.hi - 3) < 1e-9);
}

/* The first pass after another tree is slow. Who is beside a later one is paired with that. */
static void the_time_of_a_round_is_the_median_of_its_passes(void **state)
{
	static const uint64_t times[] = {9000, 2000, 2400};
	struct result *r = *state;
	struct cell_result *base = add_cell(r, "base"), *other = add_cell(r, "other");
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 0; i < ARRAY_LEN(times); i++)
			add_pass(base, round, times[i])->position = 4 * i;
		add_pass(other, round, 1200)->position = 7;
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&other->ratio, 0.5, 20);
	assert_true(fabs(base->median_of_passes - 2.4) < 1e-9);
	is_known(&base->ns_per_entry, 2.4, 20);
	is_known(&other->ns_per_entry, 1.2, 20);
}

/* A round in which either was disturbed is no pair. */
static void ratios_need_both_undisturbed(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 30, 100);
	struct cell_result *other = add_steady(r, "other", 30, 200);
	for (uint32_t i = 0; i < 5; i++) {
		base->passes[i].clean = other->passes[29 - i].clean = false;
		base->passes[i].wall_ns *= 7;
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&other->ratio, 2, 20);
	is_known(&other->ns_per_entry, 200, 20);
	assert_true(fabs(other->median_of_passes - 200) < 1e-9);
}

static void unpaired_rounds_give_no_ratio(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_cell(r, "base"), *other = add_cell(r, "other");
	for (uint32_t round = 0; round < 40; round++)
		add_pass(round % 2 ? base : other, round, 1000);
	assert_int_equal(estimate_cells(r), 0);
	is_known(&other->ns_per_entry, 1, 20);
	is_unknown(&other->ratio, "no usable round");
}

/*
 * In even rounds `lucky` looks ten times as fast as the baseline, in odd ones it is twice as slow;
 * `steady` is always a little faster. The first half chooses lucky, the second tells the truth.
 */
static void the_fastest_is_scored_on_other_rounds_than_chosen(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 40, 1000);
	add_steady(r, "steady", 40, 900);
	struct cell_result *lucky = add_cell(r, "lucky");
	for (uint32_t round = 0; round < 40; round++)
		add_pass(lucky, round, (round % 2 ? 2000 : 100) * ENTRIES);
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].cell, "lucky");
	is_known(&r->fastest[0].speedup, 0.5, 20);
}

static void the_baseline_may_be_the_fastest(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	add_steady(r, "slow", 20, 200);
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].cell, "base");
	is_unknown(&r->fastest[0].speedup, "the baseline itself");
}

static void the_floor_never_wins(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	struct cell_result *floor = add_steady(r, "floor", 20, 1);
	floor->is_floor = true;
	assert_int_equal(estimate_cells(r), 0);
	assert_null(r->fastest[0].cell);
	assert_string_equal(r->fastest[0].reason, "nothing but the baseline was measured");
	is_unknown(&r->fastest[0].speedup, "nothing but the baseline was measured");
	is_known(&floor->ns_per_entry, 1, 20);
	add_steady(r, "slow", 20, 150);
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].cell, "base");
}

/*
 * A machine that doubles its speed in the middle of each round: the far pass of the baseline would
 * tell a ratio of 1/2 or 2, the neighbour tells the truth.
 */
static void the_nearest_pass_of_the_baseline_counts(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_cell(r, "base"), *other = add_cell(r, "other");
	for (uint32_t round = 0; round < 20; round++) {
		bool early = round % 2;
		add_pass(base, round, 200 * ENTRIES)->position = 0;
		add_pass(other, round, (early ? 180 : 90) * ENTRIES)->position = early ? 1 : 8;
		add_pass(base, round, 100 * ENTRIES)->position = 9;
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&other->ratio, 0.9, 20);
	assert_true(other->ratio.hi - other->ratio.lo < 1e-6);
	is_known(&base->ns_per_entry, 150, 20);
	assert_string_equal(r->fastest[0].cell, "other");
	is_known(&r->fastest[0].speedup, 1 / 0.9, 20);
}

static void a_strategy_that_returns_less_is_not_ranked(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	add_steady(r, "fast", 20, 90);
	add_steady(r, "less", 20, 50)->is_rival = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].cell, "fast");
}

static void programs_win_only_with_verified_output(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	struct cell_result *program = add_steady(r, "program", 20, 50);
	program->command = "find {root}";
	program->is_rival = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_null(r->fastest[0].cell);
	assert_non_null(strstr(r->fastest[0].reason, "output of no other program"));
	program->is_rival = program->is_output_verified = true;
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].cell, "program");
}

static void without_a_fastest_cell_the_reason_is_given(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].reason, "nothing but the baseline was measured");
	struct cell_result *less = add_steady(r, "less", 20, 50);
	less->is_rival = false;
	less->status = STATUS_FAILED;
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].reason, "no other cell could be measured");
	less->status = STATUS_OK;
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].reason, "no other cell that was measured returns at "
						  "least what the baseline returns");
	struct cell_result *program = add_steady(r, "program", 20, 50);
	program->command = "find {root}";
	program->is_rival = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_non_null(strstr(r->fastest[0].reason, "the output of no other program is verified"));
}

static void a_cell_that_worked_in_another_way_is_the_reason(void **state)
{
	struct result *r = *state;
	struct extra_fact fact = {.other_way = "calls", .passes = 3, .passes_short = 2};
	add_steady(r, "base", 20, 100);
	struct cell_result *other = add_steady(r, "other", 20, 50);
	other->extras = &fact;
	other->n_extras = 1;
	other->is_rival = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_null(r->fastest[0].cell);
	assert_string_equal(r->fastest[0].reason,
			    "no other cell that was measured worked in its own way");
	add_steady(r, "less", 20, 50)->is_rival = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_string_equal(r->fastest[0].reason, "no other cell that was measured is ranked");
}

/* One that takes as many threads as pay is not as good a way of asking with the jobs of others. */
static void a_strategy_that_finds_its_threads_does_not_win(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	struct cell_result *two = add_steady(r, "two", 20, 40), *finds = NULL;
	two->jobs = 2;
	add_steady(r, "one", 20, 80);
	finds = add_steady(r, "finds", 20, 50);
	finds->finds_threads = true;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(r->n_fastest, 2);
	assert_string_equal(r->fastest[0].cell, "two");
	assert_string_equal(r->fastest[1].cell, "one");
}

static void cells_that_failed_have_no_figures(void **state)
{
	static const enum status bad[] = {STATUS_FAILED, STATUS_SKIPPED, STATUS_INVALID};
	struct result *r = *state;
	add_steady(r, "base", 20, 100);
	add_steady(r, "good", 20, 90);
	struct cell_result *wrong = add_steady(r, "wrong", 20, 1);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		wrong->status = bad[i];
		assert_int_equal(estimate_cells(r), 0);
		is_unknown(&wrong->ns_per_entry, "the cell was not measured");
		is_unknown(&wrong->ratio, "the cell was not measured");
		assert_string_equal(r->fastest[0].cell, "good");
	}
}

static void without_a_baseline_there_are_no_ratios(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 20, 100);
	struct cell_result *other = add_steady(r, "other", 20, 50);
	base->status = STATUS_FAILED;
	assert_int_equal(estimate_cells(r), 0);
	is_known(&other->ns_per_entry, 50, 20);
	is_unknown(&other->ratio, "the baseline was not measured");
	assert_null(r->fastest[0].cell);
	assert_string_equal(r->fastest[0].reason, "the baseline was not measured");
	base->status = STATUS_OK;
	base->is_baseline = false;
	assert_int_equal(estimate_cells(r), 0);
	is_unknown(&other->ratio, "the baseline was not measured");
}

/* A run saves what it knows again and again. */
static void more_passes_of_the_baseline_narrow_the_interval(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 7, 100);
	assert_int_equal(estimate_cells(r), 0);
	is_seen(&base->ns_per_entry, 100, 100, 100,
		"no 99 % interval: needs 8 usable rounds, has 7");
	add_pass(base, 7, 100 * ENTRIES);
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 100, 8);
}

/* Two intervals of 99.5 % need 9 rounds each: of 8 the time is seen, beside a ratio that is known.
 */
static void a_product_needs_a_round_more(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 8, 100),
			   *cell = add_steady(r, "cell", 8, 50);
	assert_int_equal(estimate_cells(r), 0);
	is_known(&base->ns_per_entry, 100, 8);
	is_known(&cell->ratio, 0.5, 8);
	is_seen(&cell->ns_per_entry, 50, 50, 50, "no 99 % interval: needs 9 usable rounds, has 8");
	add_pass(base, 8, 100 * ENTRIES);
	add_pass(cell, 8, 50 * ENTRIES);
	assert_int_equal(estimate_cells(r), 0);
	is_known(&cell->ns_per_entry, 50, 9);
	assert_true(cell->ns_per_entry.confidence >= STATS_CONFIDENCE);
}

/* Of 12 rounds 8 were undisturbed: too few for the interval of a time, so in time and ratio all
 * count, and their number says so. Of 9 it is known without the others. */
static void all_rounds_count_before_an_interval_is_missed(void **state)
{
	struct result *r = *state;
	struct cell_result *base = add_steady(r, "base", 12, 100),
			   *cell = add_steady(r, "cell", 12, 50);
	for (uint32_t i = 0; i < 4; i++)
		cell->passes[i].clean = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(cell->n_clean, 8);
	is_known(&cell->ratio, 0.5, 12);
	is_known(&cell->ns_per_entry, 50, 12);
	is_known(&base->ns_per_entry, 100, 12);
	assert_true(result_counts_disturbed(cell));
	cell->passes[0].clean = true;
	assert_int_equal(estimate_cells(r), 0);
	is_known(&cell->ratio, 0.5, 9);
	is_known(&cell->ns_per_entry, 50, 9);
	assert_false(result_counts_disturbed(cell));
}

static void nothing_measured_is_no_error(void **state)
{
	struct result *r = *state;
	assert_int_equal(estimate_cells(r), 0);
	struct cell_result *base = add_cell(r, "base");
	assert_int_equal(estimate_cells(r), 0);
	is_unknown(&base->ns_per_entry, "no usable round");
}

/* What was left out is told besides: 12 clean rounds at 0.5, 9 disturbed ones at 0.9. */
static void disturbed_passes_have_a_ratio_of_their_own(void **state)
{
	struct result *r = *state;
	add_steady(r, "base", 21, 1000);
	struct cell_result *cell = add_cell(r, "cell");
	for (uint32_t round = 0; round < 21; round++) {
		struct pass *pass = add_pass(cell, round, (round < 12 ? 500 : 900) * ENTRIES);
		pass->clean = round < 12;
	}
	assert_int_equal(estimate_cells(r), 0);
	is_known(&cell->ratio, 0.5, 12);
	is_known(&cell->ratio_all, 0.5, 21);
	assert_true(cell->ratio_all.hi > 0.89 && cell->ratio.hi < 0.51);
}

static void precision_is_that_of_the_widest_interval(void **state)
{
	struct result *r = *state;
	const struct cell_result *widest;
	add_steady(r, "base", 20, 1000);
	assert_int_equal(estimate_cells(r), 0);
	assert_true(estimate_precision(r, &widest) == COUNT_UNKNOWN);
	assert_null(widest);
	add_steady(r, "narrow", 20, 500);
	struct cell_result *wide = add_cell(r, "wide");
	for (uint32_t round = 0; round < 20; round++)
		add_pass(wide, round, (round % 2 ? 900 : 1100) * ENTRIES);
	assert_int_equal(estimate_cells(r), 0);
	assert_in_range(estimate_precision(r, &widest), 94000, 110000);
	assert_string_equal(widest->id, "wide");
	add_steady(r, "short", 3, 500);
	assert_int_equal(estimate_cells(r), 0);
	assert_true(estimate_precision(r, &widest) == COUNT_UNKNOWN);
	assert_string_equal(widest->id, "short");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, with_cells_set_up, with_cells_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(costs_and_ratios_of_quiet_rounds),
		TEST(disturbed_rounds_are_dropped),
		TEST(if_all_rounds_are_disturbed_all_count),
		TEST(unverified_passes_never_count),
		TEST(ratios_pair_by_round),
		TEST(the_time_of_a_round_is_the_median_of_its_passes),
		TEST(ratios_need_both_undisturbed),
		TEST(unpaired_rounds_give_no_ratio),
		TEST(the_fastest_is_scored_on_other_rounds_than_chosen),
		TEST(the_baseline_may_be_the_fastest),
		TEST(the_floor_never_wins),
		TEST(the_nearest_pass_of_the_baseline_counts),
		TEST(a_strategy_that_returns_less_is_not_ranked),
		TEST(programs_win_only_with_verified_output),
		TEST(without_a_fastest_cell_the_reason_is_given),
		TEST(a_cell_that_worked_in_another_way_is_the_reason),
		TEST(a_strategy_that_finds_its_threads_does_not_win),
		TEST(cells_that_failed_have_no_figures),
		TEST(without_a_baseline_there_are_no_ratios),
		TEST(more_passes_of_the_baseline_narrow_the_interval),
		TEST(a_product_needs_a_round_more),
		TEST(all_rounds_count_before_an_interval_is_missed),
		TEST(nothing_measured_is_no_error),
		TEST(disturbed_passes_have_a_ratio_of_their_own),
		TEST(precision_is_that_of_the_widest_interval),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
