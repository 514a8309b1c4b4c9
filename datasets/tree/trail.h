/*
 * The path of where a walk is, for messages and digests. It has room for the deepest tree that a
 * shape can ask for; of what is deeper still, the end is cut off. Too large for a stack.
 */
#ifndef DATASETS_TREE_TRAIL_H
#define DATASETS_TREE_TRAIL_H

#include <limits.h>
#include <stddef.h>

#include "datasets/shape/generator.h"

enum { BRIEF_SIZE = 512 };

struct trail {
	size_t length, below; /* below: where the path below the starting point begins */
	char text[PATH_MAX + SHAPE_LONG_PATH_MAX + 2 * GEN_NAME_SIZE];
};

void trail_start(struct trail *trail, const char *path);
size_t trail_push(struct trail *trail, const char *name); /* returns what trail_pop takes */
void trail_pop(struct trail *trail, size_t length);

/*
 * A path as a message can hold it, with words behind: of one that is very long, both ends. buf
 * holds BRIEF_SIZE bytes; returns path itself or buf.
 */
const char *path_brief(const char *path, char *buf);

/* Pushes a generated entry's name; *name is where it lies. Returns what trail_pop takes. */
size_t trail_push_entry(struct trail *trail, const struct gen_dir *dir, uint64_t entry,
			const char **name);

/* Adds everything below a directory, which is on the trail, to a tree's digest. */
void trail_digest(struct trail *trail, const struct gen_dir *dir, struct digest *digest);

/* Path below the starting point: "" there. */
static inline const char *trail_below(const struct trail *trail)
{
	return trail->length < trail->below ? "" : trail->text + trail->below;
}

/* The part of the last entry pushed in a tree's digest. */
static inline uint64_t trail_hash(const struct trail *trail, mode_t type)
{
	return gen_hash(trail->text + trail->below, trail->length - trail->below, type);
}

#endif
