/*
 * flist_list_fetch: the metadata of a lazy list, later. The unit of work is a block, whose
 * directory is opened once; the order is that of the list, so neighbours are near each other in
 * the filesystem, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/flat.h"
#include "strategies/flist/threads.h"

struct blocks {
	struct flist_walk *walk;
	struct flist_block **all;
	size_t n, room;
	_Atomic size_t next; /* block that nobody has taken yet */
};

static int note_block(struct blocks *blocks, struct flist_block *block)
{
	int ret;
	if (block->facts || block->n == 0)
		return 0;
	ret = flist_grow(&blocks->all, &blocks->room, blocks->n + 1, sizeof(*blocks->all));
	if (!ret)
		blocks->all[blocks->n++] = block;
	return ret;
}

static int gather(struct blocks *blocks, struct flist_node *node)
{
	int ret = 0;
	for (; node && !ret; node = flist_node_next(node)) {
		if (node->block)
			ret = note_block(blocks, node->block);
		for (uint32_t i = 0; node->order && i < node->order->n_blocks && !ret; i++)
			ret = note_block(blocks, node->order->blocks[i]);
	}
	return ret;
}

static int begin_again(struct flist_walker *w, const struct flist_block *old)
{
	size_t names = 0;
	for (uint32_t i = 0; i < old->n; i++)
		names += old->lines[i].len + 1U;
	return flist_maker_begin(&w->maker, &w->blocks, old->n, names, true);
}

static int fetch_line(struct flist_walker *w, const struct flist_block *old, uint32_t i, int dirfd)
{
	const struct flist_line *from = &old->lines[i];
	const char *name = flist_block_name(old, i);
	struct flist_line *line = flist_maker_add(&w->maker, name, from->len, from->mode);
	struct flist_meta meta;
	int ret = dirfd;
	if (dirfd >= 0)
		ret = flist_walk_ask(w->walk, dirfd, name, w->walk->fields, &meta);
	line->entered = from->entered;
	if (!ret) {
		flist_maker_put(&w->maker, &meta);
		return 0;
	}
	flist_maker_put_error(&w->maker, ret);
	return flist_walker_fail(w, flist_walker_path(w, old->node, name), FLIST_STEP_STAT, -ret);
}

/* The old block is replaced when all is well, so that a list is a good one at any time. */
static int fetch_block(struct flist_walker *w, struct flist_block *old)
{
	const struct flist_node *node = old->node;
	int ret = flist_walker_go(w, node), dirfd;
	if (!ret)
		ret = begin_again(w, old);
	if (ret)
		return ret;
	dirfd = flist_opener_open(&w->walk->opener, w->path, node->path_len);
	for (uint32_t i = 0; i < old->n && !ret; i++)
		ret = fetch_line(w, old, i, dirfd);
	if (dirfd >= 0)
		close(dirfd);
	if (!ret)
		ret = flist_maker_end(&w->maker, &w->blocks);
	if (ret)
		return ret;
	struct flist_block *block = w->maker.block;
	block->next = old->next;
	block->node = old->node;
	block->child = old->child;
	*old = *block;
	return 0;
}

static void fetch_blocks(void *arg, unsigned index)
{
	struct blocks *blocks = arg;
	struct flist_walk *walk = blocks->walk;
	size_t i;
	while ((i = atomic_fetch_add(&blocks->next, 1)) < blocks->n) {
		int ret = 0;
		if (!flist_walk_stopped(walk))
			ret = fetch_block(&walk->walkers[index], blocks->all[i]);
		if (ret)
			flist_walk_stop(walk, ret);
	}
}

static int fetch_nodes(struct flist_walk *walk, struct flist_list *list)
{
	struct blocks blocks = {.walk = walk};
	int ret = gather(&blocks, list->root);
	if (!ret)
		ret = flist_threads_run(&walk->options->threads, walk->jobs, fetch_blocks, &blocks);
	free(blocks.all);
	return ret ? ret : atomic_load(&walk->error);
}

/* A flat list has its answers from a cache, as if it had not been lazy. */
static int fetch_flats(struct flist_walk *walk, struct flist_list *list)
{
	struct flist_cache *cache;
	int ret = flist_cache_new(&cache, NULL);
	if (ret)
		return ret;
	ret = flist_flat_fetch(walk, cache, list->flat, list->length);
	flist_cache_free(cache);
	return ret;
}

int flist_list_fetch(struct flist_list *list, uint32_t fields, const struct flist_threads *threads)
{
	static const struct flist_threads none;
	const struct flist_collect_options options = {
		.flags = list->flags, .fields = fields, .threads = threads ? *threads : none};
	struct flist_walk *walk;
	int ret = flist_ask_check(0, fields), passed;
	if (!ret)
		ret = flist_walk_new(&walk, list->root_path, &options, true);
	if (ret)
		return ret;
	ret = list->root ? fetch_nodes(walk, list) : fetch_flats(walk, list);
	passed = flist_walk_pass(walk, list);
	flist_walk_free(walk);
	return ret ? ret : passed;
}
