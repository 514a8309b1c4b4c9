#include "reports/table/row_order.h"

static int rank(const struct cell_result *cell)
{
	if (cell->is_baseline)
		return 0;
	if (cell->status == STATUS_OK)
		return estimate_has_median(&cell->ratio)          ? 1
		       : estimate_has_median(&cell->ns_per_entry) ? 2
								  : 3;
	return 3 + (int)cell->status;
}

/*
 * The key within one rank: the ratio if there is one, because the time per entry misleads for a
 * walk that found less.
 */
static double order_of(const struct cell_result *cell)
{
	const bool has_ratio = estimate_has_median(&cell->ratio);
	return has_ratio ? cell->ratio.median : cell->ns_per_entry.median;
}

int row_order(const struct result *result, const struct cell_result *x, const struct cell_result *y)
{
	const struct cell_result *group_x = result_baseline_of(result, x);
	const struct cell_result *group_y = result_baseline_of(result, y);
	const double cost_x = order_of(x), cost_y = order_of(y);
	if (group_x != group_y)
		return group_x < group_y ? -1 : 1;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	if (estimate_has_median(&x->ns_per_entry) && cost_x != cost_y)
		return cost_x < cost_y ? -1 : 1;
	return x < y ? -1 : x > y;
}
