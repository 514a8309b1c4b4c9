/*
 * Changes of level: the cut is where the definition, computed in the simplest way, says; levels
 * that are there are found, and none in noise more often than asked for.
 */
#include "reports/history/change.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

enum { POINTS = 40 };

static const struct change_terms terms = {.seed = 1, .error_ppm = 10000};

/* Some 2 % of noise: a sum of twelve is nearly normal. */
static int64_t noise(struct rng *rng)
{
	int64_t sum = 0;
	for (int i = 0; i < 12; i++)
		sum += (int64_t)rng_below(rng, 20001) - 10000;
	return sum;
}

static void fill(int64_t *values, size_t n, size_t at, int64_t step, uint64_t seed)
{
	struct rng rng = {rng_mix(seed)};
	for (size_t i = 0; i < n; i++)
		values[i] = noise(&rng) + (i >= at ? step : 0);
}

/* The energy distance as Matteson and James write it. */
static double energy(const int64_t *x, size_t n, size_t at)
{
	double across = 0, left = 0, right = 0, m = (double)at, k = (double)(n - at);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++) {
			double d = fabs((double)(x[i] - x[j]));
			*(i < at && j >= at ? &across : i < at ? &left : &right) += d;
		}
	}
	return m * k / (m + k) *
	       (2 / (m * k) * across - 2 / (m * (m - 1)) * left - 2 / (k * (k - 1)) * right);
}

static void the_cut_is_where_the_definition_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		int64_t values[POINTS];
		struct change changes[CHANGES_MAX];
		size_t n, best = CHANGE_PART_MIN;
		fill(values, POINTS, 7 + (size_t)seed, 100000, seed);
		for (size_t at = best; at <= POINTS - CHANGE_PART_MIN; at++)
			best = energy(values, POINTS, at) > energy(values, POINTS, best) ? at
											 : best;
		assert_int_equal(change_find(values, POINTS, &terms, changes, &n), 0);
		bool found = false;
		for (size_t i = 0; i < n; i++)
			found |= changes[i].at == best;
		if (!found)
			fail_msg("seed %d: no change at %zu", (int)seed, best);
	}
}

static void a_step_is_found_with_both_levels(void **state)
{
	int64_t values[POINTS];
	struct change changes[CHANGES_MAX];
	size_t n;
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		fill(values, POINTS, 25, sign * 200000, 3);
		assert_int_equal(change_find(values, POINTS, &terms, changes, &n), 0);
		assert_int_equal(n, 1);
		assert_int_equal(changes[0].at, 25);
		assert_true(llabs(changes[0].after - changes[0].before - sign * 200000) < 30000);
		assert_true(changes[0].p_ppm <= 1000);
	}
}

static void several_steps_are_found_in_order(void **state)
{
	int64_t values[60];
	struct change changes[CHANGES_MAX];
	size_t n;
	(void)state;
	fill(values, 60, 20, 150000, 5);
	for (int i = 40; i < 60; i++)
		values[i] -= 300000;
	assert_int_equal(change_find(values, 60, &terms, changes, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(changes[0].at, 20);
	assert_int_equal(changes[1].at, 40);
	assert_int_equal(changes[0].after, changes[1].before);
}

/* What is allowed to each of very many series: no number of shuffles that is made shows less. */
static void a_step_is_found_among_any_number_of_series(void **state)
{
	int64_t values[POINTS] = {0};
	struct change changes[CHANGES_MAX];
	(void)state;
	for (size_t i = POINTS / 2; i < POINTS; i++)
		values[i] = 1000000;
	for (uint32_t error = 0; error <= CHANGE_ERROR_LEAST_PPM; error++) {
		size_t n = 0;
		assert_int_equal(change_find(values, POINTS,
					     &(struct change_terms){.error_ppm = error}, changes,
					     &n),
				 0);
		if (n != 1 || changes[0].at != POINTS / 2)
			fail_msg("%zu changes where %d in a million may be by chance", n,
				 (int)error);
		assert_in_range(changes[0].p_ppm, 0, CHANGE_ERROR_LEAST_PPM);
	}
}

/* 300 flat series: 3 are expected, 11 or more come once in 3,000 times. */
static void noise_has_no_changes(void **state)
{
	size_t found = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		int64_t values[POINTS];
		struct change changes[CHANGES_MAX];
		size_t n;
		fill(values, POINTS, POINTS, 0, seed);
		assert_int_equal(change_find(values, POINTS, &terms, changes, &n), 0);
		found += n > 0;
	}
	if (found > 10)
		fail_msg("%zu of 300 flat series have a change", found);
}

static void the_seed_decides_and_the_offset_does_not(void **state)
{
	int64_t values[POINTS], moved[POINTS];
	struct change a[CHANGES_MAX], b[CHANGES_MAX];
	size_t n, m;
	(void)state;
	fill(values, POINTS, 20, 40000, 9);
	for (int i = 0; i < POINTS; i++)
		moved[i] = values[i] - 5000000;
	assert_int_equal(change_find(values, POINTS, &terms, a, &n), 0);
	assert_int_equal(change_find(moved, POINTS, &terms, b, &m), 0);
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(a[i].at, b[i].at);
		assert_int_equal(a[i].p_ppm, b[i].p_ppm);
	}
}

