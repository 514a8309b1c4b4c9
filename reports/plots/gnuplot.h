/* Runs gnuplot, without a shell and without the user's start-up files. No other code does. */
#ifndef REPORTS_PLOTS_GNUPLOT_H
#define REPORTS_PLOTS_GNUPLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/err.h"

/*
 * Runs a script in the open directory dir and waits for its end. is_dark: with DARK=1 (common.gp),
 * for a dark background. -ENOENT: gnuplot is not installed; -EIO: it failed, the message is its
 * last message; -EINTR: *stop (may be NULL) was set, and gnuplot was killed; -ETIMEDOUT:
 * likewise at until_ns by clock_ns (0: no limit); errors of posix_spawn(3).
 */
int gnuplot_run(int dir, const char *script, bool is_dark, const volatile int *stop,
		uint64_t until_ns, struct err *err);

#endif
