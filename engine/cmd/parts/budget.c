#include "engine/cmd/parts/budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/measure/scout.h"
#include "engine/workload_sample.h"

enum {
	TRY_FIRST = 64,   /* entries; each try takes more than the one before, */
	TRY_GROWS = 16,   /* so many times as many, */
	TRY_MOST = 16384, /* not more than that, */
	TRY_SLOW = 4,     /* or so many, after one that took more than this part of the time: */
	SLOW_SHARE = 50,
	LAST_SHARE = 8,  /* and none after one that took more than this one */
	PARTS_TRIED = 8, /* directories, where the tree changes or they cannot be read any more */
};

static int put_in_order(const struct budget *b, struct workload *load, struct err *err)
{
	int error = order_apply(load, b->order, b->seed, err);
	return error ? error : order_cut(load, b->request->selection->max_jobs);
}

/* A walk of a part of the tree is a walk from a sub-directory. */
static int cut_below(const struct budget *b, const struct workload *whole, uint32_t entries,
		     uint64_t seed, struct workload **part, struct err *err)
{
	uint32_t dir;
	char *path;
	int error = workload_subtree(whole, entries, seed, &dir);
	*part = NULL;
	if (error || !dir)
		return error;
	if (asprintf(&path, "%s/%s", whole->root, workload_dir_path(whole, dir)) < 0)
		return -ENOMEM;
	const struct progress *progress = b->request->progress;
	char *skip = NULL;
	if (whole->skipped && asprintf(&skip, "%s/%s", whole->root, whole->skipped) < 0)
		error = -ENOMEM;
	const struct workload_request request = {
		.path = path,
		.skip_dir = skip,
		.stop = progress ? progress->stop : NULL,
		.crosses_mounts = whole->crosses_mounts,
	};
	error = error ? error : workload_load_as(part, &request, err);
	free(path);
	free(skip);
	return error;
}

/* In a tree that lives, the directory may have gone; then there is another. */
static int cut_walk(const struct budget *b, const struct workload *whole, uint32_t entries,
		    struct workload **part, struct err *err)
{
	int error = 0;
	for (uint64_t i = 0; i < PARTS_TRIED; i++) {
		struct err words = {0};
		error = cut_below(b, whole, entries, b->sample_seed + i, part, &words);
		if (!error || error == -EINTR || error == -ENOMEM || error == -EMFILE ||
		    error == -ENFILE)
			return error ? err_errno(err, error, "%s", whole->root) : 0;
		*part = NULL;
	}
	return 0;
}

/* About so many entries; *part NULL: the tree has no such part, or is no larger. */
static int cut(const struct budget *b, const struct workload *whole, uint64_t entries,
	       struct workload **part, struct err *err)
{
	const uint32_t wanted = (uint32_t)MIN(entries, whole->n_entries);
	*part = NULL;
	if (wanted == whole->n_entries && !whole->is_partial)
		return 0;
	int error = b->arms->stage == STAGE_WALK
			    ? cut_walk(b, whole, wanted, part, err)
			    : workload_sample(part, whole, wanted, b->sample_seed);
	if (!error && *part)
		error = put_in_order(b, *part, err);
	return error;
}

/* Until when there is time for this subject. */
static uint64_t end_of_share(const struct budget *b)
{
	const uint64_t now = clock_ns(), until = b->request->until_ns;
	return now + (until - MIN(now, until)) / b->n_subjects;
}

static int try_part(const struct budget *b, const struct target *target, struct workload *part,
		    struct scout *scout, struct err *err)
{
	struct run_request request = *b->request;
	struct target of_part = *target;
	const uint64_t now = clock_ns();
	of_part.load = part;
	request.targets = &of_part;
	request.n_targets = 1;
	request.until_ns = now + (end_of_share(b) - now) / 4;
	int error = arms_aim(b->arms, part->root_len ? part->root : "/", part->n_entries, err);
	return error ? error : scout_try(&request, scout, err);
}

/* How many entries there is time for; UINT32_MAX: nothing stands in the way of all. */
static int find_out(const struct budget *b, const struct target *target, uint64_t *entries,
		    struct err *err)
{
	const struct workload *whole = target->load;
	struct scout small = {0}, large = {0};
	const uint64_t states = (uint64_t)__builtin_popcount(b->request->states);
	const uint64_t began = clock_ns(), left = end_of_share(b) - began;
	uint64_t spent = 0;
	int error = 0;
	*entries = UINT32_MAX;
	for (uint32_t n = TRY_FIRST; n <= TRY_MOST && n < whole->n_entries && !error;
	     n *= left < spent * SLOW_SHARE ? TRY_SLOW : TRY_GROWS) {
		struct workload *part;
		error = cut(b, whole, n, &part, err);
		if (error || !part)
			continue;
		small = large;
		error = try_part(b, target, part, &large, err);
		workload_free(part);
		spent = clock_ns() - began;
		if (left < spent * LAST_SHARE)
			break;
	}
	const uint64_t now = clock_ns();
	if (!error && large.entries)
		*entries = scout_fit(&small, &large, (end_of_share(b) - now) / states,
				     b->request->rounds);
	return error;
}

/* A tree that was not read to its end can be walked in part only; then from ever smaller ones. */
static int cut_to_fit(const struct budget *b, const struct workload *whole, uint64_t entries,
		      struct workload **part, struct err *err)
{
	int error;
	do {
		error = cut(b, whole, entries, part, err);
		entries /= TRY_GROWS;
	} while (!error && !*part && whole->is_partial && entries);
	return error;
}

int budget_fit(const struct budget *b, struct subject *s, struct target *target, struct err *err)
{
	struct workload *whole = s->load, *part = NULL;
	uint64_t entries = UINT32_MAX;
	target->load = whole;
	if (!whole) /* its filesystem could not be made */
		return 0;
	int error = b->request->until_ns ? find_out(b, target, &entries, err) : 0;
	entries = scout_size(entries, whole->n_entries);
	if (!error && (entries < whole->n_entries || whole->is_partial))
		error = cut_to_fit(b, whole, entries, &part, err);
	if (!error)
		error = part ? subject_narrow(s, part, b->sample_seed, b->arena)
			     : put_in_order(b, s->load, err);
	target->load = s->load;
	if (!error)
		error = arms_aim(b->arms, s->tree.root, s->tree.entries, err);
	return error;
}