static void small_changes_are_left_out(void **state)
{
	int64_t values[60];
	struct change changes[CHANGES_MAX];
	struct change_terms large = terms;
	size_t n;
	(void)state;
	fill(values, 60, 20, 50000, 4);
	for (int i = 40; i < 60; i++)
		values[i] += 300000;
	large.magnitude = 100000;
	assert_int_equal(change_find(values, 60, &terms, changes, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(change_find(values, 60, &large, changes, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(changes[0].at, 40);
}

static void sizes_have_bounds(void **state)
{
	int64_t values[CHANGE_POINTS_MAX + 1] = {0};
	struct change changes[CHANGES_MAX];
	size_t n;
	(void)state;
	for (size_t size = 0; size < 2 * CHANGE_PART_MIN; size++) {
		assert_int_equal(change_find(values, size, &terms, changes, &n), 0);
		assert_int_equal(n, 0);
	}
	/* Equal values: no cut is better than any other. */
	assert_int_equal(change_find(values, 100, &terms, changes, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(change_find(values, CHANGE_POINTS_MAX + 1, &terms, changes, &n), -E2BIG);
	/* Eight points are enough when all are apart. */
	for (int i = 4; i < 8; i++)
		values[i] = 1000000;
	assert_int_equal(
		change_find(values, 8, &(struct change_terms){.error_ppm = 50000}, changes, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(changes[0].at, 4);
}

static void more_steps_than_are_kept(void **state)
{
	int64_t values[400];
	struct change changes[CHANGES_MAX];
	size_t n;
	(void)state;
	for (int i = 0; i < 400; i++)
		values[i] = (i / 8) * 1000000 + i % 2;
	assert_int_equal(
		change_find(values, 400, &(struct change_terms){.error_ppm = 500000}, changes, &n),
		0);
	assert_true(n <= CHANGES_MAX);
}

static void medians(void **state)
{
	const int64_t values[] = {5, -3, 9, 1};
	(void)state;
	assert_int_equal(change_median(values, 0), 0);
	assert_int_equal(change_median(values, 3), 5);
	assert_int_equal(change_median(values, 4), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cut_is_where_the_definition_says),
		cmocka_unit_test(a_step_is_found_with_both_levels),
		cmocka_unit_test(several_steps_are_found_in_order),
		cmocka_unit_test(a_step_is_found_among_any_number_of_series),
		cmocka_unit_test(noise_has_no_changes),
		cmocka_unit_test(the_seed_decides_and_the_offset_does_not),
		cmocka_unit_test(small_changes_are_left_out),
		cmocka_unit_test(sizes_have_bounds),
		cmocka_unit_test(more_steps_than_are_kept),
		cmocka_unit_test(medians),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
