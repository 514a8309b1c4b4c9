/* The error bound is tried at the ends of every bucket there is, and on random times between. */
#include "engine/base/hist.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

/* The greatest time of a bucket, ns: the next one begins behind it. */
static uint64_t hist_greatest(size_t bucket)
{
	return hist_least(bucket + 1) - 1;
}

/* How many samples are in buckets beyond that of ns. */
static uint64_t hist_beyond(const struct hist *h, uint64_t ns)
{
	uint64_t beyond = 0;
	for (size_t i = hist_bucket(ns) + 1; i < HIST_BUCKETS; i++)
		beyond += h->counts[i];
	return beyond;
}

static const uint64_t hour = UINT64_C(3600) * 1000000000;

static struct hist *new_hist(void)
{
	struct hist *h = calloc(1, sizeof(*h));
	assert_non_null(h);
	return h;
}

/* Whether the bucket's answer for ns is off by at most 0.4 % of it. */
static void is_close(uint64_t ns)
{
	uint64_t answer = hist_middle(hist_bucket(ns));
	uint64_t off = answer > ns ? answer - ns : ns - answer;
	if (off * 1000 > ns * 4)
		fail_msg("%llu ns comes out as %llu", (unsigned long long)ns,
			 (unsigned long long)answer);
}

static void every_bucket_begins_where_the_last_one_ends(void **state)
{
	(void)state;
	assert_int_equal(hist_least(0), 0);
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		uint64_t least = hist_least(i), greatest = hist_greatest(i);
		assert_true(least <= hist_middle(i) && hist_middle(i) <= greatest);
		assert_int_equal(hist_bucket(least), i);
		assert_int_equal(hist_bucket(greatest), i);
		if (i + 1 < HIST_BUCKETS)
			assert_int_equal(hist_least(i + 1), greatest + 1);
	}
	assert_int_equal(hist_greatest(HIST_BUCKETS - 1) + 1, UINT64_C(1) << HIST_TOP_BITS);
	assert_true(hist_greatest(HIST_BUCKETS - 1) > 24 * hour);
}

static void times_are_within_half_a_per_cent(void **state)
{
	struct rng rng = {1};
	(void)state;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		is_close(hist_least(i));
		is_close(hist_greatest(i));
	}
	for (int i = 0; i < 1000000; i++)
		is_close(rng_next(&rng) >> (64 - HIST_TOP_BITS + rng_below(&rng, 46)));
	for (uint64_t ns = 0; ns < 1000000; ns++)
		is_close(ns);
}

static void short_times_are_exact(void **state)
{
	(void)state;
	for (uint64_t ns = 0; ns < 256; ns++)
		assert_int_equal(hist_middle(hist_bucket(ns)), ns);
}

static void merging_is_adding_all(void **state)
{
	struct hist *parts[3] = {new_hist(), new_hist(), new_hist()};
	struct hist *merged = new_hist(), *all = new_hist();
	struct rng rng = {7};
	(void)state;
	for (int i = 0; i < 30000; i++) {
		uint64_t ns = rng_next(&rng) >> (10 + rng_below(&rng, 54));
		hist_add(parts[rng_below(&rng, 3)], ns);
		hist_add(all, ns);
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		hist_merge(merged, parts[i]);
		free(parts[i]);
	}
	assert_true(all->overflow > 0);
	assert_memory_equal(merged, all, sizeof(*all));
	free(merged);
	free(all);
}

