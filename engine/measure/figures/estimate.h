/*
 * Computes figures from passes: the time of each cell, its ratio to the baseline, and the fastest
 * cell.
 */
#ifndef ENGINE_MEASURE_FIGURES_ESTIMATE_H
#define ENGINE_MEASURE_FIGURES_ESTIMATE_H

#include "engine/result.h"

/*
 * Fills ns_per_entry, min, p05, p95, ratio, ratio_all, scaling and n_clean of every cell,
 * result->fastest (one or two for each baseline), result->more_jobs, and the precision reached if
 * one was requested. Can be called again after more passes. 0 or -ENOMEM.
 */
int estimate_cells(struct result *result);

/*
 * The half-width of the widest interval of a ratio: the distance of its farther end from the
 * median, in millionths of the median. *widest: its cell, or NULL. To be called after
 * estimate_cells. COUNT_UNKNOWN: some cell has no interval, or no cell has a ratio.
 */
uint64_t estimate_precision(const struct result *result, const struct cell_result **widest);

/*
 * Whether the precision is checked after this number of rounds. The checks begin at STATS_LEAST and
 * become rarer without end, because the time of a check grows with the number of rounds.
 */
bool estimate_is_due(uint32_t rounds);

/*
 * The checks of a finished run: facts about its figures, as data for programs and as the warnings
 * below the table.
 */

/* Fills result->checks anew; to be called after estimate_cells. 0 or -ENOMEM. */
int check_result(struct result *result);

#endif
