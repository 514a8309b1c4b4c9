/*
 * Seeded random numbers in integer arithmetic only, so that a seed gives the same tree and the same
 * order of cells on every machine, compiler and libc. SplitMix64 (Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014): one word of state, any seed is good.
 */
#ifndef ENGINE_BASE_RNG_H
#define ENGINE_BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

/* Mixes the bits of x; rng_mix(a ^ rng_mix(b)) derives independent seeds from a pair. */
static inline uint64_t rng_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
	return rng_mix(rng->state += UINT64_C(0x9e3779b97f4a7c15));
}

/*
 * A number in [0, bound), bound > 0. Multiply-shift (Lemire, 2019) without the rejection step: the
 * bias is below bound / 2^64, and the sequence advances by exactly one step.
 */
static inline uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)rng_next(rng) * bound) >> 64);
}

#endif
