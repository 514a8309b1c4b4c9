#include "engine/measure/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/measure/choose/plan.h"
#include "engine/measure/choose/stage.h"
#include "engine/measure/figures/note.h"
#include "engine/measure/pass/room.h"
#include "engine/measure/run_inner.h"

void run_give_up(struct run *run, struct bench *bench, enum status status, const char *reason)
{
	bench->result->status = status;
	bench->result->reason = arena_copy(run->result->arena, reason);
	meter_close(bench->meter);
	bench->meter = NULL;
}

uint64_t run_now(const struct run *run)
{
	const struct run_request *r = run->request;
	return r->clock ? r->clock(r->arg) : clock_ns();
}

bool run_is_late(const struct run *run)
{
	return run->until_ns && run_now(run) >= run->until_ns;
}

int run_stopped(const struct run *run)
{
	return progress_stopped(run->request->progress) ? -EINTR : 0;
}

/* What is known of a cell before it runs. */
static int describe(struct run *run, struct bench *bench)
{
	const struct run_request *r = run->request;
	struct arena *arena = run->result->arena;
	*bench->result = (struct cell_result){
		.pin = arena_copy(arena, r->pin),
		.cache = cache_state_name(run->state),
		.cache_by = cache_state_means(run->state, r->chill),
		.cache_evidence = run->state == CACHE_COLD || run->state == CACHE_SLAB_COLD
					  ? evidence_name(run->evidence)
					  : NULL,
		.tree = r->tree,
		.fs = r->fs,
		.status = STATUS_OK,
		.entries = r->load->n_entries,
	};
	struct cell_result *cell = bench->result;
	cell->latency.gap = r->sample;
	latency_unknown(&cell->latency,
			r->sample ? "no latency pass was made" : "not asked for (--sample 0)");
	if (!cell->pin || !note_room(cell, arena))
		return -ENOMEM;
	return note_spec(cell, bench->spec, bench->cpus, arena);
}

/* A cell that cannot be opened is a row with a reason; the others go on. */
static void open_meter(struct run *run, struct bench *bench)
{
	const struct strategy *strategy = bench->spec->strategy;
	const struct run_request *r = run->request;
	struct err err = {0};
	if (!r->load->n_entries) {
		run_give_up(run, bench, STATUS_INVALID, "the tree has no entries");
		return;
	}
	if (cache_state_probe(run->state, r->chill, r->where ? r->where->type : NULL, &err) ||
	    (strategy->probe && strategy->probe(&err))) {
		run_give_up(run, bench, STATUS_SKIPPED, err.text);
		return;
	}
	struct meter_request request = {
		.strategy = strategy,
		.params = bench->spec->params,
		.jobs = bench->spec->jobs,
		.cpus = bench->cpus,
		.load = r->load,
		.records = run->room.records,
		.sink = run->room.sink,
		.crew = run->crew,
		.topology = r->topology,
		.counters = run->watch.counters,
	};
	if (meter_open(&bench->meter, &request, &err))
		run_give_up(run, bench, STATUS_FAILED, err.text);
	else if (reference_want(&run->reference, &meter_cell(bench->meter)->answer))
		run_give_up(run, bench, STATUS_FAILED, "too many kinds of answers in one run");
}

static void note_answers(struct run *run)
{
	const struct answer *baseline = NULL;
	for (size_t i = 0; i < run->n; i++) {
		if (run->benches[i].spec->is_baseline && run->benches[i].meter)
			baseline = &meter_cell(run->benches[i].meter)->answer;
	}
	for (size_t i = 0; i < run->n; i++) {
		struct bench *bench = &run->benches[i];
		if (!bench->meter)
			continue;
		const struct answer *answer = &meter_cell(bench->meter)->answer;
		note_answer(bench->result, answer, baseline, run->result->arena);
	}
}

int run_open_benches(struct run *run, struct err *err)
{
	const struct selection *selection = run->request->selection;
	for (size_t i = 0; i < run->n; i++) {
		struct bench *bench = &run->benches[i];
		bench->spec = &selection->cells[i];
		bench->result = &run->result->cells[run->result->n_cells];
		bench->cpus = arena_alloc(run->result->arena, bench->spec->jobs * sizeof(int));
		int error = bench->cpus ? topology_place(run->request->topology, run->request->pin,
							 bench->spec->jobs, bench->cpus, err)
					: -ENOMEM;
		if (!error)
			error = describe(run, bench);
		if (error)
			return error;
		run->result->n_cells++;
	}
	for (size_t i = 0; i < run->n; i++)
		open_meter(run, &run->benches[i]);
	note_answers(run);
	return 0;
}

static int allocate(struct run *run)
{
	run->n = run->request->selection->n;
	run->benches = calloc(run->n, sizeof(*run->benches));
	run->sequence = calloc(plan_room(run->n), sizeof(*run->sequence));
	run->states_left = (unsigned)__builtin_popcount(run->request->states);
	run->result->cells = arena_alloc(run->result->arena,
					 run->states_left * run->n * sizeof(*run->result->cells));
	if (!run->benches || !run->sequence || !run->result->cells)
		return -ENOMEM;
	return room_make(&run->room, run->request->load, run->reference.stage,
			 run->request->topology);
}

/* Why no pass of a cell was verified, in its last one's words; NULL: one was, or all were cut short
 * by the user, which says nothing about the cell. */
