/*
 * The position of a walker: the directories from the root to the current one, their path, and
 * descriptors of the last few. A walk goes from a directory to one near it. So it opens by one or a
 * few names on a descriptor that it has, and rewrites only the end of the path: the cost of a
 * directory does not depend on its depth.
 */
#ifndef FLIST_COLLECT_DIRSTACK_H
#define FLIST_COLLECT_DIRSTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/collect/reader.h"
#include "strategies/flist/list/list.h"

struct flist_level;

struct flist_dirstack {
	const struct flist_opener *opener;
	struct flist_level *levels; /* by depth: the root, ..., the directory at hand */
	size_t n, room;
	size_t lowest; /* no level before has a descriptor, but the root by the opener's */
	size_t window; /* most descriptors that are kept */
	bool to_read;  /* the directory at hand */
	char *path;    /* of the directory at hand, and room for a slash, a name and a NUL */
	size_t path_room;
	uint32_t *heads;   /* of chains of levels of equal hash, for finding loops */
	size_t hashed;     /* levels that are in them */
	size_t heads_room; /* as many as room, a power of two */
};

/* All zero but opener, which stays the caller's, and window, at least 1. */
void flist_dirstack_release(struct flist_dirstack *stack);

/*
 * Goes to a directory, whose path is then in stack->path, and opens it, to read it or only to ask
 * for its entries, for which no filesystem is asked to open it. Its descriptor, until the stack
 * goes elsewhere. To read a directory, go there with to_read first. -ENOMEM, or why it cannot be
 * opened.
 */
int flist_dirstack_go(struct flist_dirstack *stack, const struct flist_node *node, bool to_read);

/* Goes to a directory without opening it: only its path is in stack->path. 0 or -ENOMEM. */
int flist_dirstack_name(struct flist_dirstack *stack, const struct flist_node *node);

/* Whether the directory at hand is one of those it lies in. dev and ino of all are known. -ENOMEM.
 */
int flist_dirstack_is_loop(struct flist_dirstack *stack);

/* Closes all descriptors but the last one, and keeps no more than that in future. */
void flist_dirstack_shed(struct flist_dirstack *stack);

/* Closes all descriptors, in the thread that they belong to, and is nowhere. */
void flist_dirstack_leave(struct flist_dirstack *stack);

#endif
