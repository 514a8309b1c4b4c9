/* The history as pictures: a panel for each series with its levels, changes and noise. */
#ifndef REPORTS_HISTORY_TREND_PLOT_H
#define REPORTS_HISTORY_TREND_PLOT_H

#include <stdio.h>

#include "engine/base/outdir.h"
#include "reports/history/trend.h"

/* Draws OUT/history.svg and .png; log and errors as of drawing_make. */
int trend_plot(const struct trends *trends, const char *path, const struct outdir *out, FILE *log,
	       const volatile int *stop, struct err *err);

#endif
