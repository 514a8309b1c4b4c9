/*
 * Keeps answers in a list's memory. Most entries of a tree are alike in what is extra about them:
 * no attributes, or the same ones. So a set of names is kept once, and so is a whole answer that is
 * the same as one of the last few; an entry that is like its neighbours costs a pointer.
 */
#ifndef FLIST_EXTRA_KEEP_H
#define FLIST_EXTRA_KEEP_H

#include "strategies/flist/extra/extra.h"
#include "strategies/flist/list/arena.h"

enum { FLIST_KEPT = 8 /* of each kind that are looked at */ };

/* The names of attributes of many entries, as the kernel wrote them, and sorted. */
struct flist_name_set {
	char *names;
	size_t len;
	struct flist_xattr *xattrs;
};

/* All zero: nothing is kept yet. What it points to is the arena's. */
struct flist_keeper {
	const struct flist_extra *extras[FLIST_KEPT];
	struct flist_name_set sets[FLIST_KEPT];
	unsigned n_extras, n_sets; /* ever kept: the oldest place is taken next */
};

/* A copy in the arena, shared with entries that are alike. NULL: out of memory. */
const struct flist_extra *flist_keep(struct flist_keeper *keeper, struct flist_arena *arena,
				     const struct flist_asker *asker);

#endif
