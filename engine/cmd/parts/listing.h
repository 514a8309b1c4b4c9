/*
 * A collected list as text, written entry by entry as it is read from the list: however long it is,
 * nothing is built up in memory first.
 */
#ifndef ENGINE_CMD_PARTS_LISTING_H
#define ENGINE_CMD_PARTS_LISTING_H

#include <stdio.h>

#include "strategies/flist/flist.h"

enum listing {
	LISTING_NONE,
	LISTING_PRINT0, /* paths as they are, each with a NUL */
	LISTING_LONG,   /* as ls -l with numbers, paths made visible */
	LISTING_JSON,   /* one document, an entry per line */
};

#define LISTING_SCHEMA "statmark-collect/1"

struct listing_of {
	const struct flist_list *list;
	const char *root;
	uint64_t mounts; /* directories on other filesystems that were not entered */
};

/*
 * Paths begin with the root, but in JSON they are relative to it. Ends early, with -EINTR, when
 * *cancel becomes nonzero. 0, -ENOMEM, or the error of writing.
 */
int listing_write(FILE *to, enum listing how, const struct listing_of *of,
		  const volatile int *cancel);

#endif
