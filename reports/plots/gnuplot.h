/* The one place that runs gnuplot: without a shell, without the user's start-up files. */
#ifndef REPORTS_PLOTS_GNUPLOT_H
#define REPORTS_PLOTS_GNUPLOT_H

#include "engine/base/err.h"

/*
 * Runs a script in folder dir and waits for its end. -ENOENT: gnuplot is not installed; -EIO: it
 * failed, with its first complaint as message; those of posix_spawn(3).
 */
int gnuplot_run(const char *dir, const char *script, struct err *err);

#endif
