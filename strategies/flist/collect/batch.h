/* The heart of the fused walk: a buffer full of names becomes a block of entries. */
#ifndef FLIST_COLLECT_BATCH_H
#define FLIST_COLLECT_BATCH_H

#include "strategies/flist/collect/walk.h"

/* A directory that is to be entered. */
struct flist_errand {
	struct flist_task task; /* first: the task is the errand */
	struct flist_big *big;  /* NULL: one buffer holds its names */
	struct flist_node node;
};

enum flist_task_kind {
	FLIST_TASK_ENTER, /* a directory */
	FLIST_TASK_BATCH, /* a buffer of names of a large one */
};

/* What a directory is read into. */
struct flist_buffer {
	struct flist_task task;
	struct flist_errand *errand; /* whose names it holds */
	size_t used;
	char data[];
};

enum { FLIST_BUFFER_SIZE = 64 * 1024 }; /* bytes of data, FLIST_READ_SLACK not counted */

/*
 * Asks for all names of the buffer on the directory's descriptor, where the walker is, and makes a
 * block of those that answer, and an errand of every directory among them. *block is NULL when
 * nothing is kept. 0, or what the walk has to end with.
 */
int flist_batch_take(struct flist_walker *w, const struct flist_buffer *buffer, int dirfd,
		     struct flist_block **block);

/* Lets go of the directories in the block: any job may enter them from now on. */
void flist_batch_enter(struct flist_walker *w, const struct flist_block *block);

#endif
