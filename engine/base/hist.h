/*
 * A histogram of times. Its size is fixed, so adding a sample during a pass allocates nothing, and
 * it keeps the tail, which a mean hides.
 *
 * Buckets are log-linear: every time up to 255 ns has a bucket of its own; above, each doubling is
 * divided into 128 equal buckets. A bucket is represented by its middle, so a reported time is
 * within 0.4 % of the real one, from 1 ns to 39 hours. Longer times are added to the last bucket
 * and also counted in overflow; the longest is kept exactly.
 */
#ifndef ENGINE_BASE_HIST_H
#define ENGINE_BASE_HIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HIST_PARTS_BITS = 7, /* buckets per doubling, as a power of two */
	HIST_PARTS = 1 << HIST_PARTS_BITS,
	HIST_TOP_BITS = 47, /* longer times overflow: 2^47 ns are 39 hours */
	HIST_BUCKETS = (HIST_TOP_BITS - HIST_PARTS_BITS + 1) * HIST_PARTS,
};

/* A percentile is reported only if at least so many samples are above it. */
enum { HIST_BEYOND_LEAST = 10 };

/* The percentiles that are reported, in parts per million of the samples. */
enum { HIST_P50 = 500000, HIST_P90 = 900000, HIST_P99 = 990000, HIST_P999 = 999000 };

/* Zeroed: empty. */
struct hist {
	uint64_t n;        /* samples */
	uint64_t overflow; /* samples too long for the last bucket */
	uint64_t max;      /* the longest, exactly */
	uint64_t counts[HIST_BUCKETS];
};

/*
 * The bucket of a time: the leading bit selects the doubling, the next seven bits the part of it.
 */
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

/* The smallest time of a bucket, and the one that represents it, ns. */
uint64_t hist_least(size_t bucket);
uint64_t hist_middle(size_t bucket);

void hist_merge(struct hist *into, const struct hist *from);

/*
 * Sets *ns to the time that ppm millionths of the samples do not exceed (nearest rank). False, and
 * *ns unchanged, if fewer than HIST_BEYOND_LEAST samples are above that rank, because such a
 * percentile would be chance.
 */
bool hist_percentile(const struct hist *h, uint32_t ppm, uint64_t *ns);

#endif
