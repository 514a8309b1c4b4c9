#include "engine/measure/plan.h"

#include "engine/base/rng.h"

/* Fisher and Yates. */
void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n)
{
	struct rng rng = {rng_mix(seed ^ rng_mix((uint64_t)round + 1))};
	for (size_t i = 0; i < n; i++) {
		size_t j = (size_t)rng_below(&rng, i + 1);
		order[i] = order[j];
		order[j] = i;
	}
}
