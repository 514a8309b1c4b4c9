/* statmark tree fit: the shape that a directory has. */
#ifndef ENGINE_CMD_PARTS_FIT_H
#define ENGINE_CMD_PARTS_FIT_H

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"

/* Writes the shape to the file of -o, or prints it. */
int fit_print(const char *dir, const struct tree_command *options, const struct progress *progress,
	      struct err *err);

#endif
