/*
 * ninja bench-change: how often are changes found where there are none, and how soon where there is
 * one? Synthetic series: noise of 2 %, without and with spikes (one point in twenty is up to 30 %
 * slower). Prints beside a rate how large or small it may be at most (exact, 95 %).
 *
 *   change [SERIES]    series per seed (default 200), of 10 seeds
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "reports/history/change.h"

enum { SEEDS = 10, POINTS = 60, STEP_POINTS = 8, NEAR = 3 };

static const struct change_terms terms = {.seed = 1, .error_ppm = 10000, .magnitude = 20000};

static double uniform(struct rng *rng)
{
	return ((double)(rng_next(rng) >> 11) + 0.5) / 0x1p53;
}

static double normal(struct rng *rng)
{
	double length = sqrt(-2 * log(uniform(rng)));
	return length * cos(2 * M_PI * uniform(rng));
}

/* One point in millionths of a logarithm. */
static int64_t point(struct rng *rng, bool spikes, double level)
{
	double value = level + 0.02 * normal(rng);
	if (spikes && uniform(rng) < 0.05)
		value += 0.3 * uniform(rng);
	return (int64_t)(value * 1e6);
}

/* P(X <= k) of a binomial. */
static double at_most(unsigned k, unsigned n, double p)
{
	double sum = 0;
	for (unsigned i = 0; i <= k; i++)
		sum += exp(lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) + i * log(p) +
			   (n - i) * log1p(-p));
	return sum;
}

/* The rate that would show k or fewer in 5 % of tries (Clopper and Pearson, one-sided). */
static double upper_bound(unsigned k, unsigned n)
{
	double lo = 0, hi = 1;
	for (int i = 0; i < 60; i++) {
		double p = (lo + hi) / 2;
		*(at_most(k, n, p) > 0.05 ? &lo : &hi) = p;
	}
	return 100 * hi;
}

static unsigned flat(uint64_t seed, unsigned series, bool spikes)
{
	struct rng rng = {rng_mix(seed)};
	unsigned found = 0;
	for (unsigned i = 0; i < series; i++) {
		struct change changes[CHANGES_MAX];
		int64_t values[POINTS];
		size_t n;
		for (int k = 0; k < POINTS; k++)
			values[k] = point(&rng, spikes, 0);
		found += !change_find(values, POINTS, &terms, changes, &n) && n > 0;
	}
	return found;
}

/* Series that end so many points behind a step: is it found, and near where it is? */
static unsigned stepped(uint64_t seed, unsigned series, bool spikes, double step, int behind)
{
	struct rng rng = {rng_mix(seed)};
	unsigned found = 0;
	for (unsigned i = 0; i < series; i++) {
		struct change changes[CHANGES_MAX];
		int64_t values[POINTS];
		size_t n = 0, at = (size_t)(POINTS - behind);
		bool near = false;
		for (int k = 0; k < POINTS; k++)
			values[k] = point(&rng, spikes, k >= (int)at ? log1p(step) : 0);
		change_find(values, POINTS, &terms, changes, &n);
		for (size_t c = 0; c < n; c++)
			near |= changes[c].at + NEAR >= at && changes[c].at <= at + NEAR;
		found += near;
	}
	return found;
}

static void bench_flat(unsigned series, bool spikes)
{
	unsigned found = 0;
	uint64_t began = clock_ns();
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		found += flat(seed, series, spikes);
	double ms = (double)(clock_ns() - began) / 1e6 / (SEEDS * series);
	printf("flat, %-15s %4u of %u series have a change: %.2f %%, at most %.2f %% (95 %%)"
	       "   %.1f ms each\n",
	       spikes ? "with spikes" : "without spikes", found, SEEDS * series,
	       100.0 * found / (SEEDS * series), upper_bound(found, SEEDS * series), ms);
}

static void bench_step(unsigned series, bool spikes, double step)
{
	for (int behind = 4; behind <= STEP_POINTS; behind += 2) {
		unsigned found = 0;
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			found += stepped(seed, series, spikes, step, behind);
		const unsigned n = SEEDS * series;
		printf("step of %.0f %%, %-15s found with %d points behind it: %.1f %%, at least"
		       " %.1f %% (95 %%)\n",
		       100 * step, spikes ? "with spikes," : "without spikes,", behind,
		       100.0 * found / n, 100 - upper_bound(n - found, n));
	}
}

int main(int argc, char **argv)
{
	const unsigned series = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200;
	printf("%d points, noise 2 %%, error %u ppm, least change %.0f %%\n", POINTS,
	       terms.error_ppm, (double)terms.magnitude / 1e4);
	for (int spikes = 0; spikes <= 1; spikes++)
		bench_flat(series, spikes);
	for (int spikes = 0; spikes <= 1; spikes++)
		bench_step(series / 4 ? series / 4 : 1, spikes, 0.05);
	return 0;
}
