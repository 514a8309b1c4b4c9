#include "engine/workload_sample.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/digest.h"
#include "engine/base/util.h"
#include "engine/order.h"

/* --- Of a fetch: directories ------------------------------------------------------------------ */

/*
 * An index and a random number drawn from a path or name and the seed. Sorting by it does not
 * depend on the order in which the filesystem lists names.
 */
struct random_rank {
	uint64_t hash;
	uint32_t index;
};

static int by_random_rank(const void *a, const void *b)
{
	const struct random_rank *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash > y->hash ? 1 : -1;
	return (x->index > y->index) - (x->index < y->index);
}

static uint64_t rank_of_dir(const struct workload *load, uint32_t dir, uint64_t seed)
{
	if (workload_is_far(load, dir)) {
		const uint64_t hash = workload_far(load, dir)->hash;
		return digest_hash(&hash, sizeof(hash), seed);
	}
	return digest_hash(workload_dir_path(load, dir), load->dirs[dir].path_len, seed);
}

/* Sets take[dir] to the number of entries of that directory in the sample. */
static int choose(const struct workload *whole, uint32_t entries, uint64_t seed, uint32_t *take)
{
	struct random_rank *ranks = calloc(whole->n_dirs, sizeof(*ranks));
	if (!ranks)
		return -ENOMEM;
	for (uint32_t i = 0; i < whole->n_dirs; i++)
		ranks[i] = (struct random_rank){rank_of_dir(whole, i, seed), i};
	qsort(ranks, whole->n_dirs, sizeof(*ranks), by_random_rank);
	for (uint32_t i = 0; i < whole->n_dirs && entries; i++) {
		take[ranks[i].index] = MIN(whole->dirs[ranks[i].index].count, entries);
		entries -= take[ranks[i].index];
	}
	free(ranks);
	return 0;
}

/* Replaces the largest of n ranks, which is the first of the heap. */
static void replace_largest(struct random_rank *heap, uint32_t n, struct random_rank rank)
{
	uint32_t at = 0, next;
	while ((next = 2 * at + 1) < n) {
		if (next + 1 < n && by_random_rank(&heap[next + 1], &heap[next]) > 0)
			next++;
		if (by_random_rank(&heap[next], &rank) <= 0)
			break;
		heap[at] = heap[next];
		at = next;
	}
	heap[at] = rank;
}

/*
 * Finds the n smallest ranks of a directory's names, in a heap: a directory may have millions of
 * names; n is small.
 */
static void find_smallest(const struct workload *whole, const struct workload_dir *from,
			  uint64_t seed, struct random_rank *heap, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		heap[i] = (struct random_rank){UINT64_MAX, UINT32_MAX};
	for (uint32_t i = 0; i < from->count && n; i++) {
		const struct workload_entry *entry = &whole->entries[from->first + i];
		const char *name = workload_name(whole, from->first + i);
		const struct random_rank rank = {digest_hash(name, entry->name_len, seed), i};
		if (by_random_rank(&rank, &heap[0]) < 0)
			replace_largest(heap, n, rank);
	}
}

/*
 * Copies that many entries of a directory, chosen by the ranks of their names, in the tree's order.
 */
static int copy_some(const struct workload *whole, const struct workload_dir *from, uint32_t n,
		     uint64_t seed, struct workload_entry *to)
{
	struct random_rank *ranks = calloc(n, sizeof(*ranks));
	bool *taken = calloc(from->count, sizeof(*taken));
	const bool ok = ranks && taken;
	if (ok)
		find_smallest(whole, from, seed, ranks, n);
	for (uint32_t i = 0; i < n && ok; i++)
		taken[ranks[i].index] = true;
	for (uint32_t i = 0; i < from->count && ok; i++) {
		if (taken[i])
			*to++ = whole->entries[from->first + i];
	}
	free(ranks);
	free(taken);
	return ok ? 0 : -ENOMEM;
}

static int copy_dirs(struct workload *part, const struct workload *whole, const uint32_t *take,
		     uint64_t seed, struct workload_dir *dirs, struct workload_entry *entries)
{
	int error = 0;
	for (uint32_t d = 0; d < whole->n_dirs && !error; d++) {
		const struct workload_dir *from = &whole->dirs[d];
		struct workload_entry *to = entries + part->n_entries;
		if (!take[d])
			continue;
		dirs[part->n_dirs] = *from;
		dirs[part->n_dirs].first = part->n_entries;
		dirs[part->n_dirs].count = take[d];
		if (take[d] < from->count)
			error = copy_some(whole, from, take[d], seed, to);
		else
			memcpy(to, whole->entries + from->first, take[d] * sizeof(*to));
		for (uint32_t i = 0; i < take[d] && !error; i++)
			to[i].dir = part->n_dirs;
		part->n_entries += take[d];
		part->n_dirs++;
	}
	return error;
}

