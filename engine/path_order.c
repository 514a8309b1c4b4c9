/*
 * The items of a directory are sorted by name. A sub-directory is two items: itself, and, as its
 * name with a slash appended, everything below it. Visiting the items from the root gives the
 * order.
 */
#include "engine/path_order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

struct path_item {
	struct path_piece piece;
	uint32_t node;
};

struct path_sorter {
	const struct path_node *nodes;
	uint32_t n;
	struct path_item *items; /* grouped by the node they lie in */
	size_t *ends;   /* where the items of each node end; last, of those without a parent */
	size_t *stack;  /* of each open node, the index of its next item */
	uint32_t *open; /* the nodes being visited, from the top; n: those without a parent */
};

int path_compare(const struct path_piece *a, const struct path_piece *b)
{
	const int order = memcmp(a->text, b->text, MIN(a->len, b->len));
	if (order)
		return order;
	if (a->len == b->len)
		return (int)a->is_below - (int)b->is_below;
	if (a->len > b->len)
		return -path_compare(b, a);
	return a->is_below && (unsigned char)b->text[a->len] < '/' ? 1 : -1;
}

static int compare(const void *a, const void *b)
{
	const struct path_item *x = a, *y = b;
	return path_compare(&x->piece, &y->piece);
}

static uint32_t place_of(const struct path_sorter *s, uint32_t node)
{
	return s->nodes[node].up == PATH_ORDER_NONE ? s->n : s->nodes[node].up;
}

static size_t begin_of(const struct path_sorter *s, uint32_t place)
{
	return place ? s->ends[place - 1] : 0;
}

static bool has_below(const size_t *counts, uint32_t node)
{
	return counts[node] > 0;
}

/*
 * Sets ends[place] to where the items of each place begin (put moves it to their end). Returns how
 * many items there are.
 */
static size_t count(struct path_sorter *s)
{
	size_t all = 0;
	for (uint32_t i = 0; i < s->n; i++)
		s->ends[place_of(s, i)]++;
	for (uint32_t i = 0; i < s->n; i++)
		s->stack[i] = s->ends[i];
	for (uint32_t i = 0; i < s->n; i++)
		s->ends[place_of(s, i)] += has_below(s->stack, i);
	for (uint32_t p = 0; p <= s->n; p++) {
		const size_t here = s->ends[p];
		s->ends[p] = all;
		all += here;
	}
	return all;
}

static void put(struct path_sorter *s, uint32_t node, bool is_below)
{
	const struct path_node *from = &s->nodes[node];
	s->items[s->ends[place_of(s, node)]++] =
		(struct path_item){{from->name, from->len, is_below}, node};
}

static int arrange(struct path_sorter *s)
{
	const size_t all = count(s);
	s->items = calloc(MAX(all, 1), sizeof(*s->items));
	if (!s->items)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->n; i++) {
		put(s, i, false);
		if (has_below(s->stack, i))
			put(s, i, true);
	}
	for (uint32_t p = 0; p <= s->n; p++) {
		const size_t begin = begin_of(s, p), here = s->ends[p] - begin;
		if (here > 1)
			qsort(s->items + begin, here, sizeof(*s->items), compare);
	}
	return 0;
}

static void go_through(struct path_sorter *s, uint32_t *order)
{
	size_t depth = 0;
	s->open[0] = s->n;
	s->stack[0] = begin_of(s, s->n);
	for (;;) {
		if (s->stack[depth] == s->ends[s->open[depth]]) {
			if (!depth--)
				return;
			continue;
		}
		const struct path_item *item = &s->items[s->stack[depth]++];
		if (!item->piece.is_below) {
			*order++ = item->node;
			continue;
		}
		depth++;
		s->open[depth] = item->node;
		s->stack[depth] = begin_of(s, item->node);
	}
}

int path_order(const struct path_node *nodes, uint32_t n, uint32_t *order)
{
	struct path_sorter s = {
		.nodes = nodes,
		.n = n,
		.ends = calloc((size_t)n + 1, sizeof(*s.ends)),
		.stack = calloc((size_t)n + 1, sizeof(*s.stack)),
		.open = calloc((size_t)n + 1, sizeof(*s.open)),
	};
	int error = s.ends && s.stack && s.open ? arrange(&s) : -ENOMEM;
	if (!error)
		go_through(&s, order);
	free(s.items);
	free(s.ends);
	free(s.stack);
	free(s.open);
	return error;
}
