/* A collected tree: what walks make, and what is asked of it afterwards. */
#ifndef FLIST_LIST_LIST_H
#define FLIST_LIST_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/block.h"

/* ---- Directories ----------------------------------------------------------------------------- */

/*
 * A directory of a collected tree: its place in the tree, and its entries in blocks. Nearly always
 * one block holds all of them. A directory that did not fit into one buffer has many, and an order
 * that leads through them.
 *
 * A list is in the order of whole paths, where '/' is a byte like others: below "a" comes before
 * "a0", but after "a-" and what is below that. When a directory is complete it is settled after
 * which of its entries each sub-directory's own entries come, so that whoever goes through the
 * list never compares anything.
 */

/* An entry of a directory of many blocks: which block, and which line of it. */
enum { FLIST_PLACE_LINE_BITS = 12, FLIST_PLACE_BLOCKS = 1 << (32 - FLIST_PLACE_LINE_BITS) };

static inline uint32_t flist_place(uint32_t block, uint32_t line)
{
	return block << FLIST_PLACE_LINE_BITS | line;
}

static inline uint32_t flist_place_block(uint32_t place)
{
	return place >> FLIST_PLACE_LINE_BITS;
}

static inline uint32_t flist_place_line(uint32_t place)
{
	return place & ((1U << FLIST_PLACE_LINE_BITS) - 1);
}

/* A directory of many blocks. */
struct flist_order {
	struct flist_block **blocks;
	uint32_t *places; /* as many as entries */
	uint32_t n_blocks;
};

struct flist_node {
	struct flist_node *parent;  /* NULL: the root */
	struct flist_node *child;   /* the first in the order in which they are gone through */
	struct flist_node *sibling; /* the next of the parent's in that order */
	struct flist_block *block;  /* NULL: nothing known, or many */
	struct flist_order *order;  /* NULL: one block at most */
	const char *name;           /* in the parent's block */
	uint64_t dev, ino;          /* where links are followed: to find loops */
	uint32_t n;                 /* entries */
	uint32_t after;             /* entry of the parent's after which this one's come */
	uint32_t path_len;          /* from the root */
	uint32_t depth;             /* 0: the root */
	uint32_t name_len;
	bool nameless; /* has entries without a name, and that was told */
};

/* Bytes of a path up to the name of an entry. */
static inline uint32_t flist_node_prefix(const struct flist_node *node)
{
	return node->path_len + (node->parent != NULL);
}

static inline const struct flist_block *flist_node_entry(const struct flist_node *node, uint32_t i,
							 uint32_t *line)
{
	if (!node->order) {
		*line = i;
		return node->block;
	}
	*line = flist_place_line(node->order->places[i]);
	return node->order->blocks[flist_place_block(node->order->places[i])];
}

/*
 * Settles the order of children. They come linked by sibling in the order of their names, each
 * `after` saying which entry of the node it is.
 */
void flist_node_settle(struct flist_node *node, struct flist_node *children);

/* The next in the order of the list, every node after its parent. NULL: no more. */
struct flist_node *flist_node_next(struct flist_node *node);

/* ---- The list -------------------------------------------------------------------------------- */

/* A failure on its way into the list, in an arena that the list has or will get from its walk. */
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
	struct flist_how how;
	char root_path[];
};

struct flist_list *flist_list_new(const char *root_path, unsigned flags); /* NULL: no memory */

/*
 * Puts what is noted among the failures, which stay sorted by path. -ENOMEM: it stays noted, and
 * this may be called again.
 */
int flist_list_settle(struct flist_list *list);

#endif
