/*
 * A result made by hand of a run over several trees: every shape in every size, each with a
 * baseline of its own and a cell for every kind, in one cache state.
 */
#ifndef TESTS_UNIT_WITH_GROUPS_H
#define TESTS_UNIT_WITH_GROUPS_H

#include "engine/result.h"

struct grid {
	const char *const *shapes;
	size_t n_shapes;
	const uint64_t *sizes;
	size_t n_sizes;
	const char *const *kinds; /* labels; the first is the baseline's, always with one job */
	size_t n_kinds;
	uint32_t jobs; /* every kind with one job, and where this is more with so many, too */
};

/* Based on with_result(); the caller frees it. */
struct result *with_groups(const struct grid *grid);

/* The cell of that kind on that tree, counted shape by shape. */
struct cell_result *grid_cell(struct result *result, const struct grid *grid, size_t tree,
			      size_t kind, uint32_t jobs);

/* The interval of more jobs over one on that tree. */
void grid_set_more(struct result *result, size_t tree, double median, double lo, double hi);

#endif
