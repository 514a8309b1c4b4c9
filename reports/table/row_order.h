/* The order of the rows of a table: from fast to slow, what has no figure last. */
#ifndef REPORTS_TABLE_ROW_ORDER_H
#define REPORTS_TABLE_ROW_ORDER_H

#include "engine/result.h"

/*
 * Below 0 where x comes first. Cells with one baseline stand together, in the order of the
 * baselines; of them the baseline, then ratios from small to large, then times without a ratio,
 * then those without a figure, each kind as it was run. Both are cells of the result.
 */
int row_order(const struct result *result, const struct cell_result *x,
	      const struct cell_result *y);

#endif
