/* statmark tree stats: the numbers of any directory, for people and as JSON. */
#ifndef ENGINE_CMD_PARTS_STATS_H
#define ENGINE_CMD_PARTS_STATS_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"

struct census;
struct json_t;
struct tree_info;

/* Counts and prints; of a tree that statmark made, what is in it. */
int stats_print(const char *dir, const struct tree_command *options,
		const struct progress *progress, struct err *err);

/* Where to count: the tree in a container that statmark made, or dir. */
const char *stats_root(const char *dir, struct tree_info *info);

/* What could not be read, asked for or entered. */
void stats_missing(FILE *to, const struct census *census, const struct tree_command *options);

/* All numbers as a JSON object; NULL: out of memory. */
struct json_t *stats_json(const struct census *census, const struct tree_command *options,
			  const char *root);

/* A line of a few means and small pictures of how they are spread, and the head of such lines. */
void stats_sketch_head(FILE *to);
void stats_sketch(FILE *to, const char *name, const struct census *census);

/* statmark tree stats A B: how far two directories are apart. */

int pair_print(char **dirs, const struct tree_command *options, const struct progress *progress,
	       struct err *err);

#endif
