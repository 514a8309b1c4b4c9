/*
 * scaling.tsv, latency.tsv and decisions.tsv: lines, in a panel for each group. Every panel has a
 * block for every line, so that a line has one colour in all of them.
 */
#ifndef REPORTS_PLOTS_PANELS_H
#define REPORTS_PLOTS_PANELS_H

#include "reports/plots/columns.h"

/* They return why there is nothing to draw, or NULL; "": nobody would expect it. */
const char *panels_write_scaling(struct plots *p, FILE *data);
const char *panels_write_latencies(struct plots *p, FILE *data);
const char *panels_write_decisions(struct plots *p, FILE *data);

#endif
