/*
 * Plots by gnuplot. Each is a script in plots/ that travels inside the program: drawing writes the
 * script and its data to OUT/plots, where `gnuplot NAME.gp` can be run again by hand, and makes
 * OUT/NAME.svg and OUT/NAME.png of copies of them.
 */
#ifndef REPORTS_PLOTS_PLOTS_H
#define REPORTS_PLOTS_PLOTS_H

#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/result.h"
#include "reports/plots/drawing.h"

/*
 * Draws what there is to draw. For each plot a line goes to the log: the
 * file, or why there is none; what an earlier run left of such a plot is removed. -ENOTSUP when
 * there is no gnuplot: all data and scripts are written, and the message says how to go on. Other
 * errors: a file that cannot be written, -EIO when gnuplot fails (with its words) or leaves half a
 * picture, -EINTR when it is to stop, -ETIMEDOUT when the time is up and there is more to draw,
 * -ENOMEM.
 */
int plots_draw(const struct result *result, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err);

/*
 * How long the drawing took of which the pictures are in that directory, NAME in the one that is
 * open, in ns; or would have taken. 0: there is none.
 */
uint64_t plots_took(int at, const char *name);

#endif
