/*
 * The statistics: ranks against exact binomials and against Pascal's triangle, and coverage by
 * trying it out.
 */
#include "engine/base/stats.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

#define TOLERANCE 1e-9

static bool near(double a, double b)
{
	return fabs(a - b) <= TOLERANCE * MAX(1, fabs(b));
}

static void near_or_fail(const char *what, double got, double want)
{
	if (!near(got, want))
		fail_msg("%s: %.17g, should be %.17g", what, got, want);
}

/*
 * P(X < k) for n flips of a fair coin without logarithms: rows of Pascal's triangle, halved at
 * each step so that nothing overflows. Terms that underflow are below any tail asked for here.
 */
static double tail_below(size_t n, size_t k)
{
	double *row = calloc(n + 1, sizeof(*row)), tail = 0;
	assert_non_null(row);
	row[0] = 1;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = i; j > 0; j--)
			row[j] = (row[j] + row[j - 1]) / 2;
		row[0] /= 2;
	}
	for (size_t j = 0; j < k; j++)
		tail += row[j];
	free(row);
	return tail;
}

/* From sums of binomial coefficients over 2^n in exact rational arithmetic. */
static void ranks_are_those_of_the_binomial(void **state)
{
	static const struct {
		size_t n, lo, hi;
	} rows[] = {
		{8, 0, 7},     {9, 0, 8},        {11, 0, 10},        {12, 1, 10},
		{15, 2, 12},   {20, 3, 16},      {25, 5, 19},        {40, 11, 28},
		{100, 36, 63}, {1000, 458, 541}, {5000, 2408, 2591},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t lo = 0, hi = 0, n = rows[i].n;
		double coverage = 0;
		assert_true(stats_ranks(n, STATS_CONFIDENCE, &lo, &hi, &coverage));
		if (lo != rows[i].lo || hi != rows[i].hi)
			fail_msg("n=%zu: ranks %zu..%zu, should be %zu..%zu", n, lo, hi, rows[i].lo,
				 rows[i].hi);
	}
}

static void eight_samples_cover_exactly_254_of_256(void **state)
{
	size_t lo, hi;
	double coverage = 0;
	(void)state;
	assert_true(stats_ranks(8, STATS_CONFIDENCE, &lo, &hi, &coverage));
	near_or_fail("coverage", coverage, 0.9921875);
}

static void fewer_than_eight_have_no_interval(void **state)
{
	(void)state;
	for (size_t n = 0; n < STATS_LEAST; n++) {
		size_t lo, hi;
		double coverage;
		assert_false(stats_ranks(n, STATS_CONFIDENCE, &lo, &hi, &coverage));
	}
}

/* For every n: covers enough, one rank narrower would not, symmetric, and coverage is the truth. */
static void intervals_are_as_narrow_as_possible(void **state)
{
	(void)state;
	for (size_t n = STATS_LEAST; n <= 400; n++) {
		size_t lo, hi;
		double coverage;
		assert_true(stats_ranks(n, STATS_CONFIDENCE, &lo, &hi, &coverage));
		assert_int_equal(lo + hi, n - 1);
		near_or_fail("coverage", coverage, 1 - 2 * tail_below(n, lo + 1));
		if (coverage < STATS_CONFIDENCE)
			fail_msg("n=%zu: covers only %.6f", n, coverage);
		if (1 - 2 * tail_below(n, lo + 2) >= STATS_CONFIDENCE)
			fail_msg("n=%zu: %zu..%zu could be narrower", n, lo, hi);
	}
}

static void other_confidences_have_other_ranks(void **state)
{
	size_t lo, hi;
	double coverage;
	(void)state;
	assert_true(stats_ranks(20, 0.95, &lo, &hi, &coverage));
	assert_int_equal(lo, 5);
	assert_int_equal(hi, 14);
	assert_true(stats_ranks(6, 0.95, &lo, &hi, &coverage));
	near_or_fail("coverage", coverage, 0.96875);
	assert_false(stats_ranks(5, 0.95, &lo, &hi, &coverage));
}

/* Values 1..n in a fixed, mixed-up order. */
static void fill_mixed(double *values, size_t n)
{
	struct rng rng = {7};
	for (size_t i = 0; i < n; i++) {
		size_t j = (size_t)rng_below(&rng, i + 1);
		values[i] = values[j];
		values[j] = (double)(i + 1);
	}
}

static void medians_of_odd_and_even(void **state)
{
	double values[10] = {0};
	struct estimate e;
	(void)state;
	fill_mixed(values, 9);
	stats_median(values, 9, STATS_CONFIDENCE, &e);
	assert_true(e.known);
	assert_int_equal(e.n, 9);
	near_or_fail("median of 1..9", e.median, 5);
	near_or_fail("its lower end", e.lo, 1);
	near_or_fail("its upper end", e.hi, 9);
	fill_mixed(values, 10);
	stats_median(values, 10, STATS_CONFIDENCE, &e);
	near_or_fail("median of 1..10", e.median, 5.5);
	near_or_fail("its confidence", e.confidence, 1 - 2.0 / 1024);
}

