/*
 * Entries that are only paths, as the classic walk makes them: asked for in parallel through a
 * cache, then sorted.
 */
#ifndef FLIST_COLLECT_FLAT_H
#define FLIST_COLLECT_FLAT_H

#include "strategies/flist/collect/walk.h"

/* A name on the descriptor of its directory, for which a cache is asked by the whole path. */
struct flist_question {
	const struct flist_walk *walk;
	struct flist_cache *cache;
	const char *key; /* root and path */
	const char *name;
	int dirfd;
};

/* Where links are followed, one that leads nowhere is answered with its own metadata. */
int flist_flat_ask(struct flist_question *question, const struct flist_meta **meta);

/*
 * Asks for the n entries that have no answer yet (-ENODATA), by all walkers: those that cannot be
 * had are failures, with their status. 0, or what ended the walk.
 */
int flist_flat_fetch(struct flist_walk *walk, struct flist_cache *cache, struct flist_flat *flats,
		     size_t n);

/* Sorts by path, by all walkers. On failure (-ENOMEM) they are as they were. */
int flist_flat_sort(struct flist_walk *walk, struct flist_flat **flats, size_t n);

#endif
