/*
 * The order of passes: every round runs every cell once, in a shuffled Latin order from the seed.
 * Machines drift by tens of per cent within seconds. Because passes are interleaved, a drift
 * affects neighbouring passes alike, and their ratio stays correct.
 *
 * Rounds come in blocks of n for n cells (2n if n is odd). In a block every cell is at every
 * position equally often and directly after every other cell equally often, so that the caches left
 * by one cell do not affect one other cell more than the rest (E. J. Williams, "Experimental
 * designs balanced for the estimation of residual effects of treatments", 1949). The numbering of
 * the cells and the order of the rows are shuffled anew for every block.
 */
#ifndef ENGINE_MEASURE_CHOOSE_PLAN_H
#define ENGINE_MEASURE_CHOOSE_PLAN_H

#include <stddef.h>
#include <stdint.h>

/*
 * The machine drifts within a round, too: on a shared virtual machine with 15 cells, ratios of
 * neighbouring passes deviated from their median half as much as ratios of passes ten positions
 * apart. So the cell that all others are compared with, the anchor, has a pass after every two
 * others, and each of them is next to one of its passes.
 */

/* The length of the array that plan_sequence needs for n cells, including space to shuffle. */
static inline size_t plan_room(size_t n)
{
	return n + n / 2 + 2 + n;
}

/* The number of passes in one round of n cells, one of which is the anchor. */
static inline size_t plan_length(size_t n)
{
	return n ? n + (n - 1) / 2 : 0;
}

/*
 * Fills sequence (plan_room(n) elements) with one round: every other cell once, shuffled in pairs,
 * and the anchor before, between and after the pairs. anchor >= n: no anchor, each cell once.
 * Returns the length.
 */
size_t plan_sequence(uint64_t seed, uint32_t round, size_t n, size_t anchor, size_t *sequence);

/*
 * Fills order[0..n) with a permutation of 0..n-1; the same seed and round give the same one. order
 * has 2n elements; the second n are used to shuffle.
 */
void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n);

#endif
