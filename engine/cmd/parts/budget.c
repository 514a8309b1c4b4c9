#include "engine/cmd/parts/budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/measure/scout.h"
#include "engine/workload_sample.h"

enum {
	TRY_FIRST = 64,   /* entries of the first try; each try takes more than the one before, */
	TRY_GROWS = 16,   /* by this factor, */
	TRY_MOST = 16384, /* at most this many, */
	TRY_SLOW = 4,     /* then this many: after a try that took more than 1 / SLOW_SHARE */
	SLOW_SHARE = 50,
	LAST_SHARE = 8,  /* and no further try after one that took more than 1 / LAST_SHARE */
	PARTS_TRIED = 8, /* directories tried, if the tree changes or they can no longer be read */
};

static int put_in_order(const struct budget *b, struct workload *load, struct err *err)
{
	int error = order_apply(load, b->order, b->seed, err);
	return error ? error : order_cut(load, b->request->selection->max_jobs);
}

/*
 * A walk of a part of the tree starts at a sub-directory. So does an outside program, in a fetch,
 * too: it goes over everything below its root.
 */
static bool starts_below(const struct budget *b)
{
	return b->arms->stage == STAGE_WALK || b->arms->n_programs;
}

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

/* In a tree in use, the directory may have vanished; then another one is tried. */
static int cut_subtree(const struct budget *b, const struct workload *whole, uint32_t entries,
		       struct workload **part, struct err *err)
{
	int error = 0;
	for (uint64_t i = 0; i < PARTS_TRIED; i++) {
		struct err words = {0};
		error = cut_below(b, whole, entries, b->sample_seed + i, part, &words);
		if (!error || error == -EINTR || error == -ENOMEM || error == -EMFILE ||
		    error == -ENFILE)
			return error ? err_errno(err, error, "cannot read %s", whole->root) : 0;
		*part = NULL;
	}
	return 0;
}

/*
 * Makes a part with about that many entries; *part NULL: there is no such part, or the tree is no
 * larger.
 */
static int cut(const struct budget *b, const struct workload *whole, uint64_t entries,
	       struct workload **part, struct err *err)
{
	const uint32_t wanted = (uint32_t)MIN(entries, whole->n_entries);
	*part = NULL;
	if (wanted == whole->n_entries && !whole->is_partial)
		return 0;
	int error = starts_below(b) ? cut_subtree(b, whole, wanted, part, err)
				    : workload_sample(part, whole, wanted, b->sample_seed);
	if (!error && *part)
		error = put_in_order(b, *part, err);
	return error;
}

/* The end of this subject's share of the time. */
static uint64_t end_of_share(const struct budget *b)
{
	const uint64_t now = clock_ns(), until = b->request->until_ns;
	return now + (until - MIN(now, until)) / b->n_subjects;
}

/* Tries a part in one cache state. */
static int try_part(const struct budget *b, const struct target *target, unsigned state,
		    struct workload *part, struct scout *scout, struct err *err)
{
	struct run_request request = *b->request;
	struct target of_part = *target;
	const uint64_t now = clock_ns();
	of_part.load = part;
	request.targets = &of_part;
	request.n_targets = 1;
	request.states = 1U << state;
	request.until_ns = now + (end_of_share(b) - now) / 4;
	int error = arms_aim(b->arms, part->root_len ? part->root : "/", part->n_entries, err);
	return error ? error : scout_try(&request, scout, err);
}

/* Adds the duration of a round over the whole tree, in one state. */
static void weigh(const struct budget *b, unsigned state, const struct scout *scout, uint32_t whole)
{
	b->weights[state] +=
		(uint64_t)((double)scout->round_ns * (double)whole / (double)scout->entries);
}

/*
 * Tries the last part of the first state in the other states, to find out how long a round in each
 * of them takes.
 */
static int try_other_states(const struct budget *b, const struct target *target, unsigned first,
			    struct workload *part, struct scout *small, struct scout *large,
			    struct err *err)
{
	const struct scout alone = *large;
	int error = 0;
	weigh(b, first, large, target->load->n_entries);
	for (unsigned state = first + 1; state < CACHE_STATES && !error; state++) {
		struct scout other;
		if (!(b->request->states & 1U << state))
			continue;
		error = try_part(b, target, state, part, &other, err);
		if (error)
			break;
		weigh(b, state, &other, target->load->n_entries);
		large->look_ns += other.look_ns;
		large->round_ns += other.round_ns;
	}
	if (alone.round_ns)
		small->round_ns = (uint64_t)((double)small->round_ns * (double)large->round_ns /
					     (double)alone.round_ns);
	return error;
}

/*
 * From a single try, fixed costs of passes (emptying caches, starting a program) cannot be
 * distinguished from costs of entries. So a small tree is also tried as a whole, if that takes
 * little time.
 */
static bool is_whole_worth_a_try(const struct workload *whole, const struct scout *only,
				 uint64_t left_ns)
{
	const double times = (double)whole->n_entries / (double)only->entries;
	return !whole->is_partial && whole->n_entries <= TRY_MOST &&
	       (double)(only->look_ns + only->round_ns) * times * LAST_SHARE < (double)left_ns;
}

