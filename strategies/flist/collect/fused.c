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
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/collect/batch.h"
#include "strategies/flist/collect/fused.h"
#include "strategies/flist/collect/reader.h"
#include "strategies/flist/list/merge.h"

enum { BATCHES_PER_JOB = 4 }; /* buffers of one directory that wait, at most */

/* A directory of several buffers. */
struct flist_big {
	_Atomic unsigned open; /* batches that are not done, and one while it is read */
	_Atomic(struct flist_block *) blocks;
};

static struct flist_buffer *get_buffer(struct flist_walker *w)
{
	if (!w->buffer)
		w->buffer = malloc(sizeof(*w->buffer) + FLIST_BUFFER_SIZE + FLIST_READ_SLACK);
	if (w->buffer)
		w->buffer->used = 0;
	return w->buffer;
}

static int fill(struct flist_walker *w, struct flist_errand *errand, struct flist_reader *reader)
{
	struct flist_buffer *buffer = get_buffer(w);
	int ret;
	if (!buffer)
		return -ENOMEM;
	buffer->errand = errand;
	ret = flist_reader_fill(reader, buffer->data, FLIST_BUFFER_SIZE, &buffer->used);
	return ret ? flist_walker_fail(w, &errand->node, NULL, FLIST_STEP_READ, -ret) : 0;
}

/* The directory is complete: its one block is all of it. */
static void finish(struct flist_walker *w, struct flist_node *node, struct flist_block *block)
{
	if (w->walk->kept) {
		struct flist_node *children = block->child;
		node->block = block;
		node->n = block->n;
		block->child = NULL;
		flist_node_settle(node, children);
	}
}

static int take_whole(struct flist_walker *w, struct flist_node *node, int fd)
{
	struct flist_block *block;
	struct flist_block entered;
	int ret = flist_batch_take(w, w->buffer, fd, &block);
	if (ret)
		return ret;
	finish(w, node, block);
	entered = (struct flist_block){.child = w->walk->kept ? node->child : block->child};
	flist_batch_enter(w, &entered);
	if (!w->walk->kept)
		flist_arena_empty(&w->blocks);
	return 0;
}

static int finish_big(struct flist_walker *w, struct flist_errand *errand)
{
	struct flist_big *big = errand->big;
	if (atomic_fetch_sub(&big->open, 1) > 1 || !w->walk->kept)
		return 0;
	return flist_merge(&errand->node, atomic_load(&big->blocks), &w->nodes);
}

static void add_block(struct flist_big *big, struct flist_block *block)
{
	block->next = atomic_load(&big->blocks);
	while (!atomic_compare_exchange_weak(&big->blocks, &block->next, block))
		continue;
}

static int take_part(struct flist_walker *w, const struct flist_buffer *buffer, int fd)
{
	struct flist_errand *errand = buffer->errand;
	struct flist_block *block;
	int ret = flist_batch_take(w, buffer, fd, &block);
	if (ret)
		return ret;
	flist_batch_enter(w, block);
	if (w->walk->kept)
		add_block(errand->big, block);
	else
		flist_arena_empty(&w->blocks);
	return 0;
}

static void hand_over(struct flist_walker *w, struct flist_big *big)
{
	struct flist_task *task = &w->buffer->task;
	*task = (struct flist_task){.kind = FLIST_TASK_BATCH};
	w->buffer = NULL;
	atomic_fetch_add(&big->open, 1);
	flist_tasks_add(w->walk->tasks, w->index, task, 1);
}

/* The walker's buffer is full and there is more. */
static int share(struct flist_walker *w, struct flist_errand *errand, struct flist_reader *reader)
{
	const unsigned most = w->walk->jobs > 1 ? BATCHES_PER_JOB * w->walk->jobs : 0;
	struct flist_big *big = flist_arena_alloc(&w->nodes, sizeof(*big));
	int ret = 0;
	if (!big)
		return -ENOMEM;
	atomic_init(&big->open, 1);
	atomic_init(&big->blocks, NULL);
	errand->big = big;
	while (!ret) {
		if (reader->ended || atomic_load(&big->open) > most) {
			ret = take_part(w, w->buffer, reader->fd);
			if (reader->ended)
				break;
		} else {
			hand_over(w, big);
		}
		ret = ret ? ret : fill(w, errand, reader);
	}
	return ret ? ret : finish_big(w, errand);
}

static int enter(struct flist_walker *w, struct flist_errand *errand)
{
	struct flist_node *node = &errand->node;
	struct flist_reader reader;
	int ret = flist_walker_go(w, node), fd;
	if (ret)
		return ret;
	fd = flist_walker_open(w, node);
	if (fd < 0)
		return flist_walker_fail(w, node, NULL, FLIST_STEP_OPEN, -fd);
	ret = flist_walk_identify(w->walk, node, fd);
	if (ret) {
		close(fd);
		return ret > 0 ? 0 : flist_walker_fail(w, node, NULL, FLIST_STEP_OPEN, -ret);
	}
	ret = flist_reader_init(&reader, fd);
	if (ret)
		return flist_walker_fail(w, node, NULL, FLIST_STEP_OPEN, -ret);
	ret = fill(w, errand, &reader);
	if (!ret)
		ret = reader.ended ? take_whole(w, node, reader.fd) : share(w, errand, &reader);
	flist_reader_release(&reader);
	return ret;
}

/* Names that somebody else has read. */
static int take_over(struct flist_walker *w, struct flist_buffer *buffer)
{
	const struct flist_node *node = &buffer->errand->node;
	int ret = flist_walker_go(w, node), fd;
	if (ret)
		return ret;
	fd = flist_walker_open(w, node);
	if (fd < 0) {
		ret = flist_walker_fail(w, node, NULL, FLIST_STEP_OPEN, -fd);
	} else {
		ret = take_part(w, buffer, fd);
		close(fd);
	}
	return ret ? ret : finish_big(w, buffer->errand);
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

static void work(void *arg, unsigned index)
{
	struct flist_walk *walk = arg;
	struct flist_walker *w = &walk->walkers[index];
	struct flist_task *task;
	while ((task = flist_tasks_take(walk->tasks, index))) {
		int ret = do_task(w, task);
		if (ret)
			flist_walk_stop(walk, ret);
		flist_tasks_done(walk->tasks);
	}
	free(w->buffer);
	w->buffer = NULL;
}

int flist_fused(struct flist_walk *walk)
{
	struct flist_errand *root = flist_arena_alloc(&walk->walkers[0].nodes, sizeof(*root));
	struct flist_task *task;
	int ret;
	if (!root)
		return -ENOMEM;
	*root = (struct flist_errand){.task = {.kind = FLIST_TASK_ENTER}};
	walk->root = &root->node;
	flist_tasks_add(walk->tasks, 0, &root->task, 1);
	ret = flist_threads_run(&walk->options->threads, walk->jobs, work, walk);
	while ((task = flist_tasks_left(walk->tasks)))
		if (task->kind == FLIST_TASK_BATCH)
			free(task);
	return ret ? ret : atomic_load(&walk->error);
}
