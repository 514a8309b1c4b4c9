/*
 * The current path of a walk, for messages and digests. It has space for the deepest tree that a
 * shape can have; a longer path is cut off at its end. It is too large for a stack.
 */
#ifndef DATASETS_TREE_TREE_PATH_H
#define DATASETS_TREE_TREE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "datasets/shape/generator.h"

enum { BRIEF_SIZE = 512 };

struct tree_path {
	size_t length, below; /* below: offset of the path below the starting point */
	char text[PATH_MAX + SHAPE_LONG_PATH_MAX + 2 * GEN_NAME_SIZE];
};

void tree_path_start(struct tree_path *path, const char *start);
size_t tree_path_push(struct tree_path *path,
		      const char *name); /* returns the argument for tree_path_pop */
void tree_path_pop(struct tree_path *path, size_t length);

/* Whether a name can be pushed without being cut off. */
bool tree_path_fits(const struct tree_path *path, const char *name);

/*
 * A path in a form for messages: a very long one is shortened to both ends. buf has BRIEF_SIZE
 * bytes; returns path itself or buf.
 */
const char *path_brief(const char *path, char *buf);

/* Pushes a generated entry's name; *name points to it. Returns the argument for tree_path_pop. */
size_t tree_path_push_entry(struct tree_path *path, const struct gen_dir *dir, uint64_t entry,
			    const char **name);

/* Adds everything below a directory, which is the path, to a tree's digest. */
void tree_path_digest(struct tree_path *path, const struct gen_dir *dir, struct digest *digest);

/* The path below the starting point; "" for itself. */
static inline const char *tree_path_below(const struct tree_path *path)
{
	return path->length < path->below ? "" : path->text + path->below;
}

/* The part of the entry pushed last in a tree's digest. */
static inline uint64_t tree_path_hash(const struct tree_path *path, mode_t type)
{
	return gen_hash(path->text + path->below, path->length - path->below, type);
}

#endif
