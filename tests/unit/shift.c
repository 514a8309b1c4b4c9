/*
 * The interval between two samples that are not paired: its confidence against counting every
 * order that two samples can have, its coverage by trying it out.
 */
#include "engine/base/stats.h"

#include <errno.h>
#include <math.h>

#include "engine/base/rng.h"
#include "tests/test.h"

static void near_or_fail(const char *what, double got, double want)
{
	if (!(fabs(got - want) <= 1e-9 * fmax(1, fabs(want))))
		fail_msg("%s: %.17g, should be %.17g", what, got, want);
}

/* Of all orders of m + n values, the share in which at most `most` pairs have the first above. */
static double count_orders(unsigned m, unsigned n, unsigned most)
{
	unsigned within = 0, orders = 0;
	for (unsigned set = 0; set < 1u << (m + n); set++) {
		unsigned above = 0, seconds = 0;
		if (__builtin_popcount(set) != (int)m)
			continue;
		for (unsigned i = 0; i < m + n; i++) {
			if (set >> i & 1)
				above += seconds;
			else
				seconds++;
		}
		orders++;
		within += above <= most;
	}
	return (double)within / orders;
}

/* Values whose differences are all different: k-th least difference tells how many were left out.
 */
static void fill(double *a, size_t m, double *b, size_t n)
{
	for (size_t i = 0; i < m; i++)
		a[i] = log(1 + (double)i);
	for (size_t j = 0; j < n; j++)
		b[j] = log(100 + 0.01 * (double)j);
}

static unsigned below(const double *a, size_t m, const double *b, size_t n, double ratio)
{
	unsigned found = 0;
	for (size_t i = 0; i < m * n; i++)
		found += exp(b[i % n] - a[i / n]) < ratio * (1 - 1e-9);
	return found;
}

static void confidence_is_that_of_all_orders(void **state)
{
	double a[8], b[8];
	(void)state;
	for (unsigned m = 2; m <= 8; m++) {
		for (unsigned n = 2; n <= 8; n++) {
			struct estimate e;
			fill(a, m, b, n);
			assert_int_equal(stats_shift(a, m, b, n, 0.95, &e), 0);
			if (!e.known) {
				assert_true(2 * count_orders(m, n, 0) > 0.05);
				continue;
			}
			unsigned k = below(a, m, b, n, e.lo);
			near_or_fail("confidence", e.confidence, 1 - 2 * count_orders(m, n, k));
			assert_true(e.confidence >= 0.95);
			assert_true(1 - 2 * count_orders(m, n, k + 1) < 0.95);
		}
	}
}

static void five_and_five_are_the_least_for_99_per_cent(void **state)
{
	const double a[5] = {0}, b[5] = {0};
	struct estimate e;
	(void)state;
	assert_int_equal(stats_shift(a, 5, b, 4, 0.99, &e), 0);
	assert_false(e.known);
	assert_non_null(e.reason);
	near_or_fail("median without interval", e.median, 1);
	assert_int_equal(stats_shift(a, 5, b, 5, 0.99, &e), 0);
	assert_true(e.known);
	near_or_fail("confidence", e.confidence, 1 - 2.0 / 252);
}

static void a_factor_is_found_and_mirrors(void **state)
{
	double a[7], b[9];
	struct estimate up, down;
	(void)state;
	for (int i = 0; i < 7; i++)
		a[i] = log(100 + i);
	for (int i = 0; i < 9; i++)
		b[i] = log(200 + 2 * (i % 7));
	assert_int_equal(stats_shift(a, 7, b, 9, 0.99, &up), 0);
	assert_int_equal(stats_shift(b, 9, a, 7, 0.99, &down), 0);
	assert_true(up.lo < 2 && 2 < up.hi && up.lo > 1.9 && up.hi < 2.1);
	near_or_fail("median", up.median * down.median, 1);
	near_or_fail("lower end", up.lo * down.hi, 1);
	assert_int_equal(up.n, 7);
}

static void sizes_have_bounds(void **state)
{
	double a[STATS_SHIFT_MAX + 1] = {0};
	struct estimate e;
	(void)state;
	assert_int_equal(stats_shift(a, 0, a, 5, 0.99, &e), 0);
	assert_false(e.known);
	assert_int_equal(stats_shift(a, STATS_SHIFT_MAX + 1, a, 1, 0.99, &e), -E2BIG);
	assert_int_equal(stats_shift(a, STATS_SHIFT_MAX, a, STATS_SHIFT_MAX, 0.9999, &e), 0);
	assert_true(e.known && e.confidence >= 0.9999 && e.confidence < 0.99991);
}

/* Noise with a heavy tail on one side, as times have it. */
static double noise(struct rng *rng)
{
	double u = ((double)(rng_next(rng) >> 11) + 1) / 0x1p53;
	return 0.02 * -log(u);
}

static void intervals_cover_with_their_confidence(void **state)
{
	enum { DRAWS = 20000, M = 9, N = 6 };
	struct rng rng = {1};
	double a[M], b[N], promised = 0;
	unsigned covered = 0;
	(void)state;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct estimate e;
		for (int i = 0; i < M; i++)
			a[i] = noise(&rng);
		for (int i = 0; i < N; i++)
			b[i] = noise(&rng) + log(1.05);
		assert_int_equal(stats_shift(a, M, b, N, 0.95, &e), 0);
		covered += e.lo <= 1.05 && 1.05 <= e.hi;
		promised = e.confidence;
	}
	double share = covered / (double)DRAWS;
	if (fabs(share - promised) > 0.005)
		fail_msg("covers %.5f, promises %.5f", share, promised);
}

static void least_sizes_grow_with_confidence(void **state)
{
	(void)state;
	assert_int_equal(stats_least(STATS_CONFIDENCE), STATS_LEAST);
	assert_int_equal(stats_least(STATS_CONFIDENCE_OF_TWO), STATS_LEAST_OF_TWO);
	assert_int_equal(stats_least(0.95), 6);
	assert_int_equal(stats_least(1 - 0.01 / 20), 12);
	assert_int_equal(stats_least(1), STATS_LEAST_MAX);
	for (double family = 1; family < 200; family *= 1.5) {
		const double zeros[STATS_SHIFT_MAX] = {0};
		const double confidence = 1 - 0.01 / family;
		const size_t n = stats_shift_least(confidence);
		struct estimate e;
		assert_int_equal(stats_shift(zeros, n, zeros, n, confidence, &e), 0);
		assert_true(e.known);
		assert_int_equal(stats_shift(zeros, n - 1, zeros, n - 1, confidence, &e), 0);
		assert_false(e.known);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confidence_is_that_of_all_orders),
		cmocka_unit_test(five_and_five_are_the_least_for_99_per_cent),
		cmocka_unit_test(a_factor_is_found_and_mirrors),
		cmocka_unit_test(sizes_have_bounds),
		cmocka_unit_test(intervals_cover_with_their_confidence),
		cmocka_unit_test(least_sizes_grow_with_confidence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
