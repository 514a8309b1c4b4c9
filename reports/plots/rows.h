/*
 * ns-per-entry.tsv and ratio.tsv: a row for each cell. Of a run with several groups the rows of
 * each stand together below its name; of many cells those that come first, and the baseline.
 */
#ifndef REPORTS_PLOTS_ROWS_H
#define REPORTS_PLOTS_ROWS_H

#include "reports/plots/columns.h"

/* Both return why there is nothing to draw, or NULL. */
const char *rows_write_costs(struct plots *p, FILE *data);
const char *rows_write_ratios(struct plots *p, FILE *data);

#endif
