#include "strategies/flist/list/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* How far a block has been merged. */
struct run {
	const struct flist_block *block;
	struct flist_node *child; /* of those left, the first */
	const char *name;         /* of the next entry */
	uint32_t number, next;
};

static bool is_earlier(const struct run *a, const struct run *b)
{
	return strcmp(a->name, b->name) < 0;
}

/* Restores the heap below its i-th run, the only one that may be too late. */
static void sink(struct run *heap, uint32_t n, uint32_t i)
{
	const struct run run = heap[i];
	for (;;) {
		uint32_t below = 2 * i + 1;
		if (below >= n)
			break;
		if (below + 1 < n && is_earlier(&heap[below + 1], &heap[below]))
			below++;
		if (!is_earlier(&heap[below], &run))
			break;
		heap[i] = heap[below];
		i = below;
	}
	heap[i] = run;
}

static uint32_t fill_heap(struct run *heap, const struct flist_order *order)
{
	uint32_t n = 0;
	for (uint32_t b = 0; b < order->n_blocks; b++) {
		const struct flist_block *block = order->blocks[b];
		if (block->n > 0)
			heap[n++] = (struct run){.block = block,
						 .child = block->child,
						 .name = flist_block_name(block, 0),
						 .number = b};
	}
	for (uint32_t i = n / 2; i-- > 0;)
		sink(heap, n, i);
	return n;
}

static void merge(struct flist_node *node, struct run *heap, uint32_t n)
{
	struct flist_node *children = NULL, **last = &children;
	for (uint32_t at = 0; n > 0; at++) {
		struct run *run = &heap[0];
		node->order->places[at] =
			(struct flist_place){.block = run->number, .line = run->next};
		if (run->block->lines[run->next].entered) {
			*last = run->child;
			run->child->after = at;
			last = &run->child->sibling;
			run->child = run->child->sibling;
		}
		if (++run->next < run->block->n)
			run->name = flist_block_name(run->block, run->next);
		else
			*run = heap[--n];
		sink(heap, n, 0);
	}
	*last = NULL;
	flist_node_settle(node, children);
}

int flist_merge(struct flist_node *node, struct flist_block *blocks, struct flist_arena *arena)
{
	struct flist_order *order = flist_arena_alloc(arena, sizeof(*order));
	struct run *heap;
	uint32_t n = 0;
	for (const struct flist_block *b = blocks; b; b = b->next, n++)
		node->n += b->n;
	if (!order)
		return -ENOMEM;
	*order = (struct flist_order){.n_blocks = n};
	order->blocks = flist_arena_alloc(arena, n * sizeof(struct flist_block *));
	order->places = flist_arena_alloc(arena, node->n * sizeof(struct flist_place));
	heap = flist_arena_alloc(arena, n * sizeof(*heap));
	if (!order->blocks || !order->places || !heap)
		return -ENOMEM;
	n = 0;
	for (struct flist_block *b = blocks; b; b = b->next)
		order->blocks[n++] = b;
	node->order = order;
	merge(node, heap, fill_heap(heap, order));
	return 0;
}
