/* The heart of the fused walk: a buffer full of names becomes a block of entries. */
#ifndef FLIST_COLLECT_BATCH_H
#define FLIST_COLLECT_BATCH_H

#include "strategies/flist/collect/walk.h"

/*
 * Asks for all names of the buffer on their directory's descriptor, where the walker is, and makes
 * a block of those that answer, with a child (in an errand) for every directory among them that is
 * to be entered. Where nothing is kept the block is good until the walker's blocks are emptied. 0,
 * or what the walk has to end with.
 */
int flist_batch_take(struct flist_walker *w, struct flist_node *node, int dirfd,
		     const struct flist_buffer *buffer, struct flist_block **block);

/*
 * Lets go of children, linked by sibling: any job may enter them from now on. Where the first one
 * is kept nobody else may: it is returned, for this walker to go on with. So a long chain of
 * directories stays with one job, which has each open when it comes to the next.
 */
struct flist_task *flist_batch_enter(struct flist_walker *w, struct flist_node *children,
				     bool keep_first);

#endif
