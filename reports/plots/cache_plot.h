/* cold-and-warm.tsv: what is measured in several cache states, side by side. */
#ifndef REPORTS_PLOTS_CACHE_PLOT_H
#define REPORTS_PLOTS_CACHE_PLOT_H

#include "reports/plots/columns.h"

/* Returns why there is nothing to draw, or NULL; "": nothing was measured in two states. */
const char *cache_plot_write(struct plots *p, FILE *data);

#endif
