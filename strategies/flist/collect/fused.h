/* The fused walk; fused.c tells how it goes. */
#ifndef FLIST_COLLECT_FUSED_H
#define FLIST_COLLECT_FUSED_H

#include "strategies/flist/collect/walk.h"

/* Leaves nodes, memory and failures in the walk. 0, or what ended it. */
int flist_fused(struct flist_walk *walk);

/*
 * Parts of it, for a walk that leaves a directory to it: a task of its kinds, done with what it
 * leaves for the same job (0, or what ends the walk); and what is given back when all have ended.
 */
int flist_fused_do(struct flist_walker *w, struct flist_task *task);
void flist_fused_clean_up(struct flist_walk *walk);

#endif
