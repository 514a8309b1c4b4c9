#include "engine/measure/run.h"

#include <errno.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/measure/rounds.h"
#include "engine/measure/watch/syscall_tally.h"

/*
 * Why no pass of a cell was verified: the cause of its last one. NULL: one was verified, or all
 * were cut short by the user, which says nothing about the cell.
 */
static const char *why_unverified(const struct run *run, const struct cell_result *cell)
{
	enum cause why = CAUSE_NONE;
	for (size_t i = 0; i < cell->n_passes; i++) {
		const struct pass *pass = &cell->passes[i];
		if (pass->verified)
			return NULL;
		if (pass->why != CAUSE_CUT_SHORT)
			why = pass->why;
	}
	if (!why)
		return NULL;
	if (why == CAUSE_TREE_CHANGED)
		return "no pass could be verified: the tree kept changing";
	return arena_print(run->result->arena, "no pass could be verified: a pass %s",
			   cause_shown(why));
}

/* A cell without a verified pass has not been measured, even if no result was wrong. */
static void fail_unverified(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		struct cell_result *cell = run->cells[i].result;
		const char *why =
			cell && cell->status == STATUS_OK ? why_unverified(run, cell) : NULL;
		if (why)
			run_give_up(run, &run->cells[i], STATUS_INVALID, why);
	}
}

/* Stores the facts about changes of the tree. */
static int store_still(struct run *run, const struct site *site)
{
	const struct still *still = &site->reference.still;
	struct result *result = run->result;
	struct arena *arena = result->arena;
	char unstable[128];
	struct tree_facts *tree = NULL;
	for (size_t i = 0; i < result->n_trees; i++) {
		if (strcmp(result->trees[i].id, site->target->tree) == 0)
			tree = &result->trees[i];
	}
	if (!tree)
		return 0;
	tree->changed = still->moving.n;
	if (still->unstable)
		tree->unstable =
			arena_copy(arena, still_unstable(still, unstable, sizeof(unstable)));
	if (still->n_paths == tree->n_changed_paths)
		return 0;
	tree->changed_paths = arena_alloc(arena, still->n_paths * sizeof(*tree->changed_paths));
	for (size_t i = 0; tree->changed_paths && i < still->n_paths; i++)
		tree->changed_paths[i] = arena_copy(arena, still->paths[i]);
	tree->n_changed_paths = tree->changed_paths ? still->n_paths : 0;
	return tree->changed_paths ? 0 : -ENOMEM;
}

/* A state gets at least 1 / LEAST_SHARE of an even share of the time. */
enum { LEAST_SHARE = 4 };

/* This state's share of the remaining time. */
static double share_of_state(const struct run *run)
{
	const struct run_request *r = run->request;
	double sum = 0, share = 1.0 / run->states_left;
	for (unsigned state = run->state; state < CACHE_STATES && r->weights; state++)
		sum += r->states & 1U << state ? (double)r->weights[state] : 0;
	if (sum > 0) {
		const double least = share / LEAST_SHARE;
		share = (double)r->weights[run->state] / sum;
		share = MAX(share, least);
		share = MIN(share, 1 - (run->states_left - 1) * least);
	}
	return share;
}

static uint64_t end_of_state(const struct run *run)
{
	const uint64_t until = run->request->until_ns, now = run_now(run);
	return until ? now + (uint64_t)((double)(until - MIN(now, until)) * share_of_state(run))
		     : 0;
}

/*
 * Results can be compared only with a complete reference; without one the cells are not measured.
 */
static int take_reference(struct run *run, struct site *site)
{
	int error = site->target->load ? reference_take(&site->reference) : 0;
	if (error != -EINTR || run_stopped(run))
		return error;
	run_give_up_site(
		run, site, STATUS_INVALID,
		"the time was up before the reference answers had been read; raise --max-time");
	return 0;
}

/* Measures all cells in one cache state, from opening them to the last round. */
static int run_state(struct run *run, struct err *err)
{
	const size_t n_sites = run->request->n_targets;
	run->until_ns = end_of_state(run);
	run->passes = 0;
	int error = run_open_cells(run, err);
	for (size_t i = 0; i < n_sites && !error; i++)
		error = take_reference(run, &run->sites[i]);
	if (!error)
		error = latencies_open(run);
	if (!error)
		error = rounds_prime(run);
	if (!error)
		error = rounds_count(run);
	if (!error)
		error = rounds_run(run);
	fail_unverified(run);
	for (size_t i = 0; i < n_sites; i++)
		error = store_still(run, &run->sites[i]) ? -ENOMEM : error;
	if (!error || error == -EINTR)
		error = latencies_settle(run) ? -ENOMEM : error;
	latencies_close(run);
	run_close_cells(run);
	run->states_left--;
	run->first_round += run->request->rounds;
	return error;
}

int run_cells(const struct run_request *request, struct result *result, struct err *err)
{
	struct run run = {
		.request = request, .result = result, .first_round = request->first_round};
	result->run.rounds_wanted = request->rounds;
	result->run.precision_wanted_ppm = request->precision_ppm;
	result->run.precision_reached_ppm = COUNT_UNKNOWN;
	int error = run_open(&run, err);
	if (!error)
		error = watch_open(&run.watch, run.crew, request->selection->max_jobs,
				   request->topology, request->pin, result, err);
	run.tracepoint = syscall_tally_find();
	for (run.state = 0; run.state < CACHE_STATES && !error; run.state++) {
		if (request->states & 1U << run.state)
			error = run_state(&run, err);
	}
	if (error == -EINTR)
		result->run.stopped = STOP_INTERRUPTED;
	run_close(&run);
	return error ? err_errno(err, error, "cannot measure") : 0;
}
