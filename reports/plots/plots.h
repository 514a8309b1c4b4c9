/*
 * Plots by gnuplot. Each has a script in plots/, which is embedded in the program. Drawing writes
 * the script and its data to OUT/plots, where `gnuplot NAME.gp` can be run again by hand, and makes
 * OUT/NAME.svg and OUT/NAME.png from copies of them.
 */
#ifndef REPORTS_PLOTS_PLOTS_H
#define REPORTS_PLOTS_PLOTS_H

#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/result.h"
#include "reports/plots/drawing.h"

/*
 * Draws the plots that have data. Each plot gets a line in the log: the file, or why there is none.
 * A picture of an earlier run is removed. -ENOTSUP: gnuplot is not installed; all data and scripts
 * are written, and the message says what to do. Other errors: a file that cannot be written; -EIO
 * if gnuplot fails (with its message) or writes an incomplete picture; -EINTR if it is stopped;
 * -ETIMEDOUT if the time is up before all plots are drawn; -ENOMEM.
 */
int plots_draw(const struct result *result, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err);

/*
 * How long it took, or would have taken, to draw all plots whose pictures are in a directory, in
 * ns. The directory is NAME in the directory that is open as `at`. 0: there are none.
 */
uint64_t plots_took(int at, const char *name);

#endif
