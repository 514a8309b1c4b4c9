/*
 * Defines the first member of every kind of cursor: of a list, of a walk, of a prefetching fetch.
 */
#ifndef FLIST_LIST_CURSOR_H
#define FLIST_LIST_CURSOR_H

#include "strategies/flist/flist.h"

struct flist_cursor_kind {
	const struct flist_item *(*next)(struct flist_cursor *cursor);
	void (*close)(struct flist_cursor *cursor);
	int (*error)(const struct flist_cursor *cursor);
};

struct flist_cursor {
	const struct flist_cursor_kind *kind; /* NULL: a cursor of a list, see list.c */
};

#endif
