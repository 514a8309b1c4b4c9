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

static int make_facts(struct flist_walker *w, struct flist_block *block)
{
	const size_t btimes =
		w->walk->fields & FLIST_BTIME ? block->n * sizeof(*block->btimes_ns) : 0;
	struct flist_facts *facts =
		flist_arena_alloc(&w->blocks, block->n * sizeof(*block->facts) + btimes);
	int ret = flist_grow(&w->shared, &w->shared_room, (size_t)block->n + 1, sizeof(*w->shared));
	if (!facts || ret)
		return -ENOMEM;
	block->facts = facts;
	block->btimes_ns = btimes ? (int64_t *)(void *)(facts + block->n) : NULL;
	block->shared = w->shared;
	return 0;
}

static int fetch_line(struct flist_walker *w, struct flist_block *block, uint32_t i, int dirfd)
{
	const char *name = flist_block_name(block, i);
	struct flist_meta meta;
	int ret = dirfd;
	if (dirfd >= 0)
		ret = flist_walk_ask(w->walk, dirfd, name, w->walk->fields, &meta);
	if (!ret) {
		flist_block_put(block, i, &meta);
		return 0;
	}
	block->facts[i].ino = (uint64_t)-ret;
	block->lines[i].state = FLIST_LINE_FAILED;
	return flist_walker_fail(w, flist_walker_path(w, block->node, name), FLIST_STEP_STAT, -ret);
}

static int fetch_block(struct flist_walker *w, struct flist_block *block)
{
	const struct flist_node *node = block->node;
	int ret = flist_walker_go(w, node), dirfd;
	if (!ret)
		ret = make_facts(w, block);
	if (ret)
		return ret;
	dirfd = flist_opener_open(&w->walk->opener, w->path, node->path_len);
	for (uint32_t i = 0; i < block->n && !ret; i++)
		ret = fetch_line(w, block, i, dirfd);
	if (dirfd >= 0)
		close(dirfd);
	return ret ? ret : flist_block_seal(block, &w->blocks);
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
		if (ret) {
			flist_walk_stop(walk, ret);
			flist_block_forget(blocks->all[i]);
		}
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
