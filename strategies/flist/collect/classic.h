/* The classic walk; classic.c tells how it goes. */
#ifndef FLIST_COLLECT_CLASSIC_H
#define FLIST_COLLECT_CLASSIC_H

#include "strategies/flist/collect/walk.h"

/* What it finds and keeps, sorted. */
struct flist_classic {
	struct flist_flat **flats;
	size_t n;
};

/* Leaves memory and failures in the walk. 0, or what ended it; release in any case. */
int flist_classic(struct flist_walk *walk, struct flist_classic *classic);
void flist_classic_release(struct flist_classic *classic);

#endif
