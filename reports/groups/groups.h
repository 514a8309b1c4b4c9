/*
 * Arranges a run over several trees and cache states as a grid: a row for each baseline, with the
 * cells that are compared with it, and a column for each kind of cell (strategy, parameters and
 * jobs).
 */
#ifndef REPORTS_GROUPS_GROUPS_H
#define REPORTS_GROUPS_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/result.h"

struct groups {
	const struct cell_result **baselines; /* one for each group, in the order of the run */
	const char **names;                   /* of groups: "source-tree,10k, warm"; visible text */
	size_t n;
	const char **kinds; /* names of kinds of cells: "lstat/j2"; visible text, all different */
	size_t n_kinds;
	const struct cell_result **cells; /* n * n_kinds; floors are left out */
};

/* All memory is in the arena. False: out of memory. */
bool groups_make(struct arena *arena, const struct result *result, struct groups *groups);

/* NULL: that group has no such cell. */
const struct cell_result *groups_cell(const struct groups *groups, size_t group, size_t kind);

/*
 * The cell with the smallest ratio among those that can be the fastest; the baseline if no ratio is
 * below 1. NULL: there is no ratio.
 */
const struct cell_result *groups_best(const struct groups *groups, size_t group);

/*
 * The kinds in order of the median of their groups' ratios, smallest first. Kinds without a ratio
 * come last, in the order of the run. order has n_kinds elements.
 */
void groups_rank(const struct groups *groups, size_t *order);

#endif
