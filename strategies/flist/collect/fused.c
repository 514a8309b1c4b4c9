/*
 * The fused walk: whoever takes a directory reads its names, sorts them, asks for all of them on
 * the open descriptor, and leaves its sub-directories to whoever comes next.
 *
 * Nothing is done twice and nothing waits: a directory is opened once and its names are looked up
 * where the kernel has just touched them; entries are sorted by the few, in the cache; the blocks
 * of all directories together are the sorted list. The jobs share nothing but the tasks.
 *
 * A directory that does not fit into one buffer is shared: its buffers become tasks, too, while it
 * is read on, as many as keep the others busy. Whoever takes one opens the directory for itself,
 * since the descriptor tables of threads are apart. When the last one is done, the blocks are
 * merged.
 */
#include "strategies/flist/collect/fused.h"

#include <errno.h>
#include <stdlib.h>

#include "strategies/flist/collect/batch.h"
#include "strategies/flist/collect/runs.h"

enum { BATCHES_PER_JOB = 4 }; /* buffers of one directory that wait, at most */

/* A directory of several buffers. */
struct flist_big {
	_Atomic unsigned open; /* batches that are not done, and one while it is read */
	struct flist_runs runs;
	struct flist_big *next; /* of the walker's */
};

/* The walker's buffer holds all names: its block is the directory. */
static int take_whole(struct flist_walker *w, struct flist_node *node, int fd)
{
	struct flist_block *block;
	struct flist_node *children;
	int ret = flist_batch_take(w, node, fd, w->buffer, &block);
	if (ret)
		return ret;
	children = block->child;
	if (w->walk->kept) {
		node->block = block;
		node->n = block->n;
		flist_node_settle(node, children);
		children = node->child;
	}
	w->next = flist_batch_enter(w, children, true);
	if (!w->walk->kept)
		flist_arena_empty(&w->blocks);
	return 0;
}

static int take_part(struct flist_walker *w, struct flist_errand *errand, int fd,
		     const struct flist_buffer *buffer)
{
	struct flist_block *block;
	int ret = flist_batch_take(w, &errand->node, fd, buffer, &block);
	if (ret)
		return ret;
	flist_batch_enter(w, block->child, false);
	if (w->walk->kept)
		return flist_runs_add(&errand->big->runs, block);
	flist_arena_empty(&w->blocks);
	return 0;
}

static int finish_part(struct flist_walker *w, struct flist_errand *errand)
{
	struct flist_big *big = errand->big;
	if (atomic_fetch_sub(&big->open, 1) > 1 || !w->walk->kept)
		return 0;
	return flist_runs_finish(&big->runs, &errand->node, &w->nodes);
}

static void hand_over(struct flist_walker *w, struct flist_errand *errand)
{
	struct flist_buffer *buffer = w->buffer;
	w->buffer = NULL;
	buffer->task = (struct flist_task){.kind = FLIST_TASK_BATCH};
	buffer->errand = errand;
	atomic_fetch_add(&errand->big->open, 1);
	flist_tasks_add(w->walk->tasks, w->index, &buffer->task, 1);
}

static struct flist_big *make_big(struct flist_walker *w, struct flist_errand *errand)
{
	struct flist_big *big = flist_arena_alloc(&w->nodes, sizeof(*big));
	if (!big)
		return NULL;
	atomic_init(&big->open, 1);
	flist_runs_init(&big->runs);
	big->next = w->bigs;
	w->bigs = big;
	errand->big = big;
	return big;
}

/* The walker's buffer is full and there is more. */
static int share_out(struct flist_walker *w, struct flist_errand *errand,
		     struct flist_reader *reader)
{
	const unsigned most = w->walk->jobs > 1 ? BATCHES_PER_JOB * w->walk->jobs : 0;
	struct flist_big *big = make_big(w, errand);
	int ret = big ? 0 : -ENOMEM;
	while (!ret && !reader->ended) {
		if (atomic_load(&big->open) <= most)
			hand_over(w, errand);
		else
			ret = take_part(w, errand, reader->fd, w->buffer);
		if (!ret)
			ret = flist_walker_read(w, &errand->node, reader);
	}
	if (!ret)
		ret = take_part(w, errand, reader->fd, w->buffer);
	return ret ? ret : finish_part(w, errand);
}

static int enter(struct flist_walker *w, struct flist_errand *errand)
{
	struct flist_node *node = &errand->node;
	struct flist_reader reader;
	int ret = flist_walker_enter(w, node, &reader);
	if (ret)
		return ret < 0 ? ret : 0;
	ret = flist_walker_read(w, node, &reader);
	if (!ret)
		ret = reader.ended ? take_whole(w, node, reader.fd) : share_out(w, errand, &reader);
	flist_reader_release(&reader);
	return ret;
}

/* Names that somebody else has read. */
static int take_over(struct flist_walker *w, const struct flist_buffer *buffer)
{
	struct flist_errand *errand = buffer->errand;
	const struct flist_node *node = &errand->node;
	const int fd = flist_trail_go(&w->trail, node);
	int ret = fd;
	if (fd >= 0)
		ret = take_part(w, errand, fd, buffer);
	else if (fd != -ENOMEM)
		ret = flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_OPEN, -fd);
	return ret ? ret : finish_part(w, errand);
}

static int do_task(struct flist_walker *w, struct flist_task *task)
{
	struct flist_buffer *buffer = (struct flist_buffer *)task;
	int ret;
	if (task->kind == FLIST_TASK_ENTER)
		return enter(w, (struct flist_errand *)task);
	ret = take_over(w, buffer);
	if (w->buffer)
		free(buffer);
	else
		w->buffer = buffer;
	return ret;
}

int flist_fused_do(struct flist_walker *w, struct flist_task *task)
{
	int ret = 0;
	while (task && !ret) {
		w->next = NULL;
		ret = do_task(w, task);
		task = w->next;
		if (!ret && flist_walk_stopped(w->walk))
			ret = atomic_load(&w->walk->error);
	}
	return ret;
}

static void work(void *arg, unsigned index)
{
	struct flist_walk *walk = arg;
	struct flist_walker *w = &walk->walkers[index];
	struct flist_task *task;
	while ((task = flist_tasks_take(walk->tasks, index))) {
		int ret = flist_fused_do(w, task);
		if (ret)
			flist_walk_stop(walk, ret);
		flist_tasks_done(walk->tasks);
	}
	flist_trail_leave(&w->trail);
}

void flist_fused_clean_up(struct flist_walk *walk)
{
	struct flist_task *task;
	while ((task = flist_tasks_left(walk->tasks))) {
		if (task->kind == FLIST_TASK_BATCH)
			free(task);
	}
	for (unsigned i = 0; i < walk->jobs; i++) {
		for (struct flist_big *big = walk->walkers[i].bigs; big; big = big->next)
			flist_runs_release(&big->runs);
	}
}

int flist_fused(struct flist_walk *walk)
{
	int ret;
	flist_tasks_add(walk->tasks, 0, &walk->root->task, 1);
	ret = flist_walk_run(walk, work);
	flist_fused_clean_up(walk);
	return ret;
}
