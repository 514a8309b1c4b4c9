/*
 * The public functions: flist_collect, flist_bulk_check, and flist_list_fetch, which fetches the
 * metadata that a lazy list does not have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/bulk.h"
#include "strategies/flist/collect/entry.h"
#include "strategies/flist/collect/walk.h"
#include "strategies/flist/threads.h"

enum {
	FLAGS = FLIST_FOLLOW | FLIST_ONE_FILESYSTEM | FLIST_LAZY | FLIST_BULK | FLIST_NO_SYNC,
	FETCH_FLAGS = FLIST_FOLLOW | FLIST_ONE_FILESYSTEM | FLIST_LAZY, /* needed later */
	PART_SIZE = 128, /* entries of a directory whose metadata a thread takes at a time */
};

/*
 * The blocks of a lazy list that do not have all metadata yet. Each is taken by one thread, which
 * opens its directory unless it has it open. The blocks are in the order of the list, so that
 * neighbours are often near each other in the filesystem, too.
 */
struct blocks {
	struct flist_walk *walk;
	struct flist_block **all;
	size_t n, room;
	_Atomic size_t next; /* index of the next block to take */
};

/* ---- flist_collect --------------------------------------------------------------------------- */

/* 0 or -EINVAL. A lazy walk fetches no metadata, hence no extra fields either. */
static int check_extra(uint64_t extra, unsigned flags)
{
	return extra & ~(uint64_t)FLIST_EXTRA_ALL || (extra && flags & FLIST_LAZY) ? -EINVAL : 0;
}

static int check(const struct flist_collect_options *o)
{
	if (o->order & ~(uint64_t)(FLIST_BY_INODE | FLIST_BREADTH))
		return -EINVAL;
	if (!flist_are_known(o) || check_extra(o->extra, o->flags))
		return -EINVAL;
	return o->flags & ~(unsigned)FLAGS || o->fields & ~(uint32_t)FLIST_FIELDS ? -EINVAL : 0;
}

/* Makes a list and moves the results of the walk to it. */
static int make_list(struct flist_walk *walk, struct flist_list **list)
{
	struct flist_list *l = flist_list_new(walk->root_path, walk->options->flags);
	if (!l)
		return -ENOMEM;
	l->root = &walk->root->node;
	l->how.bulk = flist_bulk_is_open(walk->bulk);
	l->how.why_not = flist_bulk_why_not(walk);
	if (flist_walk_pass(walk, l)) {
		flist_list_free(l);
		return -ENOMEM;
	}
	*list = l;
	return 0;
}

int flist_collect(struct flist_list **list, const char *root,
		  const struct flist_collect_options *options)
{
	static const struct flist_collect_options none;
	struct flist_walk *walk;
	int ret = options ? check(options) : 0;
	if (list)
		*list = NULL;
	if (!ret)
		ret = flist_walk_new(&walk, root, options ? options : &none, list != NULL);
	if (ret)
		return ret;
	ret = flist_walk_tree(walk);
	if (!ret && list)
		ret = make_list(walk, list);
	flist_walk_free(walk);
	return ret;
}

int flist_bulk_check(const char *root, const struct flist_collect_options *options,
		     const char **why)
{
	struct flist_collect_options o = {.flags = 0};
	struct flist_walk *walk;
	int ret = options ? check(options) : 0;
	if (why)
		*why = NULL;
	if (options)
		o = *options;
	o.flags |= FLIST_BULK | FLIST_NO_SYNC;
	if (!ret)
		ret = flist_walk_new(&walk, root, &o, false);
	if (ret)
		return ret;
	ret = walk->bulk ? flist_bulk_open(walk) : -ENOTSUP;
	if (why)
		*why = walk->why_not;
	flist_walk_free(walk);
	return ret;
}

/* ---- flist_list_fetch ------------------------------------------------------------------------ */

/* Entries are fetched in order, so the last one of a block tells whether all have been. */
static bool lacks_metadata(const struct flist_block *block)
{
	return block->n > 0 && block->lines[block->n - 1].state == FLIST_LINE_LISTED;
}

static uint32_t count_parts(const struct flist_block *block)
{
	return lacks_metadata(block) ? (block->n - 1) / PART_SIZE + 1 : 1;
}

/* Makes n blocks of one, which use its memory. */
static void make_parts(const struct flist_block *whole, struct flist_block *parts, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t at = i * PART_SIZE;
		parts[i] = *whole;
		parts[i].lines += at;
		parts[i].n = i < n - 1 ? PART_SIZE : whole->n - at;
		if (whole->facts)
			parts[i].facts += (size_t)at * whole->record;
		if (whole->extras)
			parts[i].extras += at;
	}
}

