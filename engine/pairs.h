/*
 * Pairs the passes of two cells by round: their ratio is computed from these pairs.
 *
 * Only rounds in which both cells have a pass that counts give a pair. If a cell has several such
 * passes in a round, as the baseline has, the one nearest to the other cell's pass is taken. A pass
 * of the cell with fewer passes is in one pair at most.
 */
#ifndef ENGINE_PAIRS_H
#define ENGINE_PAIRS_H

#include "engine/result.h"

/* All rounds, or every second one: one half to choose a cell, the other to score it. */
enum half { HALF_BOTH, HALF_EVEN, HALF_ODD };

/*
 * Sets the times of the pairs, a[i] of cell a and b[i] of cell b, and returns their number.
 * counts_disturbed: as in result_pass_counts. The arrays have room for the passes of the cell that
 * has more.
 */
size_t pairs_of(const struct cell_result *cell_a, const struct cell_result *cell_b, enum half half,
		bool counts_disturbed, uint64_t *a, uint64_t *b);

/*
 * The same for undisturbed passes; if these give fewer than STATS_LEAST_OF_TWO pairs, for all
 * verified ones.
 */
size_t pairs_enough(const struct cell_result *cell_a, const struct cell_result *cell_b,
		    enum half half, uint64_t *a, uint64_t *b);

/*
 * Sets *logs to the *n logarithms of the times of a over those of b, of pairs_enough over all
 * rounds; the caller frees it. 0 or -ENOMEM.
 */
int pairs_logs(const struct cell_result *a, const struct cell_result *b, double **logs, size_t *n);

#endif
