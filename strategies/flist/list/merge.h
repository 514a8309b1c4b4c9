/* Puts the blocks of a large directory, each sorted, into one order. */
#ifndef FLIST_LIST_MERGE_H
#define FLIST_LIST_MERGE_H

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/node.h"

/* blocks: linked by next. 0 or -ENOMEM. */
int flist_merge(struct flist_node *node, struct flist_block *blocks, struct flist_arena *arena);

#endif
