/*
 * The current directory of one job of a walk: the levels from the root down to it, its path, and
 * open descriptors of the last few levels. A walk goes from a directory to one near it. So the next
 * directory is opened by one or a few names relative to a descriptor that is open, and only the end
 * of the path is rewritten: the cost per directory does not depend on its depth.
 */
#ifndef FLIST_COLLECT_DIRSTACK_H
#define FLIST_COLLECT_DIRSTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/list/list.h"
#include "strategies/flist/names/reader.h"

struct flist_level;

struct flist_dirstack {
	const struct flist_opener *opener;
	struct flist_level *levels; /* by depth, from the root to the current directory */
	size_t n, room;
	size_t lowest; /* levels before this one have no descriptor; the root has the opener's */
	size_t window; /* maximum number of descriptors kept open */
	bool to_read;  /* the current directory is opened for reading */
	char *path;    /* of the current directory; has room for a slash, a name and a NUL */
	size_t path_room;
	uint32_t *heads;   /* hash table to find loops: first level of each chain */
	size_t hashed;     /* number of levels in the table */
	size_t heads_room; /* size of the table: equals room, a power of two */
};

/*
 * Frees all memory and descriptors. To initialize a stack, set all fields to zero except opener,
 * which stays the caller's, and window, which is at least 1.
 */
void flist_dirstack_release(struct flist_dirstack *stack);

/*
 * Makes a directory the current one, writes its path to stack->path and opens it: to_read for
 * reading, otherwise only as the base of other calls (O_PATH: the filesystem itself is not called).
 * Returns a descriptor, which the stack owns; it is valid until the stack goes to another
 * directory. If the current directory is open already, that descriptor is returned, whatever
 * to_read is. So whatever reads a directory has to go there with to_read first. Errors: -ENOMEM,
 * those of open(2).
 */
int flist_dirstack_go(struct flist_dirstack *stack, const struct flist_node *node, bool to_read);

/*
 * Makes a directory the current one without opening it: only stack->path is written. 0 or -ENOMEM.
 */
int flist_dirstack_name(struct flist_dirstack *stack, const struct flist_node *node);

/*
 * Returns 1 if the current directory is the same as one of the directories above it (equal dev and
 * ino), 0 if not, or -ENOMEM. dev and ino of the nodes of all levels must be set.
 */
int flist_dirstack_is_loop(struct flist_dirstack *stack);

/* Closes all descriptors but the last one, and sets window to 1. */
void flist_dirstack_shed(struct flist_dirstack *stack);

/*
 * Closes all descriptors and removes all levels. Called by the thread that opened them, since each
 * thread has a descriptor table of its own.
 */
void flist_dirstack_leave(struct flist_dirstack *stack);

#endif
