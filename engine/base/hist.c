#include "engine/base/hist.h"

#include "engine/base/util.h"

/*
 * The exponent of the power of two by which the bucket's times were divided: the inverse of
 * hist_bucket.
 */
static unsigned shift_of(size_t bucket)
{
	return bucket < 2 * HIST_PARTS ? 0 : (unsigned)(bucket >> HIST_PARTS_BITS) - 1;
}

uint64_t hist_least(size_t bucket)
{
	unsigned shift = shift_of(bucket);
	return (uint64_t)(bucket - ((size_t)shift << HIST_PARTS_BITS)) << shift;
}

uint64_t hist_middle(size_t bucket)
{
	return hist_least(bucket) + (UINT64_C(1) << shift_of(bucket)) / 2;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	into->n += from->n;
	into->overflow += from->overflow;
	into->max = MAX(into->max, from->max);
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		into->counts[i] += from->counts[i];
}

/* n * ppm / 1000000 rounded up, at least 1. 128 bits, because the product can exceed 64. */
static uint64_t rank_of(uint64_t n, uint32_t ppm)
{
	unsigned __int128 rank = ((unsigned __int128)n * ppm + 999999) / 1000000;
	return MAX((uint64_t)rank, 1);
}

bool hist_percentile(const struct hist *h, uint32_t ppm, uint64_t *ns)
{
	uint64_t rank = rank_of(h->n, ppm), seen = 0;
	size_t bucket = 0;
	if (h->n < rank + HIST_BEYOND_LEAST)
		return false;
	while ((seen += h->counts[bucket]) < rank)
		bucket++;
	*ns = MIN(hist_middle(bucket), h->max);
	return true;
}
