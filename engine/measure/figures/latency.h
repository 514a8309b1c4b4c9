/*
 * The latencies of one cell: the samples of all of its latency passes, and the figures that they
 * support.
 */
#ifndef ENGINE_MEASURE_FIGURES_LATENCY_H
#define ENGINE_MEASURE_FIGURES_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/result.h"
#include "engine/strategy.h"

/*
 * A histogram of times. Its memory is fixed, so adding a sample in a pass allocates nothing, and it
 * keeps the tail, which a mean would hide.
 *
 * Buckets are log-linear: every time up to 255 ns has one of its own; above, each doubling is cut
 * into 128 equal ones. A bucket is answered for by its middle, so what comes out is within 0.4 % of
 * what went in, from 1 ns to 39 hours. Longer times count as the last bucket's and are counted
 * apart, too; the longest is kept exactly.
 */
enum {
	HIST_PARTS_BITS = 7, /* buckets per doubling, as a power of two */
	HIST_PARTS = 1 << HIST_PARTS_BITS,
	HIST_TOP_BITS = 47, /* longer times overflow: 2^47 ns are 39 hours */
	HIST_BUCKETS = (HIST_TOP_BITS - HIST_PARTS_BITS + 1) * HIST_PARTS,
};

/* Samples that must lie beyond a percentile for it to be reported. */
enum { HIST_BEYOND_LEAST = 10 };

/* Parts per million of the samples: the percentiles that are reported. */
enum { HIST_P50 = 500000, HIST_P90 = 900000, HIST_P99 = 990000, HIST_P999 = 999000 };

/* All zero: empty. */
struct hist {
	uint64_t n;        /* samples */
	uint64_t overflow; /* of them, too long for any bucket */
	uint64_t max;      /* the longest, exactly */
	uint64_t counts[HIST_BUCKETS];
};

/* The bucket of a time: the leading bit chooses the doubling, the next seven the part of it. */
static inline size_t hist_bucket(uint64_t ns)
{
	if (ns < 2 * HIST_PARTS)
		return (size_t)ns;
	if (ns >> HIST_TOP_BITS)
		return HIST_BUCKETS - 1;
	unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - HIST_PARTS_BITS;
	return ((size_t)shift << HIST_PARTS_BITS) + (size_t)(ns >> shift);
}

static inline void hist_add(struct hist *h, uint64_t ns)
{
	h->n++;
	h->overflow += ns >> HIST_TOP_BITS != 0;
	h->max = ns > h->max ? ns : h->max;
	h->counts[hist_bucket(ns)]++;
}

/* The least time of a bucket, and the one that stands for all of its times, ns. */
uint64_t hist_least(size_t bucket);
uint64_t hist_middle(size_t bucket);

void hist_merge(struct hist *into, const struct hist *from);

/*
 * The time that ppm millionths of the samples do not exceed (nearest rank). False, and *ns
 * untouched, when fewer than HIST_BEYOND_LEAST samples lie beyond its rank: a percentile that rests
 * on less is luck.
 */
bool hist_percentile(const struct hist *h, uint32_t ppm, uint64_t *ns);

/* The entries that took longest, shortest first; fewer than SLOWEST are kept while n is less. */
enum { SLOWEST = 10 };

struct slow {
	uint64_t ns;
	uint32_t entry;
};

struct slowest {
	size_t n;
	struct slow entries[SLOWEST];
};

/* Keeps it if it is among the slowest; of one entry only the longest time. */
void slowest_add(struct slowest *slowest, uint32_t entry, uint64_t ns);

/* All zero: nothing was sampled. */
struct latency {
	struct hist hist;
	struct slowest slowest;
};

/*
 * For a cell that is ready to run. *latency stays NULL, and facts say why, when its entries can
 * have no latency at all. -ENOMEM.
 */
int latency_open(struct latency **latency, const struct cell *cell, struct latency_facts *facts);
void latency_free(struct latency *latency); /* accepts NULL */

/* No figures, and why. */
void latency_unknown(struct latency_facts *facts, const char *reason);

/* Fills in the figures, once all passes are done. -ENOMEM. */
int latency_settle(const struct latency *latency, const struct workload *load,
		   struct latency_facts *facts, struct arena *arena);

#endif
