/*
 * Entries that are only paths, as the classic walk makes them: asked for through a cache, and
 * sorted.
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

/* The directory that a walker has open: entries of one are neighbours. */
struct flist_place {
	const char *path; /* of an entry in it, NULL: none is open */
	size_t len;       /* of the directory's part of that */
	int fd;           /* or why it could not be opened */
};

void flist_place_leave(struct flist_place *place);

/*
 * Asks for an entry that has no answer yet (-ENODATA). One that cannot be had is a failure, with
 * its status. 0, or what ends the walk, with the entry as it was.
 */
int flist_flat_fetch(struct flist_walker *w, struct flist_place *place, struct flist_cache *cache,
		     struct flist_flat *flat);

/* Sorts by path, by all walkers; 0, -ENOMEM or the error of the caller's pool. */
int flist_flat_sort(struct flist_walk *walk, struct flist_flat **flats, size_t n);

#endif
