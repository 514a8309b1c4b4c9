/*
 * From passes to figures: the time of each cell, its ratio to the baseline, and the fastest cell.
 */
#ifndef ENGINE_MEASURE_FIGURES_ESTIMATE_H
#define ENGINE_MEASURE_FIGURES_ESTIMATE_H

#include "engine/result.h"

/*
 * Fills ns_per_entry, min, p05, p95, ratio, ratio_all, scaling and n_clean of every cell,
 * result->fastest (one for each baseline, or two), result->more_jobs, and the precision reached if
 * one was asked for, from the passes there are; may be called again when there are more. -ENOMEM.
 */
int estimate_cells(struct result *result);

/*
 * The widest interval of a ratio: its farther end's distance from the median, in millionths of it,
 * after estimate_cells. COUNT_UNKNOWN: some cell has none yet, or there is no ratio at all.
 */
uint64_t estimate_precision(const struct result *result, const struct cell_result **widest);

/*
 * Whether it is time to look at the precision again after so many rounds: from STATS_LEAST on, ever
 * more seldom and for ever, since a look takes as long as there are rounds.
 */
bool estimate_is_due(uint32_t rounds);

/*
 * The logarithms of the times of a over those of b, paired by round as ratios are; the caller frees
 * *logs. -ENOMEM.
 */
int estimate_logs(const struct cell_result *a, const struct cell_result *b, double **logs,
		  size_t *n);

/*
 * Checks of a finished run: what a reader should know about its figures, as data for programs and
 * as the warnings below the table.
 */

/* Fills result->checks anew, once figures are estimated. -ENOMEM. */
int check_result(struct result *result);

#endif
