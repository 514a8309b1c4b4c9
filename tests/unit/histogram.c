/* Histograms: what is fitted gives them back when it is drawn from; distances are right. */
#include "datasets/tree/distributions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

enum { DRAWS = 100000 };

static struct histogram *new_histogram(void)
{
	struct histogram *h = calloc(1, sizeof(*h));
	assert_non_null(h);
	return h;
}

/* Fits, draws as many again, and compares; returns the bins. */
static struct quantity comes_back(const struct histogram *h, uint32_t bins, double within)
{
	struct histogram *again = new_histogram();
	struct quantity q;
	struct rng rng = {1};
	histogram_fit(h, bins, UINT64_MAX, &q);
	assert_in_range(q.n, 1, bins);
	for (int i = 0; i < DRAWS; i++)
		histogram_add(again, quantity_draw(&q, &rng));
	assert_true(again->min >= h->min && again->max <= h->max);
	double apart = histogram_distance(h, again);
	if (apart > within)
		fail_msg("distance %f with %u bins", apart, q.n);
	double mean = (double)h->sum / (double)h->n, mean_again = (double)again->sum / DRAWS;
	assert_true(fabs(mean_again - mean) <= 0.1 * mean);
	free(again);
	return q;
}

static void test_few_values_are_kept_exactly(void **state)
{
	struct histogram *h = new_histogram();
	(void)state;
	for (int i = 0; i < 60; i++)
		histogram_add(h, i % 10 == 0 ? 200 : (uint64_t)i % 3);
	const struct quantity q = comes_back(h, 8, 0.01);
	assert_int_equal(q.n, 4);
	assert_int_equal(q.total, 60);
	for (uint32_t i = 0; i < q.n; i++)
		assert_true(q.bins[i].lo == q.bins[i].hi);
	assert_int_equal(q.bins[3].lo, 200);
	assert_int_equal(q.bins[3].weight, 6);
	free(h);
}

static void test_long_tails_come_back(void **state)
{
	struct histogram *sizes = new_histogram(), *alike = new_histogram();
	struct rng rng = {2};
	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double u = ((double)rng_below(&rng, 1 << 20) + 1) / (1 << 20);
		histogram_add(sizes, (uint64_t)(100 / pow(u, 0.8)));
		histogram_add(alike, rng_below(&rng, 1000000));
	}
	comes_back(sizes, 32, 0.03);
	comes_back(alike, 32, 0.02);
	comes_back(alike, 3, 0.2);
	free(sizes);
	free(alike);
}

static void test_extremes(void **state)
{
	struct histogram *h = new_histogram();
	struct quantity q;
	(void)state;
	histogram_fit(h, 4, UINT64_MAX, &q);
	assert_int_equal(q.n, 0);
	histogram_add(h, UINT64_MAX);
	histogram_fit(h, 4, 1000, &q);
	assert_int_equal(q.n, 1);
	assert_true(q.bins[0].lo == 1000 && q.bins[0].hi == 1000);
	free(h);
}

static void test_distances(void **state)
{
	struct histogram *a = new_histogram(), *b = new_histogram(), *none = new_histogram();
	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		histogram_add(a, i);
		histogram_add(b, i + 25);
	}
	assert_true(histogram_distance(a, a) <= 0);
	assert_true(fabs(histogram_distance(a, b) - 0.25) < 1e-9);
	assert_true(fabs(histogram_distance(b, a) - 0.25) < 1e-9);
	assert_true(histogram_distance(a, none) >= 1 && histogram_distance(none, none) <= 0);
	histogram_merge(none, a);
	histogram_merge(none, b);
	assert_true(fabs(histogram_distance(none, a) - 0.125) < 1e-9);
	assert_true(none->min == 0 && none->max == 124 && none->n == 200);
	free(a);
	free(b);
	free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_values_are_kept_exactly),
		cmocka_unit_test(test_long_tails_come_back),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_distances),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