static void too_few_samples_are_unknown_with_a_reason(void **state)
{
	double values[7] = {3, 1, 2, 5, 4, 7, 6};
	struct estimate e = {.known = true, .median = 9, .reason = "old"};
	(void)state;
	stats_median(values, 7, STATS_CONFIDENCE, &e);
	assert_false(e.known);
	assert_int_equal(e.n, 7);
	assert_string_equal(e.reason, "no 99 % interval: needs 8 usable rounds, has 7");
	stats_median(values, 0, STATS_CONFIDENCE, &e);
	assert_false(e.known);
	assert_string_equal(e.reason, "no usable round");
}

static void same_or_fail(const struct estimate *a, const struct estimate *b)
{
	near_or_fail("median", a->median, b->median);
	near_or_fail("lower end", a->lo, b->lo);
	near_or_fail("upper end", a->hi, b->hi);
}

static void the_order_of_samples_does_not_matter(void **state)
{
	double forwards[40], backwards[40], mixed[40] = {0};
	struct estimate a, b, c;
	(void)state;
	for (size_t i = 0; i < 40; i++)
		forwards[i] = backwards[39 - i] = (double)(i + 1);
	fill_mixed(mixed, 40);
	stats_median(forwards, 40, STATS_CONFIDENCE, &a);
	stats_median(backwards, 40, STATS_CONFIDENCE, &b);
	stats_median(mixed, 40, STATS_CONFIDENCE, &c);
	near_or_fail("lower end", a.lo, 12);
	near_or_fail("upper end", a.hi, 29);
	same_or_fail(&a, &b);
	same_or_fail(&a, &c);
}

/* An outlier, however wild, moves neither the median nor the interval. */
static void outliers_do_not_move_the_median_or_its_interval(void **state)
{
	double values[40] = {0}, wild[40] = {0};
	struct estimate a, b;
	(void)state;
	fill_mixed(values, 40);
	fill_mixed(wild, 40);
	for (size_t i = 0; i < 40; i++)
		wild[i] *= wild[i] > 36 ? 1e6 : 1;
	stats_median(values, 40, STATS_CONFIDENCE, &a);
	stats_median(wild, 40, STATS_CONFIDENCE, &b);
	same_or_fail(&a, &b);
}

static void costs_are_per_entry(void **state)
{
	uint64_t wall[20];
	double values[20], min, p05, p95;
	struct estimate e;
	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		wall[i] = (20 - i) * 1000;
	stats_per_entry(wall, 20, 100, STATS_CONFIDENCE, values, &e, &min, &p05, &p95);
	assert_true(e.known);
	near_or_fail("median", e.median, 105);
	near_or_fail("least", min, 10);
	near_or_fail("5th percentile", p05, 10);
	near_or_fail("95th percentile", p95, 190);
	assert_int_equal(wall[0], 20000);
}

