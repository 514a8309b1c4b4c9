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

/*
 * The machine drifts within a round, too: on a shared virtual machine with 15 cells, ratios of
 * passes that stood next to each other strayed half as far from their median as ratios of passes
 * ten places apart. So the cell that all others are compared with is passed again after every two
 * of them, and each has it for a neighbour.
 */

/* Room for the sequence of n cells. */
static inline size_t plan_room(size_t n)
{
	return n + n / 2 + 2;
}

/*
 * Fills sequence (plan_room(n) places) with one round: every cell once, shuffled, and the anchor
 * before, between and behind pairs of them. anchor >= n: none, each cell once. Returns the length.
 */
size_t plan_sequence(uint64_t seed, uint32_t round, size_t n, size_t anchor, size_t *sequence);

/* Fills order with a permutation of 0..n-1; the same seed and round give the same one. */
void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n);

#endif