/* The cost of this subject; zeroed: it was not tried, because the whole tree is small. */
static int find_out(const struct budget *b, const struct target *target, struct scout_cost *cost,
		    struct err *err)
{
	struct workload *whole = target->load;
	const unsigned first = (unsigned)__builtin_ctz(b->request->states);
	struct workload *part = NULL;
	struct scout small = {0}, large = {0};
	const uint64_t began = clock_ns(), left = end_of_share(b) - began;
	uint64_t spent = 0;
	int error = 0;
	for (uint32_t n = TRY_FIRST; n <= TRY_MOST && n < whole->n_entries && !error;
	     n *= left < spent * SLOW_SHARE ? TRY_SLOW : TRY_GROWS) {
		struct workload *next;
		error = cut(b, whole, n, &next, err);
		if (error || !next)
			continue;
		workload_free(part);
		part = next;
		small = large;
		error = try_part(b, target, first, part, &large, err);
		spent = clock_ns() - began;
		if (left < spent * LAST_SHARE)
			break;
	}
	struct workload *last = part;
	if (!error && large.entries && !small.entries &&
	    is_whole_worth_a_try(whole, &large, left)) {
		small = large;
		last = whole;
		error = try_part(b, target, first, whole, &large, err);
	}
	if (!error && large.entries)
		error = try_other_states(b, target, first, last, &small, &large, err);
	workload_free(part);
	if (!error && large.entries)
		*cost = scout_cost(&small, &large, b->request->rounds);
	return error;
}

/*
 * A tree that was not read completely can be walked only in part; smaller and smaller parts are
 * tried.
 */
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

static bool is_same_tree(const struct subject *a, const struct subject *b)
{
	return a->whole_digest && same_text(a->whole_digest, b->whole_digest);
}

/*
 * The number of entries that can be measured. One tree on several filesystems is measured in the
 * same part on all of them, so the costs of all are added; time of an earlier sitting is spent.
 */
static uint64_t fit_tree(const struct budget *b, const struct subject *subjects, size_t i,
			 const struct scout_cost *costs, uint64_t left_ns)
{
	struct scout_cost sum = {0};
	uint64_t n = 0;
	for (size_t k = 0; k < b->n_before; k++) {
		if (is_same_tree(&subjects[i], &b->before[k]))
			return b->before[k].fitted;
	}
	for (size_t k = 0; k < b->n_subjects; k++) {
		if (k != i && !is_same_tree(&subjects[i], &subjects[k]))
			continue;
		sum.fixed_ns += costs[k].fixed_ns;
		sum.entry_ns += costs[k].entry_ns;
		n++;
	}
	return scout_fit(&sum, left_ns / b->n_subjects * n);
}

static int narrow(const struct budget *b, struct subject *s, struct target *target,
		  uint64_t entries, struct err *err)
{
	struct workload *whole = s->load, *part = NULL;
	int error = 0;
	entries = s->fitted = scout_size(entries, whole->n_entries);
	if (entries < whole->n_entries || whole->is_partial)
		error = cut_to_fit(b, whole, entries, &part, err);
	if (!error)
		error = part ? subject_narrow(s, part, b->sample_seed, b->arena)
			     : put_in_order(b, s->load, err);
	target->load = s->load;
	if (!error)
		error = arms_aim(b->arms, s->tree.root, s->tree.entries, err);
	return error;
}

/* A subject without a tree is on a filesystem that could not be made. */
static int find_out_all(const struct budget *b, const struct subject *subjects,
			const struct target *targets, struct scout_cost *costs, struct err *err)
{
	int error = 0;
	for (size_t i = 0; i < b->n_subjects && b->request->until_ns && !error; i++) {
		if (subjects[i].load)
			error = find_out(b, &targets[i], &costs[i], err);
	}
	return error;
}

int budget_fit(const struct budget *b, struct subject *subjects, struct target *targets,
	       struct err *err)
{
	struct scout_cost *costs = calloc(b->n_subjects, sizeof(*costs));
	uint64_t *entries = calloc(b->n_subjects, sizeof(*entries));
	int error = costs && entries ? 0 : err_errno(err, -ENOMEM, "cannot fit the budget");
	for (size_t i = 0; i < b->n_subjects; i++)
		targets[i].load = subjects[i].load;
	if (!error)
		error = find_out_all(b, subjects, targets, costs, err);
	const uint64_t now = clock_ns(), until = b->request->until_ns;
	for (size_t i = 0; i < b->n_subjects && !error; i++)
		entries[i] = until ? fit_tree(b, subjects, i, costs, until - MIN(now, until))
				   : UINT32_MAX;
	for (size_t i = 0; i < b->n_subjects && !error; i++) {
		if (subjects[i].load)
			error = narrow(b, &subjects[i], &targets[i], entries[i], err);
	}
	free(costs);
	free(entries);
	return error;
}
