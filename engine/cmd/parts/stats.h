/*
 * statmark tree stats: the statistics of any directory, as text and as JSON.
 */
#ifndef ENGINE_CMD_PARTS_STATS_H
#define ENGINE_CMD_PARTS_STATS_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"

struct census;
struct tree_info;

/* Counts and prints; for a container made by statmark, its tree. */
int stats_print(const char *dir, const struct tree_command *options,
		const struct progress *progress, struct err *err);

/* The directory to count: the tree in a container made by statmark, or dir. */
const char *stats_root(const char *dir, struct tree_info *info);

/* Prints what could not be read or entered. */
void stats_missing(FILE *to, const struct census *census, const struct tree_command *options);

/* Prints a line with means and small pictures of distributions, and the header of such lines. */
void stats_sketch_head(FILE *to);
void stats_sketch(FILE *to, const char *name, const struct census *census);

/* statmark tree stats A B: compares the distributions of two directories. */

int pair_print(char **dirs, const struct tree_command *options, const struct progress *progress,
	       struct err *err);

#endif
