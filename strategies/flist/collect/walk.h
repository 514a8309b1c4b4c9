/*
 * A walk under way: what all its jobs share, what each has for itself, and what both algorithms
 * do alike with a directory's path, with failures and with the caller's functions.
 */
#ifndef FLIST_COLLECT_WALK_H
#define FLIST_COLLECT_WALK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "strategies/flist/collect/names.h"
#include "strategies/flist/collect/opener.h"
#include "strategies/flist/collect/tasks.h"
#include "strategies/flist/list/list.h"

struct flist_buffer;

/* What a job has for itself; on cache lines of its own. */
struct flist_walker {
	struct flist_walk *walk;
	unsigned index;
	struct flist_arena nodes, blocks;
	struct flist_names names;
	struct flist_shared *shared; /* of the block that is being made */
	size_t shared_room;
	char *path; /* of the directory it is in, and room for a name */
	size_t path_room;
	struct flist_failure *failures;
	size_t n_failures, failures_room;
	size_t length, path_most;    /* as of a list, for what it found */
	struct flist_buffer *buffer; /* to read the next directory into */
} __attribute__((aligned(128)));

struct flist_walk {
	const struct flist_collect_options *options;
	uint32_t fields; /* what to ask for */
	bool kept;       /* in a list */
	struct flist_opener opener;
	uint64_t root_dev;
	struct flist_tasks *tasks;
	struct flist_node *root;
	_Atomic int error; /* what ends the walk before its time, as the call returns it */
	unsigned jobs;
	struct flist_walker walkers[];
};

static inline bool flist_walk_has(const struct flist_walk *walk, enum flist_flag flag)
{
	return walk->options->flags & (unsigned)flag;
}

/* Ends the walk with an error; the first one counts. */
void flist_walk_stop(struct flist_walk *walk, int error);

/* Whether it is to end: a look at a flag or two, for every entry. */
bool flist_walk_stopped(struct flist_walk *walk);

/* Puts the path of a directory into the walker's, with room for a name. 0 or -ENOMEM. */
int flist_walker_go(struct flist_walker *w, const struct flist_node *node);

/*
 * What could not be done: with the directory that the walker is in, or with a name in it. 0, or
 * -ENOMEM.
 */
int flist_walker_fail(struct flist_walker *w, const struct flist_node *node, const char *name,
		      enum flist_step step, int error);

/* An item for the name in the directory that the walker is in. */
struct flist_item flist_walker_item(struct flist_walker *w, const struct flist_node *node,
				    const struct flist_name *name);

/* Leaves out of the walker's names those that the caller does not want. */
void flist_walker_filter(struct flist_walker *w, const struct flist_node *node);

/* Opens the directory that the walker is in. */
int flist_walker_open(struct flist_walker *w, const struct flist_node *node);

/*
 * Whether a directory that was opened may be entered: notes which one it is where that matters.
 * 0; 1: it is on another filesystem; -ELOOP: it is one of those it lies in; errors of fstat(2).
 */
int flist_walk_identify(const struct flist_walk *walk, struct flist_node *node, int fd);

/*
 * Metadata of a name on its directory's descriptor. Where links are followed, one that leads
 * nowhere is answered with its own.
 */
int flist_walk_ask(const struct flist_walk *walk, int dirfd, const char *name, uint32_t fields,
		   struct flist_meta *meta);

/* Grows an array for one more; 0 or -ENOMEM, with the array as it was. */
int flist_grow(void *array, size_t *room, size_t need, size_t size);

#endif
