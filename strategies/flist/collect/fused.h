/* The two ways to walk: fused.c and classic.c tell how. Both leave what they found in the walk. */
#ifndef FLIST_COLLECT_FUSED_H
#define FLIST_COLLECT_FUSED_H

#include "strategies/flist/collect/walk.h"
#include "strategies/flist/threads.h"

int flist_fused(struct flist_walk *walk);

#endif
