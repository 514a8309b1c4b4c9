/*
 * The order of passes: every round runs every cell once, in a shuffled Latin order from the seed.
 * Machines drift by tens of per cent within seconds. Because passes are interleaved, a drift
 * affects neighbouring passes alike, and their ratio stays correct.
 *
 * Rounds come in blocks, n of them for n cells (2n when n is odd), in which every cell stands at
 * every place equally often and behind every other cell equally often, so that no cell inherits
 * another's caches more than the rest (E. J. Williams, "Experimental designs balanced for the
 * estimation of residual effects of treatments", 1949). Which cell is which, and in which order the
 * rows of a block come, is shuffled anew for every block.
 */
#ifndef ENGINE_MEASURE_CHOOSE_PLAN_H
#define ENGINE_MEASURE_CHOOSE_PLAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * The machine drifts within a round, too: on a shared virtual machine with 15 cells, ratios of
 * passes that stood next to each other strayed half as far from their median as ratios of passes
 * ten places apart. So the cell that all others are compared with is passed again after every two
 * of them, and each has it for a neighbour.
 */

/* Room for the sequence of n cells, and to shuffle them in. */
static inline size_t plan_room(size_t n)
{
	return n + n / 2 + 2 + n;
}

/* Passes of one round of n cells, one of which is the anchor. */
static inline size_t plan_length(size_t n)
{
	return n ? n + (n - 1) / 2 : 0;
}

/*
 * Fills sequence (plan_room(n) places) with one round: every cell once, shuffled, and the anchor
 * before, between and behind pairs of them. anchor >= n: none, each cell once. Returns the length.
 */
size_t plan_sequence(uint64_t seed, uint32_t round, size_t n, size_t anchor, size_t *sequence);

/*
 * Fills order[0..n) with a permutation of 0..n-1; the same seed and round give the same one. The n
 * places behind are used to shuffle in.
 */
void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n);

#endif