static void the_cost_of_no_entries_is_unknown(void **state)
{
	const uint64_t wall[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	double values[8], min = 1, p05 = 1, p95 = 1;
	struct estimate e;
	(void)state;
	stats_per_entry(wall, 8, 0, STATS_CONFIDENCE, values, &e, &min, &p05, &p95);
	assert_false(e.known);
	assert_string_equal(e.reason, "no entries");
	near_or_fail("least", min, 0);
}

static void ratios_mirror(void **state)
{
	enum { N = 41 };
	uint64_t a[N], b[N];
	double values[N];
	struct estimate ab, ba;
	struct rng rng = {3};
	(void)state;
	for (size_t i = 0; i < N; i++) {
		a[i] = 1000 + rng_below(&rng, 100000);
		b[i] = 1000 + rng_below(&rng, 100000);
	}
	stats_ratio(a, b, N, values, &ab);
	stats_ratio(b, a, N, values, &ba);
	assert_true(ab.known && ba.known);
	near_or_fail("medians", ab.median * ba.median, 1);
	near_or_fail("lower and upper end", ab.lo * ba.hi, 1);
	near_or_fail("upper and lower end", ab.hi * ba.lo, 1);
	assert_true(ab.lo < ab.median && ab.median < ab.hi);
}

/* Machines drift: both of a pair are ten times slower later, their ratio is not. */
static void ratios_are_paired(void **state)
{
	uint64_t a[20], b[20], drift = 1000;
	double values[20];
	struct estimate e;
	(void)state;
	for (size_t i = 0; i < 20; i++, drift += drift / 8) {
		b[i] = drift * 10;
		a[i] = drift * 25;
	}
	stats_ratio(a, b, 20, values, &e);
	near_or_fail("median", e.median, 2.5);
	near_or_fail("lower end", e.lo, 2.5);
	near_or_fail("upper end", e.hi, 2.5);
}

/* A clock that did not move gives no infinity. */
static void a_pass_of_no_time_is_finite(void **state)
{
	const uint64_t none[8] = {0}, some[8] = {5, 5, 5, 5, 5, 5, 5, 5};
	double values[8];
	struct estimate e;
	(void)state;
	stats_ratio(some, none, 8, values, &e);
	near_or_fail("5 over nothing", e.median, 5);
	stats_ratio(none, none, 8, values, &e);
	near_or_fail("nothing over nothing", e.median, 1);
}

/* Ratios 2 and 1/2 cross in the middle, on logarithmic axes. */
static void where_ratios_cross(void **state)
{
	(void)state;
	assert_true(fabs(stats_crossing(10, 2, 1000, 0.5) - 100) < 1e-9);
	assert_true(fabs(stats_crossing(10, 0.25, 1000, 2) - pow(10, 1 + 2 * 2 / 3.0)) < 1e-9);
	assert_int_equal(stats_two_digits(1234), 1200);
	assert_int_equal(stats_two_digits(99.6), 100);
	assert_int_equal(stats_two_digits(6.6), 7);
}

static void integer_medians(void **state)
{
	uint64_t odd[] = {9, 1, 5}, large[] = {UINT64_MAX, 0, UINT64_MAX - 1};
	(void)state;
	assert_int_equal(stats_median_u64(odd, 3), 5);
	assert_int_equal(odd[0], 1);
	assert_true(stats_median_u64(large, 3) == UINT64_MAX - 1);
	assert_int_equal(stats_median_u64(odd, 0), 0);
}

/* Heavy-tailed like times on a shared machine: most near the least, some a thousand times that. */
static double skewed(struct rng *rng)
{
	return 1 + 1e6 / (double)(rng_below(rng, 1000000) + 1);
}

/*
 * The true median of skewed() is 3: the divisor is above 500,000 as often as not. Of 2,000
 * intervals some 1,984 should cover it; 1,970 is more than three standard deviations below.
 */
static void covers(size_t n, struct rng *rng)
{
	enum { DRAWS = 2000, LEAST = 1970 };
	unsigned covered = 0;
	double values[64];
	assert_true(n <= ARRAY_LEN(values));
	for (int draw = 0; draw < DRAWS; draw++) {
		struct estimate e;
		for (size_t i = 0; i < n; i++)
			values[i] = skewed(rng);
		stats_median(values, n, STATS_CONFIDENCE, &e);
		covered += e.lo <= 3 && 3 <= e.hi;
	}
	if (covered < LEAST)
		fail_msg("n=%zu: %u of %d intervals cover the median, less than %d", n, covered,
			 DRAWS, LEAST);
}

static void intervals_cover_with_their_confidence(void **state)
{
	static const size_t sizes[] = {8, 9, 20, 40, 61};
	struct rng rng = {20240229};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		covers(sizes[i], &rng);
}

/* Symmetric and continuous, so that the share covered is the promised one, neither more nor less.
 */
static void coverage_is_exact(void **state)
{
	enum { DRAWS = 20000, N = 20 };
	struct rng rng = {1};
	unsigned covered = 0;
	double values[N], promised = 0;
	(void)state;
	for (int draw = 0; draw < DRAWS; draw++) {
		struct estimate e;
		for (size_t i = 0; i < N; i++)
			values[i] = (double)(rng_next(&rng) >> 11);
		stats_median(values, N, STATS_CONFIDENCE, &e);
		covered += e.lo <= 0x1p52 && 0x1p52 <= e.hi;
		promised = e.confidence;
	}
	double share = covered / (double)DRAWS;
	if (fabs(share - promised) > 0.003)
		fail_msg("covers %.5f, promises %.5f", share, promised);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_are_those_of_the_binomial),
		cmocka_unit_test(eight_samples_cover_exactly_254_of_256),
		cmocka_unit_test(fewer_than_eight_have_no_interval),
		cmocka_unit_test(intervals_are_as_narrow_as_possible),
		cmocka_unit_test(other_confidences_have_other_ranks),
		cmocka_unit_test(medians_of_odd_and_even),
		cmocka_unit_test(too_few_samples_are_unknown_with_a_reason),
		cmocka_unit_test(the_order_of_samples_does_not_matter),
		cmocka_unit_test(outliers_do_not_move_the_median_or_its_interval),
		cmocka_unit_test(costs_are_per_entry),
		cmocka_unit_test(the_cost_of_no_entries_is_unknown),
		cmocka_unit_test(ratios_mirror),
		cmocka_unit_test(ratios_are_paired),
		cmocka_unit_test(a_pass_of_no_time_is_finite),
		cmocka_unit_test(where_ratios_cross),
		cmocka_unit_test(integer_medians),
		cmocka_unit_test(intervals_cover_with_their_confidence),
		cmocka_unit_test(coverage_is_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