static const char *why_unverified(const struct run *run, const struct cell_result *cell)
{
	const char *why = NULL;
	for (size_t i = 0; i < cell->n_passes; i++) {
		const struct pass *pass = &cell->passes[i];
		if (pass->verified)
			return NULL;
		if (pass->why && strcmp(pass->why, PASS_CUT_SHORT) != 0)
			why = pass->why;
	}
	if (!why)
		return NULL;
	if (strcmp(why, VERIFIED_CHANGED_WHY) == 0)
		return "no pass could be verified: the tree kept changing";
	return arena_print(run->result->arena, "no pass could be verified: a pass %s", why);
}

/* A cell none of whose passes could be verified has not been measured, though nobody erred. */
static void settle(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		struct cell_result *cell = run->benches[i].result;
		const char *why =
			cell && cell->status == STATUS_OK ? why_unverified(run, cell) : NULL;
		if (why)
			run_give_up(run, &run->benches[i], STATUS_INVALID, why);
	}
}

/* What did not hold still, into the facts about the tree. */
static int note_still(struct run *run)
{
	const struct still *still = &run->reference.still;
	struct result *result = run->result;
	struct arena *arena = result->arena;
	char unstable[128];
	struct tree_facts *tree = NULL;
	for (size_t i = 0; i < result->n_trees; i++) {
		if (strcmp(result->trees[i].id, run->request->tree) == 0)
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

static void close_benches(struct run *run)
{
	for (size_t i = 0; run->benches && i < run->n; i++) {
		meter_close(run->benches[i].meter);
		run->benches[i] = (struct bench){0};
	}
}

void run_close(struct run *run)
{
	close_benches(run);
	watch_close(&run->watch);
	crew_free(run->crew);
	reference_release(&run->reference);
	room_release(&run->room);
	free(run->benches);
	free(run->sequence);
}

/* What is left of the time is split evenly among the states that are still to come. */
static uint64_t end_of_state(const struct run *run)
{
	const uint64_t until = run->request->until_ns, now = run_now(run);
	return until ? now + (until - MIN(now, until)) / run->states_left : 0;
}

/* No answer can be held against half of a reference, so without a whole one nothing is measured. */
static int take_reference(struct run *run)
{
	int error = reference_take(&run->reference);
	if (error != -EINTR || run_stopped(run))
		return error;
	for (size_t i = 0; i < run->n; i++) {
		if (run->benches[i].meter)
			run_give_up(run, &run->benches[i], STATUS_INVALID,
				    "the time was up before the tree had been read, to compare "
				    "answers with; give --max-time more");
	}
	return 0;
}

/* All cells in one cache state, from opening to the last round. */
static int run_state(struct run *run, struct err *err)
{
	run->until_ns = end_of_state(run);
	int error = run_open_benches(run, err);
	if (!error)
		error = take_reference(run);
	if (!error)
		error = sampling_open(run);
	if (!error)
		error = rounds_prime(run);
	if (!error)
		error = rounds_count(run);
	if (!error)
		error = rounds_run(run);
	settle(run);
	if (note_still(run))
		error = -ENOMEM;
	if (!error || error == -EINTR)
		error = sampling_settle(run) ? -ENOMEM : error;
	sampling_close(run);
	close_benches(run);
	run->states_left--;
	run->first_round += run->request->rounds;
	return error;
}

/*
 * Of every directory with entries in it a cold pass has to ask for its listing, or for its
 * entries; but not all of them are on one server when other mounts were entered.
 */
static uint64_t least_requests(const struct workload *load)
{
	uint64_t least = 0;
	for (uint32_t d = 0; d < load->n_dirs; d++)
		least += load->dirs[d].count > 0;
	return load->crosses_mounts ? 1 : least;
}

/* A pass that is under way then is left, and counts for nothing. */
static bool is_halted(void *arg)
{
	const struct run *run = arg;
	return run_stopped(run) || run_is_late(run);
}

int run_open(struct run *run, struct err *err)
{
	const struct run_request *r = run->request;
	run->halt = (struct halt){is_halted, run};
	run->reference.load = r->load;
	run->reference.halt = &run->halt;
	run->evidence = evidence_find(r->where, r->load->dev, r->chill->trusts);
	run->requests_least = least_requests(r->load);
	run->reference.stage = r->selection->cells[0].strategy->stage;
	int error = allocate(run);
	if (!error)
		error = crew_new(&run->crew, r->selection->max_jobs, r->topology, err);
	if (error)
		return error;
	crew_report(run->crew, r->progress);
	crew_bound(run->crew, &run->halt);
	return 0;
}

int run_cells(const struct run_request *request, struct result *result, struct err *err)
{
	struct run run = {.request = request, .result = result};
	result->run.rounds_wanted = request->rounds;
	result->run.precision_wanted_ppm = request->precision_ppm;
	result->run.precision_reached_ppm = COUNT_UNKNOWN;
	int error = run_open(&run, err);
	if (!error)
		error = watch_open(&run.watch, run.crew, request->selection->max_jobs,
				   request->topology, request->pin, result, err);
	run.can_tally = tally_find(&run.calls);
	for (run.state = 0; run.state < CACHE_STATES && !error; run.state++) {
		if (request->states & 1U << run.state)
			error = run_state(&run, err);
	}
	if (error == -EINTR)
		result->run.stopped = "interrupted";
	run_close(&run);
	return error ? err_errno(err, error, "measuring") : 0;
}
