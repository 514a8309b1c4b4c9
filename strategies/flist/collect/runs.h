/*
 * The order of a large directory, whose names come in blocks that are sorted each for itself, from
 * several jobs and in any order. Blocks become runs, two runs of one size become one of twice the
 * size, and whoever adds the second does it: the merging is shared like the rest of the work, and
 * when the last block comes little is left to do.
 */
#ifndef FLIST_COLLECT_RUNS_H
#define FLIST_COLLECT_RUNS_H

#include <pthread.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/node.h"

struct flist_run;

enum { FLIST_RUN_LEVELS = 32 };

struct flist_runs {
	pthread_mutex_t lock;
	struct flist_run *waiting[FLIST_RUN_LEVELS]; /* for another of its size */
	struct flist_block *blocks;                  /* linked by next, the newest first */
	uint32_t n_blocks;
	uint32_t n; /* entries */
};

void flist_runs_init(struct flist_runs *runs);
void flist_runs_release(struct flist_runs *runs);

/* By any thread. 0, -ENOMEM, -EOVERFLOW: more blocks than can be numbered. */
int flist_runs_add(struct flist_runs *runs, struct flist_block *block);

/* When all have been added: gives the node its blocks, their order, and its children. */
int flist_runs_finish(struct flist_runs *runs, struct flist_node *node, struct flist_arena *arena);

#endif
