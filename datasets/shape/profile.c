#include "datasets/shape/profile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "engine/base/util.h"
#include "engine/json/json_node.h"

static int read_row(const struct json_node *at, struct profile_row *row)
{
	struct json_node item;
	uint64_t files, dirs;
	if (!json_node_is_list(at) || json_node_length(at) != 2)
		return json_node_bad(at, "must be a list of two: files, directories");
	if (json_node_count(json_node_item(at, 0, &item), 0, UINT32_MAX, &files) ||
	    json_node_count(json_node_item(at, 1, &item), 0, UINT32_MAX, &dirs))
		return -EINVAL;
	*row = (struct profile_row){(uint32_t)files, (uint32_t)dirs};
	return 0;
}

int profile_read(const struct json_node *at, struct profile *profile)
{
	struct profile read = {0};
	struct json_node item;
	size_t n = json_node_is_list(at) ? json_node_length(at) : 0;
	int error = 0;
	if (n < 1 || n > PROFILE_DEPTHS)
		return json_node_bad(at, "must be a list of 1 to %d", PROFILE_DEPTHS);
	for (size_t i = 0; i < n && !error; i++)
		error = read_row(json_node_item(at, i, &item), &read.at[i]);
	read.n = (uint32_t)n;
	error = error ? error : profile_check(at, &read);
	read.fixed = profile->fixed;
	if (!error)
		*profile = read;
	return error;
}

int profile_check(const struct json_node *at, const struct profile *profile)
{
	struct json_node item;
	if (profile->n > PROFILE_DEPTHS)
		return json_node_bad(at, "must have at most %d depths", PROFILE_DEPTHS);
	for (uint32_t i = 0; i < profile->n; i++) {
		bool is_last = i + 1 == profile->n;
		if (is_last && profile->at[i].dirs > 0)
			return json_node_bad(json_node_item(at, i, &item),
					     "is the last, but has directories");
		if (!is_last && profile->at[i].dirs == 0)
			return json_node_bad(json_node_item(at, i, &item),
					     "has no directories, but is not the last");
	}
	return 0;
}

void profile_print(FILE *out, const struct profile *profile)
{
	for (uint32_t i = 0; i < profile->n; i++)
		fprintf(out, "%s[%" PRIu32 ", %" PRIu32 "]", i ? ", " : "[", profile->at[i].files,
			profile->at[i].dirs);
	putc(']', out);
}

/* number * by / of, rounded down; of > 0, and the quotient must fit. */
static uint64_t scale(uint64_t number, uint64_t by, uint64_t of)
{
	return (uint64_t)((unsigned __int128)number * by / of);
}

/* The state of a walk down the depths of a tree with `entries`. */
struct level_walk {
	const struct profile *profile;
	uint64_t entries, total; /* total: those of the profile */
	uint64_t above;          /* of total, those above the current depth */
	uint64_t dirs;           /* so far, in the requested tree */
};

static uint64_t total_of(const struct profile *profile)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < profile->n; i++)
		total += (uint64_t)profile->at[i].files + profile->at[i].dirs;
	return total;
}

/*
 * The number of sub-directories in all directories of a depth. 0 if everything in and below them
 * would be less than one entry; otherwise at least one, so that no depth is cut off.
 */
static uint64_t dirs_at(struct level_walk *d, uint32_t depth)
{
	const struct profile_row *row = &d->profile->at[depth];
	uint64_t left = d->entries - d->dirs, dirs = 0;
	d->above += row->files;
	if (depth < d->profile->fixed)
		dirs = row->dirs;
	else if (row->dirs && scale(d->total - d->above, d->entries, d->total) > 0)
		dirs = MAX(scale(row->dirs, d->entries, d->total), 1);
	dirs = MIN(dirs, left);
	d->above += row->dirs;
	d->dirs += dirs;
	return dirs;
}

void profile_level(struct profile_level *level, const struct profile *profile, uint64_t entries,
		   uint32_t depth)
{
	struct level_walk d = {.profile = profile, .entries = entries, .total = total_of(profile)};
	uint64_t parents = 1, before = 0, own = 0, files = 0;
	*level = (struct profile_level){0};
	if (d.total == 0) {
		*level = (struct profile_level){depth == 0, depth ? 0 : entries, 0};
		return;
	}
	for (uint32_t i = 0; i < profile->n && parents > 0; i++) {
		uint64_t dirs = dirs_at(&d, i);
		if (i < depth)
			before += profile->at[i].files;
		if (i == depth) {
			own = profile->at[i].files;
			level->parents = parents;
			level->dirs = dirs;
		}
		files += profile->at[i].files;
		parents = dirs;
	}
	uint64_t rest = entries - d.dirs;
	if (files == 0)
		level->files = depth ? 0 : rest;
	else if (level->parents)
		level->files = scale(before + own, rest, files) - scale(before, rest, files);
}