static void longer_than_any_bucket(void **state)
{
	struct hist *h = new_hist();
	uint64_t ns;
	(void)state;
	hist_add(h, (UINT64_C(1) << HIST_TOP_BITS) - 1);
	assert_int_equal(h->overflow, 0);
	for (int i = 0; i < 20; i++)
		hist_add(h, UINT64_C(1) << HIST_TOP_BITS);
	hist_add(h, UINT64_MAX);
	assert_int_equal(h->overflow, 21);
	assert_int_equal(h->n, 22);
	assert_int_equal(h->max, UINT64_MAX);
	assert_int_equal(h->counts[HIST_BUCKETS - 1], 22);
	assert_true(hist_percentile(h, HIST_P50, &ns));
	assert_int_equal(ns, hist_middle(HIST_BUCKETS - 1));
	free(h);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Against sorting: the nearest rank, by its definition. */
static void percentiles_are_those_of_the_sorted_samples(void **state)
{
	enum { N = 20011 };
	static const uint32_t asked[] = {1, 10000, HIST_P50, HIST_P90, HIST_P99, HIST_P999};
	struct hist *h = new_hist();
	uint64_t *all = calloc(N, sizeof(*all)), ns;
	struct rng rng = {3};
	(void)state;
	assert_non_null(all);
	for (size_t i = 0; i < N; i++) {
		all[i] = 300 + (rng_next(&rng) >> (64 - 1 - rng_below(&rng, 30)));
		hist_add(h, all[i]);
	}
	qsort(all, N, sizeof(*all), compare);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		size_t rank = ((uint64_t)N * asked[i] + 999999) / 1000000;
		assert_true(hist_percentile(h, asked[i], &ns));
		assert_int_equal(hist_bucket(ns), hist_bucket(all[rank - 1]));
		assert_int_equal(hist_beyond(h, ns) <= N - rank, true);
	}
	free(all);
	free(h);
}

static void percentiles_of_too_few_samples_are_withheld(void **state)
{
	struct hist *h = new_hist();
	uint64_t ns = 77;
	(void)state;
	assert_false(hist_percentile(h, HIST_P50, &ns));
	for (int i = 0; i < 999; i++)
		hist_add(h, 100);
	assert_true(hist_percentile(h, HIST_P90, &ns));
	assert_int_equal(ns, 100);
	ns = 77;
	/* Of 999 samples the 990th is the 99th percentile, with 9 beyond it; of 1000, 10. */
	assert_false(hist_percentile(h, HIST_P99, &ns));
	assert_int_equal(ns, 77);
	hist_add(h, 5000);
	assert_true(hist_percentile(h, HIST_P99, &ns));
	assert_int_equal(ns, 100);
	assert_false(hist_percentile(h, HIST_P999, &ns));
	free(h);
}

static void a_percentile_is_never_beyond_the_longest(void **state)
{
	struct hist *h = new_hist();
	uint64_t ns;
	(void)state;
	for (int i = 0; i < 50; i++)
		hist_add(h, 1 << 20);
	assert_true(hist_percentile(h, HIST_P50, &ns));
	assert_int_equal(ns, 1 << 20);
	free(h);
}

static void beyond_counts_samples_in_higher_buckets(void **state)
{
	struct hist *h = new_hist();
	(void)state;
	hist_add(h, 10);
	hist_add(h, 11);
	hist_add(h, 5000);
	assert_int_equal(hist_beyond(h, 9), 3);
	assert_int_equal(hist_beyond(h, 10), 2);
	assert_int_equal(hist_beyond(h, 11), 1);
	assert_int_equal(hist_beyond(h, 5001), 0); /* the same bucket as 5000 */
	assert_int_equal(hist_beyond(h, UINT64_MAX), 0);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bucket_begins_where_the_last_one_ends),
		cmocka_unit_test(times_are_within_half_a_per_cent),
		cmocka_unit_test(short_times_are_exact),
		cmocka_unit_test(merging_is_adding_all),
		cmocka_unit_test(longer_than_any_bucket),
		cmocka_unit_test(percentiles_are_those_of_the_sorted_samples),
		cmocka_unit_test(percentiles_of_too_few_samples_are_withheld),
		cmocka_unit_test(a_percentile_is_never_beyond_the_longest),
		cmocka_unit_test(beyond_counts_samples_in_higher_buckets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
