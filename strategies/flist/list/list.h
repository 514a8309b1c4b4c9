/* A collected tree: what walks make, and what is asked of it afterwards. */
#ifndef FLIST_LIST_LIST_H
#define FLIST_LIST_LIST_H

#include <stddef.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/node.h"

/* An entry of a list without nodes, as the classic algorithm makes it. */
struct flist_flat {
	const struct flist_meta *meta; /* a reference, NULL unless status is 0 */
	uint32_t path_len, name, depth;
	int status;    /* as of struct flist_item */
	uint16_t type; /* S_IFMT bits */
	char path[];
};

/*
 * Where a flat list goes on in nodes: stands for all that is below a directory, whose path with a
 * slash at its end is the flat one's, so that it is sorted to where that belongs.
 */
struct flist_below {
	struct flist_below *next;
	struct flist_node *node;
	struct flist_flat flat; /* its type is FLIST_FLAT_BELOW */
};

enum { FLIST_FLAT_BELOW = UINT16_MAX };

/* NULL: it is an entry. */
static inline struct flist_node *flist_flat_below(const struct flist_flat *flat)
{
	const char *below = (const char *)flat - offsetof(struct flist_below, flat);
	return flat->type == FLIST_FLAT_BELOW
		       ? ((const struct flist_below *)(const void *)below)->node
		       : NULL;
}

static inline struct flist_flat *flist_flat_of(const char *path)
{
	return (struct flist_flat *)(uintptr_t)(path - offsetof(struct flist_flat, path));
}

/* A failure on its way into the list, in the list's memory. */
struct flist_noted {
	struct flist_noted *next;
	struct flist_failure failure;
};

struct flist_list {
	struct flist_node *root;  /* NULL: flat */
	struct flist_flat **flat; /* sorted by path */
	size_t n_flat;
	struct flist_arena arena; /* of nodes, blocks, paths of flat entries and of failures */
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

/* Makes it a flat one: entries, malloc'ed and sorted, become the list's. */
void flist_list_set_flat(struct flist_list *list, struct flist_flat **flats, size_t n);

struct flist_item flist_flat_item(const struct flist_flat *flat);

/*
 * Puts what is noted among the failures, which stay sorted by path. -ENOMEM: it stays noted, and
 * this may be called again.
 */
int flist_list_settle(struct flist_list *list);

#endif
