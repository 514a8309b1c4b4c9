/* The fused walk; fused.c tells how it goes. */
#ifndef FLIST_COLLECT_FUSED_H
#define FLIST_COLLECT_FUSED_H

#include "strategies/flist/collect/walk.h"

/* Leaves nodes, memory and failures in the walk. 0, or what ended it. */
int flist_fused(struct flist_walk *walk);

#endif
