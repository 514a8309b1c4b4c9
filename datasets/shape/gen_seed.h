/* How everything that is drawn in a directory comes from its one seed; generator.h's files share
 * it. */
#ifndef DATASETS_SHAPE_GEN_SEED_H
#define DATASETS_SHAPE_GEN_SEED_H

#include <stdbool.h>

#include "engine/base/rng.h"

/* What a directory's seed is used for; each use has numbers of its own. */
enum use { USE_SPLIT, USE_CHILD, USE_NAME, USE_TYPE, USE_FILE, USE_LINK, USE_HOLE };

static inline uint64_t derive(uint64_t seed, enum use use, uint64_t i)
{
	return rng_mix(seed + (uint64_t)use * UINT64_C(0x9e3779b97f4a7c15) + rng_mix(i + 1));
}

static inline bool drawn(struct rng *rng, uint32_t per_mille)
{
	return rng_below(rng, 1000) < per_mille;
}

#endif
