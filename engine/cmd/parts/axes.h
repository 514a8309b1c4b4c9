/*
 * What a run measures on: every TREE of the command line in every size of --entries, opened one
 * after the other and measured together.
 */
#ifndef ENGINE_CMD_PARTS_AXES_H
#define ENGINE_CMD_PARTS_AXES_H

#include "engine/cmd/parts/subject.h"
#include "engine/measure/run.h"

enum { AXES_MAX = 64 }; /* combinations */

struct axes {
	struct subject *subjects;
	struct target *targets; /* of the subjects; load follows when it is known what fits */
	size_t n;
};

struct axes_request {
	char **words; /* trees; without any: the usual one */
	const struct options *options;
	const char *skip_dir; /* where the results go: left out of a tree in which it lies */
	uint64_t share_ns;    /* time to load all trees in; 0: no limit */
	const struct cache_control *control;
	const struct progress *progress;
	struct arena *arena;
};

/* How many there will be. */
size_t axes_count(char **words, const struct options *options);

/* Whether there are too many combinations, or a size for a tree that is only read. -EINVAL. */
int axes_check(char **words, const struct options *options, struct err *err);

/* Makes the trees that have to be made, and loads all. axes_close also after an error. */
int axes_open(struct axes *axes, const struct axes_request *request, struct err *err);
void axes_close(struct axes *axes); /* accepts a zeroed one */

/* How long it took to make trees, which is done once. */
uint64_t axes_made_ns(const struct axes *axes);

/* Describes trees and filesystems in the document, as they are measured. -ENOMEM. */
int axes_describe(const struct axes *axes, const char *order, struct result *result);

#endif
