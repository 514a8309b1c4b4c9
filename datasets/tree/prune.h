/* The inner half of tree_prune: everything below DIR/tree that the shape says, and nothing else. */
#ifndef DATASETS_TREE_PRUNE_H
#define DATASETS_TREE_PRUNE_H

#include "datasets/tree/container.h"
#include "datasets/tree/tree.h"

/* *gone counts also on failure. That there is no tree is no error. DIR/tree itself stays. */
int prune_tree(const struct container *c, const struct tree_info *info,
	       const struct progress *progress, struct tree_counts *gone, struct err *err);

#endif
