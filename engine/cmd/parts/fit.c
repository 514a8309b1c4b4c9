#include "engine/cmd/parts/fit.h"

#include <errno.h>
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
	LAST_SHARE = 8, /* and none after one that took more than this one */
};

static int put_in_order(const struct fit *f, struct workload *load, struct err *err)
{
	int error = order_apply(load, f->order, f->seed, err);
	return error ? error : order_cut(load, f->request->selection->max_jobs);
}

/* A walk of a part of the tree is a walk from a sub-directory. */
static int cut_walk(const struct fit *f, uint32_t entries, struct workload **part, struct err *err)
{
	const struct workload *whole = f->subject->load;
	uint32_t dir;
	char *path;
	int error = workload_subtree(whole, entries, f->sample_seed, &dir);
	*part = NULL;
	if (error || !dir)
		return error;
	if (asprintf(&path, "%s/%s", whole->root, workload_dir_path(whole, dir)) < 0)
		return -ENOMEM;
	const struct progress *progress = f->request->progress;
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

/* About so many entries; *part NULL: the tree has no such part, or is no larger. */
static int cut(const struct fit *f, uint64_t entries, struct workload **part, struct err *err)
{
	const struct workload *whole = f->subject->load;
	const uint32_t wanted = (uint32_t)MIN(entries, whole->n_entries);
	*part = NULL;
	if (wanted == whole->n_entries && !whole->is_partial)
		return 0;
	int error = f->arms->stage == STAGE_WALK
			    ? cut_walk(f, wanted, part, err)
			    : workload_sample(part, whole, wanted, f->sample_seed);
	if (!error && *part)
		error = put_in_order(f, *part, err);
	return error;
}

static int try_part(const struct fit *f, struct workload *part, struct scout *scout,
		    struct err *err)
{
	struct run_request request = *f->request;
	const uint64_t now = clock_ns();
	request.load = part;
	request.until_ns = now + (request.until_ns - MIN(now, request.until_ns)) / 4;
	int error = arms_aim(f->arms, part->root_len ? part->root : "/", part->n_entries, err);
	return error ? error : scout_try(&request, scout, err);
}

/* How many entries there is time for; UINT32_MAX: nothing stands in the way of all. */
static int find_out(const struct fit *f, uint64_t *entries, struct err *err)
{
	struct scout small = {0}, large = {0};
	const uint64_t until = f->request->until_ns;
	const uint64_t states = (uint64_t)__builtin_popcount(f->request->states);
	const uint64_t began = clock_ns(), left = until - MIN(began, until);
	uint64_t spent = 0;
	int error = 0;
	*entries = UINT32_MAX;
	for (uint32_t n = TRY_FIRST; n <= TRY_MOST && n < f->subject->load->n_entries && !error;
	     n *= left < spent * SLOW_SHARE ? TRY_SLOW : TRY_GROWS) {
		struct workload *part;
		error = cut(f, n, &part, err);
		if (error || !part)
			continue;
		small = large;
		error = try_part(f, part, &large, err);
		workload_free(part);
		spent = clock_ns() - began;
		if (left < spent * LAST_SHARE)
			break;
	}
	const uint64_t now = clock_ns();
	if (!error && large.entries)
		*entries = scout_fit(&small, &large, (until - MIN(now, until)) / states,
				     f->request->rounds);
	return error;
}

/* A tree that was not read to its end can be walked in part only; then from ever smaller ones. */
static int cut_to_fit(const struct fit *f, uint64_t entries, struct workload **part,
		      struct err *err)
{
	const bool must = f->subject->load->is_partial;
	int error;
	do {
		error = cut(f, entries, part, err);
		entries /= TRY_GROWS;
	} while (!error && !*part && must && entries);
	return error;
}

int fit_budget(const struct fit *f, struct err *err)
{
	struct subject *s = f->subject;
	struct workload *part = NULL;
	uint64_t entries = UINT32_MAX;
	int error = f->request->until_ns ? find_out(f, &entries, err) : 0;
	entries = scout_size(entries, s->load->n_entries);
	if (!error && (entries < s->load->n_entries || s->load->is_partial))
		error = cut_to_fit(f, entries, &part, err);
	if (!error)
		error = part ? subject_narrow(s, part, f->sample_seed, f->arena)
			     : put_in_order(f, s->load, err);
	if (!error)
		error = arms_aim(f->arms, s->tree.root, s->tree.entries, err);
	return error;
}