/* Replaces the blocks of a directory by parts. firsts: for the number of the first part of each. */
static void set_parts(struct flist_node *node, struct flist_order *order, struct flist_block *parts,
		      uint32_t *firsts)
{
	const struct flist_order *old = node->order;
	struct flist_block *const *blocks = old ? old->blocks : &node->block;
	const uint32_t n_old = old ? old->n_blocks : 1;
	for (uint32_t i = 0, at = 0; i < n_old; i++) {
		const uint32_t n = count_parts(blocks[i]);
		make_parts(blocks[i], &parts[at], n);
		firsts[i] = at;
		at += n;
	}
	for (uint32_t i = 0; i < order->n_blocks; i++)
		order->blocks[i] = &parts[i];
	for (uint32_t i = 0; i < node->n; i++) {
		const uint32_t line = old ? flist_place_line(old->places[i]) : i;
		const uint32_t block = old ? flist_place_block(old->places[i]) : 0;
		const uint32_t part = count_parts(blocks[block]) > 1 ? line / PART_SIZE : 0;
		order->places[i] = flist_place(firsts[block] + part, line - part * PART_SIZE);
	}
	node->order = order;
	node->block = NULL;
}

/*
 * Splits blocks of a directory that have more entries to fetch than one thread is to take at a
 * time. If there is no memory for that, or there would be too many, they stay as they are.
 */
static void split_node(struct flist_arena *arena, struct flist_node *node)
{
	struct flist_block *const *blocks = node->order ? node->order->blocks : &node->block;
	const uint32_t n_old = node->order ? node->order->n_blocks : node->block != NULL;
	uint64_t n = 0;
	for (uint32_t i = 0; i < n_old; i++)
		n += count_parts(blocks[i]);
	if (n == n_old || n > FLIST_PLACE_BLOCKS)
		return;
	struct flist_order *order = flist_arena_alloc(arena, sizeof(*order));
	struct flist_block *parts = flist_arena_alloc(arena, n * sizeof(*parts));
	uint32_t *firsts = flist_arena_alloc(arena, n_old * sizeof(*firsts));
	if (!order || !parts || !firsts)
		return;
	*order = (struct flist_order){
		.blocks = flist_arena_alloc(arena, n * sizeof(struct flist_block *)),
		.places = flist_arena_alloc(arena, node->n * sizeof(*order->places)),
		.n_blocks = (uint32_t)n,
	};
	if (order->blocks && order->places)
		set_parts(node, order, parts, firsts);
}

static int add_block(struct blocks *blocks, struct flist_block *block)
{
	int ret;
	if (!lacks_metadata(block))
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
		if (blocks->walk->jobs > 1)
			split_node(&blocks->walk->walkers[0]->nodes, node);
		if (node->block)
			ret = add_block(blocks, node->block);
		for (uint32_t i = 0; node->order && i < node->order->n_blocks && !ret; i++)
			ret = add_block(blocks, node->order->blocks[i]);
	}
	return ret;
}

static int begin_again(struct flist_walker *w, const struct flist_block *old)
{
	size_t names = 0;
	for (uint32_t i = 0; i < old->n; i++)
		names += old->lines[i].len + 1U;
	return flist_block_builder_begin(&w->builder, &w->blocks, old->n, names, true);
}

static void add_line(struct flist_walker *w, const struct flist_block *old, uint32_t i)
{
	const struct flist_line *from = &old->lines[i];
	flist_block_builder_add(&w->builder, flist_block_name(old, i), from->len, from->mode);
}

/* Adds an entry with what the old block knows of it. */
static void keep_line(struct flist_walker *w, const struct flist_block *old, uint32_t i)
{
	struct flist_meta meta;
	add_line(w, old, i);
	switch (old->lines[i].state) {
	case FLIST_LINE_KNOWN:
		flist_block_meta(old, i, &meta);
		flist_block_builder_put(&w->builder, &meta);
		flist_block_builder_put_extra(&w->builder, old->extras ? old->extras[i] : NULL);
		break;
	case FLIST_LINE_FAILED:
		flist_block_builder_put_error(&w->builder, flist_block_error(old, i));
		break;
	default:
		flist_block_builder_put_nothing(&w->builder);
	}
}

