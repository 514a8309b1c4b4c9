/* passes.tsv: the passes of some cells in the order in which they were measured. */
#ifndef REPORTS_PLOTS_PASS_PLOT_H
#define REPORTS_PLOTS_PASS_PLOT_H

#include "reports/plots/columns.h"

/* Returns why there is nothing to draw, or NULL. */
const char *pass_plot_write(struct plots *p, FILE *data);

#endif
