/*
 * The statistics of statmark: medians and exact order-statistic intervals, nothing that assumes a
 * distribution. Times on shared machines have heavy tails and drift; means and t-tests are wrong
 * there, and the interval between two order statistics covers the median with a probability that
 * is known exactly from the binomial distribution (the sign test turned round; David and Nagaraja,
 * "Order Statistics", section 7.1).
 *
 * Integers in (ns, counts), floating point out: nowhere else does the engine use it. It lies in
 * base because the measuring side and the reports that compare documents must not differ in it.
 */
#ifndef ENGINE_BASE_STATS_H
#define ENGINE_BASE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_CONFIDENCE 0.99
enum {
	STATS_LEAST = 8,        /* samples below which no interval reaches STATS_CONFIDENCE */
	STATS_LEAST_OF_TWO = 9, /* and none STATS_CONFIDENCE_OF_TWO */
};

/*
 * A median with its exact order-statistic interval (known). With fewer samples than an interval
 * needs it is only seen: median, lo and hi are the middle, the least and the greatest sample,
 * without any confidence. With neither there are no numbers. reason says why it is not known.
 */
struct estimate {
	bool known;
	bool seen; /* never with known */
	double median, lo, hi;
	double confidence; /* coverage that the ranks of lo and hi really have, 0..1; 0: none */
	uint32_t n;        /* samples it rests on */
	const char *reason;
};

/*
 * Ranks (0-based, of n sorted samples) whose interval covers the median with at least the wanted
 * confidence and is as narrow as possible; *coverage is the real one. False: n is too small.
 */
bool stats_ranks(size_t n, double confidence, size_t *lo, size_t *hi, double *coverage);

static inline bool estimate_has_median(const struct estimate *estimate)
{
	return estimate->known || estimate->seen;
}

/* Sorts values; fills the estimate of their median. Fewer than stats_least(): only seen. */
void stats_median(double *values, size_t n, double confidence, struct estimate *estimate);

/*
 * Time per entry over passes: values becomes wall_ns[i] / entries, sorted. Besides the estimate
 * gives the least, the 5th and the 95th percentile (nearest rank).
 */
void stats_per_entry(const uint64_t *wall_ns, size_t n, uint64_t entries, double confidence,
		     double *values, struct estimate *estimate, double *min, double *p05,
		     double *p95);

/* The median of a[i] / b[i], paired by round, taken over logarithms so that a/b mirrors b/a. */
void stats_ratio(const uint64_t *a, const uint64_t *b, size_t n, double *values,
		 struct estimate *estimate);

/* The same without an interval, for samples that do not justify one. */
void stats_ratio_seen(const uint64_t *a, const uint64_t *b, size_t n, double *values,
		      struct estimate *estimate);

/*
 * The product of two estimates: median and bounds are multiplied. The error probabilities add up
 * (Bonferroni): two of 99.5 % give 99 %. If either was only seen, so is the product.
 */
#define STATS_CONFIDENCE_OF_TWO 0.995
void stats_product(const struct estimate *time, const struct estimate *ratio,
		   struct estimate *product);

/* The logarithms of a[i] / b[i], and the ratio that such logarithms have in the median. */
void stats_logs(const uint64_t *a, const uint64_t *b, size_t n, double *logs);
void stats_ratio_of(double *logs, size_t n, double confidence, struct estimate *ratio);

/* Where a line through two points of (log x, log ratio) has ratio 1; on either side of it they lie.
 */
double stats_crossing(double x_a, double ratio_a, double x_b, double ratio_b);

/* A number rounded to two significant digits: 1,234 as 1,200; below 10 to a whole number. */
uint64_t stats_two_digits(double number);

/* Samples that an interval of that confidence needs; STATS_LEAST for STATS_CONFIDENCE. */
enum { STATS_LEAST_MAX = 64 };
size_t stats_least(double confidence);

/*
 * By how much two samples differ whose members are not pairs: to over from, both as logarithms. The
 * estimate is Hodges and Lehmann's (the median of all m * n differences), the interval lies between
 * two of those differences and is exact by the distribution of Mann and Whitney's U, if the samples
 * differ by a factor and in nothing else (Hollander, Wolfe and Chicken, "Nonparametric Statistical
 * Methods", section 4.3). When m and n are too few it is unknown, with the median and the range of
 * the differences set all the same. -E2BIG above STATS_SHIFT_MAX; -ENOMEM.
 */
enum { STATS_SHIFT_MAX = 100 };
size_t stats_shift_least(double confidence); /* samples of either kind that it needs */
int stats_shift(const double *from, size_t m, const double *to, size_t n, double confidence,
		struct estimate *ratio);

/* Medians without an interval; both sort. 0 for none. */
double stats_middle(double *values, size_t n);
uint64_t stats_median_u64(uint64_t *values, size_t n);

/*
 * What k of n tries say about the chance behind them: the exact bounds of Clopper and Pearson ("The
 * use of confidence or fiducial limits", Biometrika 26, 1934), one-sided. They never promise more
 * than was asked for.
 */

/* P(X <= k) for X ~ Binomial(n, p). */
double binomial_at_most(uint64_t k, uint64_t n, double p);

/* With that confidence (0.95) the chance is at most, or at least, this. 0 <= k <= n, n > 0. */
double binomial_upper(uint64_t k, uint64_t n, double confidence);
double binomial_lower(uint64_t k, uint64_t n, double confidence);

#endif
