#include "strategies/flist/collect/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/flist/collect/walk.h"

_Static_assert(FLIST_BUFFER_SIZE / FLIST_RECORD_MIN < 1 << FLIST_PLACE_LINE_BITS,
	       "a place has bits for every line of a block");

struct flist_run {
	size_t n;
	size_t common; /* bytes that all its names begin with, or fewer; the keys come after */
	struct flist_name names[];
};

void flist_runs_init(struct flist_runs *runs)
{
	*runs = (struct flist_runs){.n = 0};
	pthread_mutex_init(&runs->lock, NULL);
}

void flist_runs_release(struct flist_runs *runs)
{
	for (int level = 0; level < FLIST_RUN_LEVELS; level++)
		free(runs->waiting[level]);
	pthread_mutex_destroy(&runs->lock);
}

static struct flist_run *new_run(size_t n)
{
	struct flist_run *run = malloc(sizeof(*run) + n * sizeof(*run->names));
	if (run)
		run->n = n;
	return run;
}

static size_t common_of(const struct flist_name *a, const struct flist_name *b)
{
	const size_t most = a->len < b->len ? a->len : b->len;
	size_t same = 0;
	while (same < most && a->text[same] == b->text[same])
		same++;
	return same;
}

static void set_common(struct flist_run *run, size_t common)
{
	run->common = common;
	for (size_t i = 0; i < run->n; i++)
		run->names[i].key = flist_name_key(&run->names[i], common);
}

static struct flist_run *make_run(const struct flist_block *block, uint32_t number)
{
	struct flist_run *run = new_run(block->n);
	if (!run)
		return NULL;
	for (uint32_t i = 0; i < block->n; i++)
		run->names[i] = (struct flist_name){.text = flist_block_name(block, i),
						    .number = flist_place(number, i),
						    .len = block->lines[i].len};
	/* They are sorted: what the first and the last share all of them do. */
	set_common(run, run->n ? common_of(&run->names[0], &run->names[run->n - 1]) : 0);
	return run;
}

/* Frees both; NULL: out of memory. */
static struct flist_run *unite(struct flist_run *a, struct flist_run *b)
{
	struct flist_run *run = new_run(a->n + b->n);
	size_t common = a->common < b->common ? a->common : b->common;
	if (run && a->n && b->n) {
		const size_t same = common_of(&a->names[0], &b->names[0]);
		common = same < common ? same : common;
	}
	if (run) {
		if (a->common != common)
			set_common(a, common);
		if (b->common != common)
			set_common(b, common);
		flist_names_merge(a->names, a->n, b->names, b->n, run->names, common);
		run->common = common;
	}
	free(a);
	free(b);
	return run;
}

/* The run that waits at a level is taken, or this one is left there. */
static struct flist_run *meet(struct flist_runs *runs, int level, struct flist_run *run)
{
	struct flist_run *other;
	pthread_mutex_lock(&runs->lock);
	other = runs->waiting[level];
	runs->waiting[level] = other ? NULL : run;
	pthread_mutex_unlock(&runs->lock);
	return other;
}

int flist_runs_add(struct flist_runs *runs, struct flist_block *block)
{
	struct flist_run *run, *other;
	uint32_t number;
	pthread_mutex_lock(&runs->lock);
	number = runs->n_blocks++;
	runs->n += block->n;
	block->next = runs->blocks;
	runs->blocks = block;
	pthread_mutex_unlock(&runs->lock);
	if (number >= FLIST_PLACE_BLOCKS)
		return -EOVERFLOW;
	run = make_run(block, number);
	for (int level = 0; run && (other = meet(runs, level, run)); level++)
		run = unite(run, other);
	return run ? 0 : -ENOMEM;
}

static struct flist_run *unite_all(struct flist_runs *runs)
{
	struct flist_run *run = new_run(0);
	if (run)
		run->common = SIZE_MAX;
	for (int level = 0; level < FLIST_RUN_LEVELS && run; level++) {
		struct flist_run *other = runs->waiting[level];
		runs->waiting[level] = NULL;
		if (other)
			run = unite(run, other);
	}
	return run;
}

static int number_blocks(struct flist_runs *runs, struct flist_node *node,
			 struct flist_arena *arena)
{
	struct flist_order *order = flist_arena_alloc(arena, sizeof(*order));
	uint32_t i = runs->n_blocks;
	if (!order)
		return -ENOMEM;
	order->n_blocks = runs->n_blocks;
	order->blocks = flist_arena_alloc(arena, runs->n_blocks * sizeof(*order->blocks));
	order->places = flist_arena_alloc(arena, runs->n * sizeof(*order->places));
	if (!order->blocks || !order->places)
		return -ENOMEM;
	for (struct flist_block *block = runs->blocks; block; block = block->next)
		order->blocks[--i] = block;
	node->order = order;
	node->n = runs->n;
	return 0;
}

/* Children of a block are in the order of its entries, and so in that of all. */
static void place(struct flist_node *node, const struct flist_run *run)
{
	const struct flist_order *order = node->order;
	struct flist_node *children = NULL, **last = &children;
	for (uint32_t i = 0; i < node->n; i++) {
		const uint32_t at = run->names[i].number;
		struct flist_block *block = order->blocks[flist_place_block(at)];
		order->places[i] = at;
		if (!block->lines[flist_place_line(at)].entered)
			continue;
		struct flist_node *child = block->child;
		block->child = child->sibling;
		child->after = i;
		*last = child;
		last = &child->sibling;
	}
	*last = NULL;
	flist_node_settle(node, children);
}

int flist_runs_finish(struct flist_runs *runs, struct flist_node *node, struct flist_arena *arena)
{
	struct flist_run *run = unite_all(runs);
	int ret = run ? number_blocks(runs, node, arena) : -ENOMEM;
	if (!ret)
		place(node, run);
	free(run);
	return ret;
}
