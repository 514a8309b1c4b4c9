#include "engine/base/stats.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* P(X = k) for X ~ Binomial(n, 1/2); computed by logarithms, because 2^-n underflows. */
static double coin_flips(size_t n, size_t k)
{
	int sign;
	double ways = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
		      lgamma_r((double)(n - k) + 1, &sign);
	return exp(ways - (double)n * M_LN2);
}

bool stats_ranks(size_t n, double confidence, size_t *lo, size_t *hi, double *coverage)
{
	double tail = 0, allowed = (1 - confidence) / 2;
	size_t k = 0;
	/*
	 * Leaving out the k smallest and k largest samples has an error of P(X < k) on either side.
	 */
	for (; k < n / 2; k++) {
		double next = tail + coin_flips(n, k);
		if (next > allowed)
			break;
		tail = next;
	}
	if (k == 0)
		return false;
	*lo = k - 1;
	*hi = n - k;
	*coverage = 1 - 2 * tail;
	return true;
}

/*
 * Rounds to ten significant digits, far more than any measurement has. The document stores as many,
 * so that a report made from the document shows exactly the same as the run.
 */
static double tidy(double value)
{
	char text[32];
	snprintf(text, sizeof(text), "%.10g", value);
	return strtod(text, NULL);
}

static void tidy_estimate(struct estimate *estimate)
{
	estimate->median = tidy(estimate->median);
	estimate->lo = tidy(estimate->lo);
	estimate->hi = tidy(estimate->hi);
	estimate->confidence = tidy(estimate->confidence);
}

