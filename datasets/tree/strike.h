/* The inner half of tree_remove: everything below DIR/tree, and that directory itself. */
#ifndef DATASETS_TREE_STRIKE_H
#define DATASETS_TREE_STRIKE_H

#include "datasets/tree/container.h"
#include "datasets/tree/tree.h"

/* *gone counts also on failure. That there is no tree is no error. */
int strike_tree(const struct container *c, const struct tree_info *info, unsigned jobs,
		const struct progress *progress, struct tree_counts *gone, struct err *err);

#endif
