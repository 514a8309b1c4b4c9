/* statmark tree stats A B: how far two directories are apart. */
#ifndef ENGINE_CMD_PARTS_PAIR_H
#define ENGINE_CMD_PARTS_PAIR_H

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"

int pair_print(char **dirs, const struct tree_command *options, const struct progress *progress,
	       struct err *err);

#endif
