/* statmark tree stats: the numbers of any directory, for people and as JSON. */
#ifndef ENGINE_CMD_PARTS_STATS_H
#define ENGINE_CMD_PARTS_STATS_H

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"

struct census;

/* Counts and prints; of a tree that statmark made, what is in it. */
int stats_print(const char *dir, const struct options *options, const struct progress *progress,
		struct err *err);

/* A line of a few means and small pictures of how they are spread, and the head of such lines. */
void stats_sketch_head(void);
void stats_sketch(const char *name, const struct census *census);

#endif
