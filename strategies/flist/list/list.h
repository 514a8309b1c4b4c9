/* A collected tree: made by walks, read by cursors. */
#ifndef FLIST_LIST_LIST_H
#define FLIST_LIST_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/block.h"

/* ---- Directories ----------------------------------------------------------------------------- */

/*
 * A directory of a collected tree: its place in the tree, and its entries in blocks. Usually one
 * block holds all of them. A directory that did not fit into one buffer has several blocks, and an
 * array with the order of their entries.
 *
 * A list is in the order of whole paths, in which '/' is a byte like others: the entries below "a"
 * come before "a0", but after "a-" and the entries below that. When a directory is complete,
 * flist_node_settle determines after which of its entries those of each sub-directory come. So a
 * cursor compares nothing.
 */

/*
 * The place of an entry in a directory of several blocks: the number of the block, and the line in
 * it.
 */
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

/* The blocks of a directory that has several. */
struct flist_order {
	struct flist_block **blocks;
	uint32_t *places; /* the place of each entry, in order */
	uint32_t n_blocks;
};

struct flist_node {
	struct flist_node *parent;  /* NULL: the root */
	struct flist_node *child;   /* first child, in the order of the list */
	struct flist_node *sibling; /* next child of the parent in that order */
	struct flist_block *block;  /* NULL: nothing was read, or there are several */
	struct flist_order *order;  /* NULL: one block at most */
	const char *name;           /* in the parent's block, or a copy */
	uint64_t dev, ino;          /* if links are followed, to find loops */
	uint32_t n;                 /* number of entries */
	uint32_t after; /* index of the entry of the parent after which this one's entries come */
	uint32_t path_len; /* of the path from the root, bytes */
	uint32_t depth;    /* 0: the root */
	uint32_t name_len;
	bool nameless; /* it has entries with empty names, and that is recorded */
};

/* The length of the path before the name of an entry, with the slash, bytes. */
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
 * Sets the node's children in the order of the list. They come linked by sibling in the order of
 * their names, and `after` of each is the index of its entry in the node.
 */
void flist_node_settle(struct flist_node *node, struct flist_node *children);

/*
 * Returns the next directory in the order of the list, every one after its parent. NULL: no more.
 */
struct flist_node *flist_node_next(struct flist_node *node);

/* ---- The list -------------------------------------------------------------------------------- */

/* A failure that is not sorted yet. It lies in an arena of a walk or of the list. */
struct flist_failure_node {
	struct flist_failure_node *next;
	struct flist_failure failure;
};

struct flist_list {
	struct flist_node *root;
	struct flist_arena arena; /* has nodes, blocks and paths of failures */
	struct flist_failure *failures;
	size_t n_failures;
	struct flist_failure_node *noted; /* not in failures yet, since there was no memory */
	size_t length;
	size_t bytes;     /* allocated outside the arena */
	size_t path_most; /* length of the longest path, bytes */
	unsigned flags;   /* enum flist_flag of flist_collect */
	struct flist_how how;
	char root_path[];
};

struct flist_list *flist_list_new(const char *root_path, unsigned flags); /* NULL: out of memory */

/*
 * Moves the failures of `noted` to `failures`, which is sorted by path. -ENOMEM: they stay in
 * `noted`, and this may be called again.
 */
int flist_list_settle(struct flist_list *list);

#endif
