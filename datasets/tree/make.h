/* The inner half of tree_create: everything below DIR/tree, once DIR is ours. */
#ifndef DATASETS_TREE_MAKE_H
#define DATASETS_TREE_MAKE_H

#include "datasets/tree/container.h"
#include "datasets/tree/tree.h"

/*
 * Makes what is missing in DIR/tree, which exists, with `jobs` threads (0: one on every CPU),
 * writes it to disk, and leaves the digest of all in info. *made counts also on failure.
 */
int make_tree(const struct container *c, struct tree_info *info, unsigned jobs,
	      const struct progress *progress, struct tree_counts *made, struct err *err);

#endif