/* How many of n are in the first bins, whose weights sum to `weights`. */
static uint64_t share_of(const struct quantity *q, uint64_t n, uint64_t weights)
{
	return (weights * n + q->total / 2) / q->total;
}

/*
 * The sum of the values of the first `rank` of `ranks` in a bin: evenly spaced from its smallest to
 * its largest.
 */
static uint64_t bin_sum(const struct bin *bin, uint64_t ranks, uint64_t rank)
{
	uint64_t range = bin->hi - bin->lo;
	unsigned __int128 rise = (unsigned __int128)rank * rank * range / (2 * ranks);
	return rank * bin->lo + (uint64_t)rise;
}

/* The same for all bins, before the adjustment to a given total. */
static uint64_t drawn_sum(const struct quantity *q, uint64_t n, uint64_t rank)
{
	uint64_t sum = 0, weights = 0, begin = 0;
	for (uint32_t i = 0; i < q->n && begin < rank; i++) {
		uint64_t end = share_of(q, n, weights += q->bins[i].weight);
		if (end > begin)
			sum += bin_sum(&q->bins[i], end - begin, MIN(rank, end) - begin);
		begin = end;
	}
	return sum;
}

/*
 * The difference to the total is distributed from this rank on, in proportion to the values: the
 * last bins, with values that sum to at least four times the difference.
 */
static uint64_t first_adjusted(const struct quantity *q, uint64_t n, uint64_t sum,
			       uint64_t difference)
{
	uint64_t weights = q->total;
	for (uint32_t i = q->n; i-- > 0;) {
		uint64_t rank = share_of(q, n, weights -= q->bins[i].weight);
		if ((sum - drawn_sum(q, n, rank)) / 4 >= difference)
			return rank;
	}
	return 0;
}

uint64_t profile_dealt(const struct quantity *q, uint64_t n, uint64_t total, uint64_t rank)
{
	uint64_t sum = drawn_sum(q, n, n);
	if (rank >= n)
		return total;
	if (sum == 0)
		return 0;
	uint64_t mine = drawn_sum(q, n, rank);
	uint64_t difference = total > sum ? total - sum : sum - total;
	uint64_t first = first_adjusted(q, n, sum, difference);
	if (difference == 0 || rank <= first)
		return mine;
	uint64_t kept = drawn_sum(q, n, first);
	return kept + scale(mine - kept, total - kept, sum - kept);
}

/*
 * Four rounds of a balanced Feistel network over the next power of four, repeated until the result
 * is below n. The same rounds in the opposite order are the inverse.
 */
struct network {
	uint64_t seed, mask;
	unsigned half;
};

static struct network network_of(uint64_t seed, uint64_t n)
{
	unsigned half = 1;
	while (half < 32 && n > UINT64_C(1) << 2 * half)
		half++;
	return (struct network){seed, (UINT64_C(1) << half) - 1, half};
}

static uint64_t scrambled(const struct network *net, uint64_t round, uint64_t half)
{
	return rng_mix(net->seed + round + rng_mix(half)) & net->mask;
}

uint64_t profile_shuffle(uint64_t seed, uint64_t n, uint64_t number)
{
	const struct network net = network_of(seed, n);
	do {
		uint64_t left = number >> net.half, right = number & net.mask;
		for (uint64_t round = 0; round < 4; round++) {
			uint64_t next = left ^ scrambled(&net, round, right);
			left = right;
			right = next;
		}
		number = left << net.half | right;
	} while (number >= n);
	return number;
}

uint64_t profile_unshuffle(uint64_t seed, uint64_t n, uint64_t shuffled)
{
	const struct network net = network_of(seed, n);
	do {
		uint64_t left = shuffled >> net.half, right = shuffled & net.mask;
		for (uint64_t round = 4; round-- > 0;) {
			uint64_t before = right ^ scrambled(&net, round, left);
			right = left;
			left = before;
		}
		shuffled = left << net.half | right;
	} while (shuffled >= n);
	return shuffled;
}
