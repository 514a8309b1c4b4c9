#include "engine/gate/portion.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "engine/base/util.h"

enum {
	SUBTREES_MAX = 16,
	LARGE = 100000, /* entries; whoever takes a part of so many should not have to load all */
};

static const char *root_of(const struct workload *load)
{
	return load->root_len ? load->root : "/";
}

static int take_whole(struct portions *p, const struct workload *load, struct arena *arena)
{
	p->items = arena_alloc(arena, sizeof(*p->items));
	if (!p->items)
		return -ENOMEM;
	p->items[0] = (struct portion){.root = root_of(load)};
	p->n = 1;
	return 0;
}

static int cut_spans(struct portions *p, const struct workload *load, uint64_t parts,
		     struct arena *arena)
{
	p->n = (size_t)MIN(MAX(parts, 1), load->n_spans);
	p->items = arena_alloc(arena, p->n * sizeof(*p->items));
	if (!p->items)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		p->items[i] = (struct portion){
			.root = root_of(load),
			.first = (uint32_t)((uint64_t)load->n_spans * i / p->n),
			.end = (uint32_t)((uint64_t)load->n_spans * (i + 1) / p->n),
		};
	return 0;
}

/*
 * Entries below each directory. Directories stand in the order of the entries that name them,
 * parents before children, so the sums are carried upwards from the last.
 */
static void count_below(const struct workload *load, uint64_t *below, uint32_t *parents)
{
	uint32_t dir = 0;
	for (uint32_t i = 0; i < load->n_entries; i++) {
		if (load->entries[i].type == S_IFDIR && ++dir < load->n_dirs)
			parents[dir] = load->entries[i].dir;
	}
	for (uint32_t d = 0; d < load->n_dirs; d++)
		below[d] = load->dirs[d].count;
	for (uint32_t d = load->n_dirs - 1; d > 0; d--)
		below[parents[d]] += below[d];
}

/* Sub-trees of half to twice the size, at most SUBTREES_MAX. */
static int find_subtrees(struct portions *p, const struct workload *load, uint64_t entries,
			 struct arena *arena)
{
	uint64_t *below = calloc(load->n_dirs, sizeof(*below));
	uint32_t *parents = calloc(load->n_dirs, sizeof(*parents));
	p->items = arena_alloc(arena, SUBTREES_MAX * sizeof(*p->items));
	int error = below && parents && p->items ? 0 : -ENOMEM;
	if (!error)
		count_below(load, below, parents);
	for (uint32_t d = 0; !error && d < load->n_dirs && p->n < SUBTREES_MAX; d++) {
		if (below[d] < (entries + 1) / 2 || below[d] > 2 * entries ||
		    (uint64_t)load->root_len + 1 + load->dirs[d].path_len >= PATH_MAX)
			continue; /* no worker could be told to begin far below */
		const char *path = load->dirs[d].path_len ? arena_print(arena, "%s/%s", load->root,
									workload_dir_path(load, d))
							  : root_of(load);
		p->items[p->n++] = (struct portion){.root = path};
		error = path ? 0 : -ENOMEM;
	}
	free(below);
	free(parents);
	return error;
}

int portions_cut(struct portions *p, const struct workload *load, enum stage stage, bool divisible,
		 uint64_t wall_ns, struct arena *arena)
{
	*p = (struct portions){0};
	if (!divisible || wall_ns <= PORTION_NS || !load->n_spans)
		return take_whole(p, load, arena);
	int error = 0;
	if (stage == STAGE_WALK || load->n_entries > LARGE)
		error = find_subtrees(p, load, load->n_entries * PORTION_NS / wall_ns, arena);
	if (error || p->n)
		return error;
	return stage == STAGE_FETCH ? cut_spans(p, load, wall_ns / PORTION_NS, arena)
				    : take_whole(p, load, arena);
}
