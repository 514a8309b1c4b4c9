/*
 * The order of passes: every round runs every cell once, in an order shuffled anew from the seed.
 * Interleaving is what makes ratios trustworthy: machines drift by tens of per cent within seconds,
 * and whatever drifts hits neighbouring passes alike; shuffling keeps a cell from always running
 * behind the same one and inheriting its caches.
 */
#ifndef ENGINE_MEASURE_PLAN_H
#define ENGINE_MEASURE_PLAN_H

#include <stddef.h>
#include <stdint.h>

/* Fills order with a permutation of 0..n-1; the same seed and round give the same one. */
void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n);

#endif
