/* The gnuplot scripts: the embedded ones, and scripts of the user that replace them. */
#ifndef REPORTS_PLOTS_SCRIPTS_H
#define REPORTS_PLOTS_SCRIPTS_H

#include <stddef.h>

#include "engine/base/err.h"

/*
 * Whether a directory of scripts can be used. -EINVAL: other users can write there, and could make
 * gnuplot run any command, or it has none of statmark's scripts; errors of open(2).
 */
int scripts_check(const char *dir, struct err *err);

/*
 * Reads NAME.gp of that directory (NULL: none), or the embedded script if the directory does not
 * have it. The caller frees *text. -ENOENT: there is no such script; -EINVAL, as above; -EFBIG.
 */
int scripts_read(const char *dir, const char *name, char **text, size_t *size, struct err *err);

#endif