static double middle(const double *sorted, size_t n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* The reason why n samples have no interval. */
static const char *why_no_interval(size_t n, double confidence)
{
#define NEEDS(least, n) "no 99 % interval: needs " #least " usable rounds, has " #n
	static const char *const of_one[STATS_LEAST] = {
		"no usable round", NEEDS(8, 1), NEEDS(8, 2), NEEDS(8, 3),
		NEEDS(8, 4),       NEEDS(8, 5), NEEDS(8, 6), NEEDS(8, 7),
	};
	static const char *const of_two[STATS_LEAST_OF_TWO] = {
		"no usable round", NEEDS(9, 1), NEEDS(9, 2), NEEDS(9, 3), NEEDS(9, 4),
		NEEDS(9, 5),       NEEDS(9, 6), NEEDS(9, 7), NEEDS(9, 8),
	};
#undef NEEDS
	const bool is_of_two = confidence > STATS_CONFIDENCE;
	if (n && (n >= (is_of_two ? STATS_LEAST_OF_TWO : STATS_LEAST) ||
		  confidence > STATS_CONFIDENCE_OF_TWO))
		return "fewer usable rounds than its interval needs";
	return is_of_two ? of_two[n] : of_one[n];
}

/* From sorted values: the middle, smallest and largest, without an interval. */
static void see(const double *values, size_t n, const char *why, struct estimate *estimate)
{
	*estimate = (struct estimate){.seen = n > 0, .n = (uint32_t)n, .reason = why};
	if (!n)
		return;
	estimate->median = middle(values, n);
	estimate->lo = values[0];
	estimate->hi = values[n - 1];
}

/* Like stats_median, without rounding. */
static void estimate_median(double *values, size_t n, double confidence, struct estimate *estimate)
{
	size_t lo, hi;
	*estimate = (struct estimate){.n = (uint32_t)n};
	qsort(values, n, sizeof(*values), compare_double);
	if (!stats_ranks(n, confidence, &lo, &hi, &estimate->confidence)) {
		see(values, n, why_no_interval(n, confidence), estimate);
		return;
	}
	estimate->known = true;
	estimate->median = middle(values, n);
	estimate->lo = values[lo];
	estimate->hi = values[hi];
}

void stats_median(double *values, size_t n, double confidence, struct estimate *estimate)
{
	estimate_median(values, n, confidence, estimate);
	tidy_estimate(estimate);
}

/* Nearest rank. */
static double quantile(const double *sorted, size_t n, double p)
{
	size_t rank = (size_t)ceil(p * (double)n);
	return sorted[MIN(MAX(rank, 1), n) - 1];
}

void stats_product(const struct estimate *time, const struct estimate *ratio,
		   struct estimate *product)
{
	const bool known = time->known && ratio->known;
	*product = (struct estimate){
		.known = known,
		.seen = !known && estimate_has_median(time) && estimate_has_median(ratio),
		.median = time->median * ratio->median,
		.n = MIN(time->n, ratio->n),
		.reason = known          ? NULL
			  : ratio->known ? time->reason
					 : ratio->reason,
	};
	if (known)
		product->confidence = time->confidence + ratio->confidence - 1;
	/*
	 * If neither has an interval: both were taken in the same rounds, so only the range of the
	 * ratio is used.
	 */
	product->lo = (known || ratio->known ? time->lo : time->median) *
		      (known || !ratio->known ? ratio->lo : ratio->median);
	product->hi = (known || ratio->known ? time->hi : time->median) *
		      (known || !ratio->known ? ratio->hi : ratio->median);
	tidy_estimate(product);
}

void stats_per_entry(const uint64_t *wall_ns, size_t n, uint64_t entries, double confidence,
		     double *values, struct estimate *estimate, double *min, double *p05,
		     double *p95)
{
	*min = *p05 = *p95 = 0;
	if (!entries) {
		*estimate = (struct estimate){.reason = "no entries"};
		return;
	}
	for (size_t i = 0; i < n; i++)
		values[i] = (double)wall_ns[i] / (double)entries;
	stats_median(values, n, confidence, estimate);
	if (!n)
		return;
	*min = tidy(values[0]);
	*p05 = tidy(quantile(values, n, 0.05));
	*p95 = tidy(quantile(values, n, 0.95));
}

void stats_ratio(const uint64_t *a, const uint64_t *b, size_t n, double *values,
		 struct estimate *estimate)
{
	stats_logs(a, b, n, values);
	stats_ratio_of(values, n, STATS_CONFIDENCE, estimate);
}

void stats_logs(const uint64_t *a, const uint64_t *b, size_t n, double *logs)
{
	for (size_t i = 0; i < n; i++)
		logs[i] = log((double)MAX(a[i], 1)) - log((double)MAX(b[i], 1));
}

double stats_crossing(double x_a, double ratio_a, double x_b, double ratio_b)
{
	const double share = log(ratio_a) / (log(ratio_a) - log(ratio_b));
	return exp(log(x_a) + share * (log(x_b) - log(x_a)));
}

uint64_t stats_two_digits(double number)
{
	const double unit = pow(10, floor(log10(number)) - 1);
	return (uint64_t)(number < 10 ? round(number) : round(number / unit) * unit);
}

/* Replaces logarithms by the ratios. */
static void exp_estimate(struct estimate *estimate)
{
	estimate->median = exp(estimate->median);
	estimate->lo = exp(estimate->lo);
	estimate->hi = exp(estimate->hi);
	tidy_estimate(estimate);
}

void stats_ratio_of(double *logs, size_t n, double confidence, struct estimate *ratio)
{
	estimate_median(logs, n, confidence, ratio);
	if (estimate_has_median(ratio))
		exp_estimate(ratio);
}

void stats_ratio_seen(const uint64_t *a, const uint64_t *b, size_t n, double *values,
		      struct estimate *estimate)
{
	stats_logs(a, b, n, values);
	qsort(values, n, sizeof(*values), compare_double);
	see(values, n, why_no_interval(n, STATS_CONFIDENCE), estimate);
	if (n)
		exp_estimate(estimate);
}

size_t stats_least(double confidence)
{
	size_t n = 1, lo, hi;
	double coverage;
	while (n < STATS_LEAST_MAX && !stats_ranks(n, confidence, &lo, &hi, &coverage))
		n++;
	return n;
}

/* --- Two samples that are not paired ----------------------------------------------------------
 */

/*
 * The distribution of Mann and Whitney's U for samples of m and n from the same distribution,
 * computed recursively: the largest value is in the first sample (in m of m + n cases; it then is
 * above all n of the other) or in the second. Only positive terms are added, so nothing cancels.
 * rows holds (n + 1) * (m * n + 1) numbers; the result is rows[n].
 */
static const double *rank_sums(size_t m, size_t n, double *rows)
{
	const size_t width = m * n + 1;
	memset(rows, 0, (n + 1) * width * sizeof(*rows));
	for (size_t j = 0; j <= n; j++)
		rows[j * width] = 1;
	for (size_t i = 1; i <= m; i++) {
		for (size_t j = 1; j <= n; j++) {
			double *now = rows + j * width, *less = rows + (j - 1) * width;
			const double first = (double)i / (double)(i + j);
			for (size_t u = i * j + 1; u-- > 0;)
				now[u] = (u >= j ? first * now[u - j] : 0) + (1 - first) * less[u];
		}
	}
	return rows + n * width;
}

/*
 * The rank of the interval's bounds, from either end of the sorted differences; 0: there is no
 * interval.
 */
static size_t shift_rank(const double *chances, size_t most, double confidence, double *coverage)
{
	double tail = 0, allowed = (1 - confidence) / 2;
	size_t k = 0;
	for (; k < most / 2 && tail + chances[k] <= allowed; k++)
		tail += chances[k];
	*coverage = 1 - 2 * tail;
	return k;
}

/*
 * With equal sizes, the least likely outcome is that all of one sample lie above the other: 2 of
 * (2n choose n) orders.
 */
size_t stats_shift_least(double confidence)
{
	double orders = 2;
	size_t n = 1;
	for (; n < STATS_SHIFT_MAX && 2 / orders > 1 - confidence; n++)
		orders *= 2 * (2 * (double)n + 1) / ((double)n + 1);
	return n;
}

int stats_shift(const double *from, size_t m, const double *to, size_t n, double confidence,
		struct estimate *ratio)
{
	const size_t all = m * n;
	*ratio = (struct estimate){.n = (uint32_t)MIN(m, n), .reason = "too few to compare"};
	if (!all)
		return 0;
	if (m > STATS_SHIFT_MAX || n > STATS_SHIFT_MAX)
		return -E2BIG;
	double *rows = calloc((n + 1) * (all + 1) + all, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	double *differences = rows + (n + 1) * (all + 1);
	for (size_t i = 0; i < all; i++)
		differences[i] = to[i % n] - from[i / n];
	qsort(differences, all, sizeof(*differences), compare_double);
	size_t k = shift_rank(rank_sums(m, n, rows), all, confidence, &ratio->confidence);
	ratio->known = k > 0;
	ratio->median = middle(differences, all);
	ratio->lo = differences[k ? k - 1 : 0];
	ratio->hi = differences[all - MAX(k, 1)];
	exp_estimate(ratio);
	if (ratio->known)
		ratio->reason = NULL;
	else
		ratio->confidence = 0;
	free(rows);
	return 0;
}

double stats_middle(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_double);
	return n ? middle(values, n) : 0;
}

uint64_t stats_median_u64(uint64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare_u64);
	return n ? values[n / 2] : 0;
}