static int take_part(struct workload *part, const struct workload *whole, const uint32_t *take,
		     uint64_t seed)
{
	size_t n_dirs = 0, n_entries = 0;
	for (uint32_t d = 0; d < whole->n_dirs; d++) {
		n_dirs += take[d] > 0;
		n_entries += take[d];
	}
	struct workload_dir *dirs = calloc(n_dirs, sizeof(*dirs));
	struct workload_entry *entries = calloc(n_entries, sizeof(*entries));
	part->dirs = dirs;
	part->entries = entries;
	if (!dirs || !entries)
		return -ENOMEM;
	int error = copy_dirs(part, whole, take, seed, dirs, entries);
	return error ? error : order_apply(part, ORDER_READDIR, 0, NULL);
}

int workload_sample(struct workload **sample, const struct workload *whole, uint32_t entries,
		    uint64_t seed)
{
	if (!entries || !whole->n_entries)
		return -EINVAL;
	uint32_t *take = calloc(whole->n_dirs, sizeof(*take));
	struct workload *part = malloc(sizeof(*part));
	int error = take && part ? choose(whole, entries, seed, take) : -ENOMEM;
	if (part) {
		*part = *whole;
		part->is_slice = true;
		part->parents = NULL;
		part->n_dirs = part->n_entries = part->n_spans = 0;
		part->dirs = NULL;
		part->entries = NULL;
		part->spans = NULL;
	}
	if (!error)
		error = take_part(part, whole, take, seed);
	free(take);
	if (error)
		workload_free(part);
	else
		*sample = part;
	return error;
}

/* --- Of a walk: a sub-directory --------------------------------------------------------------- */

enum {
	/* A sub-tree with less than 1 / NEAR of the requested entries is not representative. */
	NEAR = 8,
};

struct subtrees {
	uint64_t *below;   /* entries below each directory; UINT64_MAX: not all of them were read */
	uint32_t *parents; /* index of each directory's parent */
};

/*
 * Directories have the order of the entries that name them, parents before children, so sums are
 * added to the parents from the last directory to the first. When time was up, the last directory
 * that was read may be incomplete.
 */
static void count_below(const struct workload *load, struct subtrees *s)
{
	uint32_t dir = 0, unread = load->n_dirs;
	if (load->is_partial)
		unread -= MIN(load->n_unread + 1, load->n_dirs);
	for (uint32_t i = 0; i < load->n_entries; i++) {
		if (load->entries[i].type == S_IFDIR && ++dir < load->n_dirs)
			s->parents[dir] = load->entries[i].dir;
	}
	for (uint32_t d = 0; d < load->n_dirs; d++)
		s->below[d] = d < unread ? load->dirs[d].count : UINT64_MAX;
	for (uint32_t d = load->n_dirs - 1; d > 0; d--) {
		uint64_t *up = &s->below[s->parents[d]];
		*up = s->below[d] == UINT64_MAX || *up == UINT64_MAX ? UINT64_MAX
								     : *up + s->below[d];
	}
}

/* The ratio of the two numbers, the larger over the smaller, in thousandths. */
static uint64_t distance(uint64_t have, uint64_t want)
{
	return have > want ? have * 1000 / want : want * 1000 / have;
}

/* Whether its path is short enough for a call: a walk begins at a path. */
static bool has_path(const struct workload *load, uint32_t dir)
{
	return load->root_len + 1 + (uint64_t)load->dirs[dir].path_len < PATH_MAX;
}

/*
 * The directory with the nearest number of entries; of several that are equally near, the one with
 * the smallest rank.
 */
static uint32_t find_nearest(const struct workload *load, const struct subtrees *s,
			     uint32_t entries, uint64_t seed)
{
	uint64_t best = UINT64_MAX, best_rank = UINT64_MAX;
	uint32_t found = 0;
	for (uint32_t d = 1; d < load->n_dirs; d++) {
		uint64_t below = s->below[d];
		if (!below || below > 2 * (uint64_t)entries || below * NEAR < entries ||
		    !has_path(load, d))
			continue;
		const uint64_t far = distance(below, entries);
		const uint64_t rank = far <= best ? rank_of_dir(load, d, seed) : 0;
		if (far > best || (far == best && rank >= best_rank))
			continue;
		best = far;
		best_rank = rank;
		found = d;
	}
	return found;
}

int workload_subtree(const struct workload *whole, uint32_t entries, uint64_t seed, uint32_t *dir)
{
	struct subtrees s = {
		.below = calloc(MAX(whole->n_dirs, 1), sizeof(*s.below)),
		.parents = calloc(MAX(whole->n_dirs, 1), sizeof(*s.parents)),
	};
	int error = s.below && s.parents ? 0 : -ENOMEM;
	*dir = 0;
	if (!error && entries && whole->n_dirs) {
		count_below(whole, &s);
		*dir = find_nearest(whole, &s, entries, seed);
	}
	free(s.below);
	free(s.parents);
	return error;
}