static int fetch_line(struct flist_walker *w, const struct flist_block *old, uint32_t i, int dirfd)
{
	const char *name = flist_block_name(old, i);
	const struct flist_extra *extra;
	struct flist_meta meta;
	int ret = dirfd;
	add_line(w, old, i);
	if (dirfd >= 0)
		ret = w->asker ? flist_entry_ask_all(w, dirfd, name, &meta)
			       : flist_walk_ask(w->walk, dirfd, name, w->walk->fields, &meta);
	if (dirfd >= 0 && !ret) {
		flist_block_builder_put(&w->builder, &meta);
		ret = flist_entry_extra(w, old->node, name, &extra);
		if (!ret)
			flist_block_builder_put_extra(&w->builder, extra);
		return ret;
	}
	flist_block_builder_put_error(&w->builder, ret);
	return flist_walker_fail(w, flist_walker_path(w, old->node, name), FLIST_STEP_STAT, -ret);
}

/*
 * Makes a new block with the metadata that the old one does not have. If the walk is stopped, the
 * rest of the entries stays without. 0, or an error: there is no new block.
 */
static int fetch_lines(struct flist_walker *w, const struct flist_block *old)
{
	const int dirfd = flist_dirstack_go(&w->stack, old->node, true);
	int ret = dirfd == -ENOMEM ? dirfd : begin_again(w, old);
	uint32_t i = 0, first;
	if (ret)
		return ret;
	while (old->lines[i].state != FLIST_LINE_LISTED)
		keep_line(w, old, i++);
	for (first = i; i < old->n && !flist_walk_stopped(w->walk); i++) {
		ret = fetch_line(w, old, i, dirfd);
		if (ret)
			return ret;
	}
	if (i == first)
		return atomic_load(&w->walk->error);
	while (i < old->n)
		keep_line(w, old, i++);
	return flist_block_builder_end(&w->builder, &w->blocks);
}

/*
 * Fetches the metadata of a block. The old block is replaced only when the new one is complete, so
 * the list is valid at any time. After an error the block stays as it was and the next call fetches
 * it again; so the failures recorded here are removed, since that call records them again.
 */
static int fetch_block(struct flist_walker *w, struct flist_block *old)
{
	struct flist_failure_node *noted = w->noted;
	int ret = fetch_lines(w, old);
	if (ret) {
		w->noted = noted;
		return ret;
	}
	struct flist_block *block = w->builder.block;
	block->next = old->next;
	block->node = old->node;
	*old = *block;
	return 0;
}

static void fetch_blocks(void *arg, unsigned index)
{
	struct blocks *blocks = arg;
	struct flist_walk *walk = blocks->walk;
	struct flist_walker *w = flist_walker_begin(walk, index);
	size_t i;
	while (w && flist_adapt_may_work(&walk->adapt, index) &&
	       (i = atomic_fetch_add(&blocks->next, 1)) < blocks->n) {
		int ret = 0;
		flist_pace_begin(&w->pace);
		if (!flist_walk_stopped(walk))
			ret = fetch_block(w, blocks->all[i]);
		if (ret)
			flist_walk_stop(walk, ret);
		flist_walker_measure(w, blocks->all[i]->n, true);
	}
	if (!w)
		return;
	flist_adapt_end(&walk->adapt);
	flist_dirstack_leave(&w->stack);
}

static int fetch_nodes(struct flist_walk *walk, struct flist_list *list)
{
	struct blocks blocks = {.walk = walk};
	int ret = gather(&blocks, list->root);
	if (!ret && blocks.n > 0)
		ret = flist_walk_run(walk, fetch_blocks, &blocks);
	free(blocks.all);
	return ret ? ret : atomic_load(&walk->error);
}

int flist_list_fetch(struct flist_list *list, const struct flist_fetch_options *options)
{
	static const struct flist_fetch_options none;
	const struct flist_fetch_options *o = options ? options : &none;
	const struct flist_collect_options as_collected = {.flags = list->flags & FETCH_FLAGS,
							   .fields = o->fields,
							   .threads = o->threads,
							   .cancel = o->cancel,
							   .extra = o->extra};
	struct flist_walk *walk;
	int ret = flist_ask_check(0, o->fields), passed;
	if (!flist_are_known(o) || check_extra(o->extra, 0))
		ret = -EINVAL;
	if (!ret)
		ret = flist_walk_new(&walk, list->root_path, &as_collected, true);
	if (ret)
		return ret;
	ret = fetch_nodes(walk, list);
	passed = flist_walk_pass(walk, list);
	flist_walk_free(walk);
	return ret ? ret : passed;
}
