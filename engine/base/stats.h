/*
 * The statistics of statmark: medians and exact order-statistic intervals; nothing assumes a
 * distribution. Times on shared machines have heavy tails and drift, so means and t-tests are wrong
 * there. The interval between two order statistics covers the median with a probability that is
 * known exactly from the binomial distribution (by inverting the sign test; David and Nagaraja,
 * "Order Statistics", section 7.1).
 *
 * Input is integers (ns, counts), output is floating point. It is in base because measuring and the
 * reports that compare documents must use the same statistics.
 */
#ifndef ENGINE_BASE_STATS_H
#define ENGINE_BASE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_CONFIDENCE 0.99
enum {
	STATS_LEAST = 8,        /* fewer samples have no interval of STATS_CONFIDENCE */
	STATS_LEAST_OF_TWO = 9, /* fewer samples have none of STATS_CONFIDENCE_OF_TWO */
};

/*
 * A median with its exact order-statistic interval (known). With fewer samples than an interval
 * needs, only `seen` is set: median, lo and hi are the middle, smallest and largest sample, without
 * any confidence. If neither is set, there are no numbers. reason says why the interval is not
 * known.
 */
struct estimate {
	bool known;
	bool seen; /* not set if known */
	double median, lo, hi;
	double confidence; /* real coverage of the interval [lo, hi], 0..1; 0: none */
	uint32_t n;        /* number of samples */
	const char *reason;
};

/*
 * The ranks (0-based, in n sorted samples) of the narrowest interval that covers the median with at
 * least the given confidence; *coverage is the real one. False: n is too small.
 */
bool stats_ranks(size_t n, double confidence, size_t *lo, size_t *hi, double *coverage);

static inline bool estimate_has_median(const struct estimate *estimate)
{
	return estimate->known || estimate->seen;
}

/* Sorts values and estimates their median. With fewer than stats_least() only `seen` is set. */
void stats_median(double *values, size_t n, double confidence, struct estimate *estimate);

/*
 * Time per entry of passes: sets values to wall_ns[i] / entries, sorted, and estimates the median.
 * Also sets the smallest, the 5th and the 95th percentile (nearest rank).
 */
void stats_per_entry(const uint64_t *wall_ns, size_t n, uint64_t entries, double confidence,
		     double *values, struct estimate *estimate, double *min, double *p05,
		     double *p95);

/*
 * Estimates the median of a[i] / b[i], paired by round. Computed by logarithms, so that a/b is
 * exactly the inverse of b/a.
 */
void stats_ratio(const uint64_t *a, const uint64_t *b, size_t n, double *values,
		 struct estimate *estimate);

/* The same without an interval, for samples that do not justify one. */
void stats_ratio_seen(const uint64_t *a, const uint64_t *b, size_t n, double *values,
		      struct estimate *estimate);

/*
 * The product of two estimates: medians and bounds are multiplied. The error probabilities are
 * added (Bonferroni): two of 99.5 % give 99 %. If either is only seen, so is the product.
 */
#define STATS_CONFIDENCE_OF_TWO 0.995
void stats_product(const struct estimate *time, const struct estimate *ratio,
		   struct estimate *product);

/*
 * stats_logs: the logarithms of a[i] / b[i]. stats_ratio_of: sorts such logarithms and estimates
 * the median ratio.
 */
void stats_logs(const uint64_t *a, const uint64_t *b, size_t n, double *logs);
void stats_ratio_of(double *logs, size_t n, double confidence, struct estimate *ratio);

/*
 * The x at which a line through two points (log x, log ratio) has ratio 1. One ratio is above 1,
 * the other below.
 */
double stats_crossing(double x_a, double ratio_a, double x_b, double ratio_b);

/* Rounds to two significant digits: 1,234 to 1,200; below 10 to a whole number. */
uint64_t stats_two_digits(double number);

/* The number of samples for an interval of that confidence; STATS_LEAST for STATS_CONFIDENCE. */
enum { STATS_LEAST_MAX = 64 };
size_t stats_least(double confidence);

/*
 * The difference of two samples that are not paired: to / from, both given as logarithms. The
 * estimate is that of Hodges and Lehmann (the median of all m * n differences). The interval lies
 * between two of those differences and is exact by the distribution of Mann and Whitney's U, if the
 * samples differ by a factor and in nothing else (Hollander, Wolfe and Chicken, "Nonparametric
 * Statistical Methods", section 4.3). If m and n are too small, known is false, but the median and
 * the range of the differences are set. -E2BIG above STATS_SHIFT_MAX; -ENOMEM.
 */
enum { STATS_SHIFT_MAX = 100 };
size_t stats_shift_least(double confidence); /* least size of both samples for an interval */
int stats_shift(const double *from, size_t m, const double *to, size_t n, double confidence,
		struct estimate *ratio);

/* Medians without an interval; both sort their values. 0 if n is 0. */
double stats_middle(double *values, size_t n);
uint64_t stats_median_u64(uint64_t *values, size_t n);

/*
 * Exact one-sided bounds for a probability of which k successes in n tries are known, by Clopper
 * and Pearson ("The use of confidence or fiducial limits", Biometrika 26, 1934). Their coverage is
 * never below the confidence.
 */

/* P(X <= k) for X ~ Binomial(n, p). */
double binomial_at_most(uint64_t k, uint64_t n, double p);

/*
 * The probability is at most (upper) or at least (lower) this, with that confidence (0.95). 0 <= k
 * <= n, n > 0.
 */
double binomial_upper(uint64_t k, uint64_t n, double confidence);
double binomial_lower(uint64_t k, uint64_t n, double confidence);

#endif
