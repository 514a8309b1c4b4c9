/* The one place that runs gnuplot: without a shell, without the user's start-up files. */
#ifndef REPORTS_PLOTS_GNUPLOT_H
#define REPORTS_PLOTS_GNUPLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"

/*
 * Runs a script in the open folder dir and waits for its end; is_dark: with DARK=1 (common.gp), for
 * a dark ground. -ENOENT: gnuplot is not installed;
 * -EIO: it failed, with its first complaint as message; -EINTR: *stop (may be NULL) was set, and
 * gnuplot was killed; -ETIMEDOUT: so it was when it was until_ns by clock_ns (0: no bound); those
 * of posix_spawn(3).
 */
int gnuplot_run(int dir, const char *script, bool is_dark, const volatile int *stop,
		uint64_t until_ns, struct err *err);

#endif
