/* A collected tree: what walks make, and what is asked of it afterwards. */
#ifndef FLIST_LIST_LIST_H
#define FLIST_LIST_LIST_H

#include <stddef.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/node.h"

/* A failure on its way into the list, in the list's memory. */
struct flist_noted {
	struct flist_noted *next;
	struct flist_failure failure;
};

struct flist_list {
	struct flist_node *root;
	struct flist_arena arena; /* of nodes, blocks and paths of failures */
	struct flist_failure *failures;
	size_t n_failures;
	struct flist_noted *noted; /* not among the failures yet, for want of memory */
	size_t length;
	size_t bytes;     /* beside the arena's */
	size_t path_most; /* bytes of the longest path */
	unsigned flags;   /* it was collected with */
	char root_path[];
};

struct flist_list *flist_list_new(const char *root_path, unsigned flags); /* NULL: no memory */

/*
 * Puts what is noted among the failures, which stay sorted by path. -ENOMEM: it stays noted, and
 * this may be called again.
 */
int flist_list_settle(struct flist_list *list);

#endif
