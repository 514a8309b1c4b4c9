/* The order of the rows of a table: from fast to slow, cells without a figure last. */
#ifndef REPORTS_TABLE_ROW_ORDER_H
#define REPORTS_TABLE_ROW_ORDER_H

#include "engine/result.h"

/*
 * Compares two cells of the result; below 0: x comes first. Cells of one baseline are together, in
 * the order of the baselines: first the baseline, then cells by ratio, then cells with a time but
 * no ratio, then cells without a figure, these in the order of the run.
 */
int row_order(const struct result *result, const struct cell_result *x,
	      const struct cell_result *y);

#endif
