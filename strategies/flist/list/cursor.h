/* What every cursor begins with, wherever its entries come from. */
#ifndef FLIST_LIST_CURSOR_H
#define FLIST_LIST_CURSOR_H

#include "strategies/flist/flist.h"

struct flist_cursor_kind {
	const struct flist_item *(*next)(struct flist_cursor *cursor);
	void (*close)(struct flist_cursor *cursor);
	int (*error)(const struct flist_cursor *cursor);
};

struct flist_cursor {
	const struct flist_cursor_kind *kind; /* NULL: as they are in a list */
};

#endif
