/*
 * The data of each plot of a run; each kind has its .c file. The functions return NULL, or why
 * there is nothing to draw; "" if nobody would expect the plot.
 */
#ifndef REPORTS_PLOTS_KINDS_H
#define REPORTS_PLOTS_KINDS_H

#include <stdio.h>

#include "reports/plots/columns.h"
#include "reports/plots/drawing.h"

/*
 * rows.c: ns-per-entry.tsv and ratio.tsv, a row for each cell. In a run with several groups the
 * rows of a group are below its name. Of many cells only the first are drawn, and the baseline.
 */
const char *rows_write_costs(struct plots *p, FILE *data);
const char *rows_write_ratios(struct plots *p, FILE *data);

/*
 * panels.c: scaling.tsv, latency.tsv and decisions.tsv: lines in a panel for each group. Every
 * panel has a block for every line, so that a line has the same colour in all of them.
 */
const char *panels_write_scaling(struct plots *p, FILE *data);
const char *panels_write_latencies(struct plots *p, FILE *data);
const char *panels_write_decisions(struct plots *p, FILE *data);

/*
 * heat_map.c: heat-map.tsv, the ratios of a run with several groups: a row for each group, a column
 * for each kind of cell.
 */
const char *heat_map_write(struct plots *p, FILE *data);

/* pass_plot.c: passes.tsv, the passes of some cells in the order of measurement. */
const char *pass_plot_write(struct plots *p, FILE *data);

/* cache_plot.c: cold-and-warm.tsv, cells measured in several cache states, side by side. */
const char *cache_plot_write(struct plots *p, FILE *data);

/*
 * size_plot.c: sizes.tsv, time and ratio over the number of entries, for each shape on each
 * filesystem.
 */
const char *size_plot_write(struct plots *p, FILE *data);

#endif
