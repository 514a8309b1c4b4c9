/* sizes.tsv: time and ratio over the number of entries, for each shape on each filesystem. */
#ifndef REPORTS_PLOTS_SIZE_PLOT_H
#define REPORTS_PLOTS_SIZE_PLOT_H

#include "reports/plots/columns.h"

/* Returns why there is nothing to draw, or NULL; "": nobody would expect it. */
const char *size_plot_write(struct plots *p, FILE *data);

#endif