enum { HALVINGS = 60 }; /* enough for all bits of a double */

/* P(X = k) for X ~ Binomial(n, p); by logarithms, because the powers underflow. */
static double term(uint64_t k, uint64_t n, double p)
{
	int sign;
	double ways = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
		      lgamma_r((double)(n - k) + 1, &sign);
	return exp(ways + (double)k * log(p) + (double)(n - k) * log1p(-p));
}

double binomial_at_most(uint64_t k, uint64_t n, double p)
{
	double sum = 0;
	if (p <= 0 || k >= n)
		return 1;
	if (p >= 1)
		return 0;
	for (uint64_t i = 0; i <= k; i++)
		sum += term(i, n, p);
	return sum < 1 ? sum : 1;
}

/*
 * Bisects for the largest chance with which k or fewer successes still have a probability above 1 -
 * confidence.
 */
double binomial_upper(uint64_t k, uint64_t n, double confidence)
{
	double lo = 0, hi = 1;
	if (k >= n)
		return 1;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (lo + hi) / 2;
		if (binomial_at_most(k, n, middle) > 1 - confidence)
			lo = middle;
		else
			hi = middle;
	}
	return hi;
}

double binomial_lower(uint64_t k, uint64_t n, double confidence)
{
	return k ? 1 - binomial_upper(n - k, n, confidence) : 0;
}
