/* heat-map.tsv: the ratios of a run with several groups, a row for each, a column for each kind. */
#ifndef REPORTS_PLOTS_HEAT_MAP_H
#define REPORTS_PLOTS_HEAT_MAP_H

#include "reports/plots/columns.h"

/* Returns why there is nothing to draw, or NULL; "": nobody would expect it. */
const char *heat_map_write(struct plots *p, FILE *data);

#endif
