/*
 * Opens and closes the state of a run: its targets, and the cells on each of them.
 */
#include "engine/measure/rounds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/measure/choose/plan.h"
#include "engine/measure/figures/cell_row.h"

void run_give_up(struct run *run, struct site_cell *site_cell, enum status status,
		 const char *reason)
{
	site_cell->result->status = status;
	site_cell->result->reason = arena_copy(run->result->arena, reason);
	meter_close(site_cell->meter);
	site_cell->meter = NULL;
}

void run_give_up_site(struct run *run, const struct site *site, enum status status,
		      const char *reason)
{
	for (size_t i = 0; i < run->request->selection->n; i++) {
		if (site->cells[i].meter)
			run_give_up(run, &site->cells[i], status, reason);
	}
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

/* Appends rows for the cells to the result. */
static int make_cells(struct run *run)
{
	struct result *result = run->result;
	const size_t more = run->states_left * run->n;
	struct cell_result *cells =
		arena_alloc(result->arena, (result->n_cells + more) * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	if (result->n_cells)
		memcpy(cells, result->cells, result->n_cells * sizeof(*cells));
	result->cells = cells;
	return 0;
}

static int allocate(struct run *run)
{
	const struct run_request *r = run->request;
	run->n = r->n_targets * r->selection->n;
	run->sites = calloc(r->n_targets, sizeof(*run->sites));
	run->cells = calloc(run->n, sizeof(*run->cells));
	run->sequence =
		calloc(r->n_targets * plan_room(r->selection->n) + run->n, sizeof(*run->sequence));
	run->site_order = calloc(plan_room(r->n_targets), sizeof(*run->site_order));
	run->states_left = (unsigned)__builtin_popcount(run->request->states);
	return run->sites && run->cells && run->sequence && run->site_order ? make_cells(run)
									    : -ENOMEM;
}

/*
 * The fewest requests of a cold pass: for each directory with entries, one for its listing or its
 * entries. 1 if other mounts were entered, because not all directories are on this server then.
 */
static uint64_t least_requests(const struct workload *load)
{
	uint64_t least = 0;
	for (uint32_t d = 0; d < load->n_dirs; d++)
		least += load->dirs[d].count > 0;
	return load->crosses_mounts ? 1 : least;
}

/* Then the current pass is stopped and does not count. */
static bool is_halted(void *arg)
{
	const struct run *run = arg;
	return run_stopped(run) || run_is_late(run);
}

static void open_sites(struct run *run, enum stage stage)
{
	const struct run_request *r = run->request;
	for (size_t i = 0; i < r->n_targets; i++) {
		const struct target *t = &r->targets[i];
		run->sites[i] = (struct site){
			.target = t,
			.reference = {.load = t->load, .stage = stage, .halt = &run->halt},
			.cells = run->cells + i * r->selection->n,
		};
		if (!t->load)
			continue;
		run->sites[i].evidence = evidence_find(t->where, t->load->dev, t->control->trusts);
		run->sites[i].requests_least = least_requests(t->load);
	}
}

/* All cells use the memory in turn, so it must be large enough for the largest tree. */
static int make_memory(struct run *run, enum stage stage)
{
	const struct run_request *r = run->request;
	struct pass_memory_size size = {0};
	for (size_t i = 0; i < r->n_targets; i++)
		if (r->targets[i].load)
			pass_memory_measure(&size, r->targets[i].load, stage);
	return pass_memory_make(&run->memory, &size, stage, r->topology);
}

int run_open(struct run *run, struct err *err)
{
	const struct run_request *r = run->request;
	const enum stage stage = r->selection->cells[0].strategy->stage;
	run->halt = (struct halt){is_halted, run};
	int error = allocate(run);
	if (!error)
		open_sites(run, stage);
	if (!error)
		error = make_memory(run, stage);
	if (!error)
		error = crew_new(&run->crew, r->selection->max_jobs, r->topology, err);
	if (error)
		return error;
	crew_report(run->crew, r->progress);
	crew_bound(run->crew, &run->halt);
	return 0;
}

/* Fills the row of a cell before it runs. */
static int describe(struct run *run, struct site_cell *site_cell)
{
	const struct run_request *r = run->request;
	const struct site *site = site_cell->site;
	const struct target *target = site->target;
	struct arena *arena = run->result->arena;
	*site_cell->result = (struct cell_result){
		.pin = arena_copy(arena, pin_text(r->pin)),
		.cache = run->state,
		.cache_by = cache_state_means(run->state, target->control),
		.evidence = run->state == CACHE_COLD || run->state == CACHE_SLAB_COLD
				    ? site->evidence
				    : EVIDENCE_NONE,
		.tree = target->tree,
		.fs = target->fs,
		.status = STATUS_OK,
		.entries = target->load ? target->load->n_entries : 0,
	};
	struct cell_result *cell = site_cell->result;
	cell->latency.gap = r->sample;
	latency_unknown(&cell->latency,
			r->sample ? "no latency pass was made" : "not requested (--sample 0)");
	if (!cell->pin || !cell_row_alloc(cell, arena))
		return -ENOMEM;
	return cell_row_spec(cell, site_cell->spec, target->label, site_cell->cpus, arena);
}

/* A cell that cannot be opened keeps its row, with the reason; the others go on. */
static void open_meter(struct run *run, struct site_cell *site_cell)
{
	const struct strategy *strategy = site_cell->spec->strategy;
	const struct run_request *r = run->request;
	struct site *site = site_cell->site;
	const struct target *target = site->target;
	struct err err = {0};
	if (!target->load) {
		run_give_up(run, site_cell, target->lacking, target->why);
		return;
	}
	if (!target->load->n_entries) {
		run_give_up(run, site_cell, STATUS_INVALID, "the tree has no entries");
		return;
	}
	const char *type = target->where ? target->where->type : NULL;
	if (cache_state_probe(run->state, target->control, type, &err) ||
	    (strategy->probe && strategy->probe(&err))) {
		run_give_up(run, site_cell, STATUS_SKIPPED, err.text);
		return;
	}
	struct meter_request request = {
		.strategy = strategy,
		.params = site_cell->spec->params,
		.jobs = site_cell->spec->jobs,
		.cpus = site_cell->cpus,
		.load = target->load,
		.records = run->memory.records,
		.sink = run->memory.sink,
		.crew = run->crew,
		.topology = r->topology,
		.counters = run->watch.counters,
	};
	int error = meter_open(&site_cell->meter, &request, &err);
	if (error)
		run_give_up(run, site_cell, error == -ENOTSUP ? STATUS_SKIPPED : STATUS_FAILED,
			    err.text);
	else if (reference_want(&site->reference, &meter_cell(site_cell->meter)->answer))
		run_give_up(run, site_cell, STATUS_FAILED,
			    arena_print(run->result->arena,
					"the cells of a run expect more than %d kinds of answers; "
					"select fewer",
					ANSWERS_MAX));
}

static void store_answers(struct run *run, const struct site *site)
{
	const struct answer *baseline = NULL;
	const size_t n = run->request->selection->n;
	for (size_t i = 0; i < n; i++) {
		if (site->cells[i].spec->is_baseline && site->cells[i].meter)
			baseline = &meter_cell(site->cells[i].meter)->answer;
	}
	for (size_t i = 0; i < n; i++) {
		struct site_cell *site_cell = &site->cells[i];
		if (!site_cell->meter)
			continue;
		const struct answer *answer = &meter_cell(site_cell->meter)->answer;
		cell_row_answer(site_cell->result, answer, baseline, run->result->arena);
		site_cell->answers_all = site_cell->result->is_rival;
	}
}

int run_open_cells(struct run *run, struct err *err)
{
	const struct selection *selection = run->request->selection;
	for (size_t i = 0; i < run->n; i++) {
		struct site_cell *site_cell = &run->cells[i];
		site_cell->site = &run->sites[i / selection->n];
		site_cell->spec = &selection->cells[i % selection->n];
		site_cell->result = &run->result->cells[run->result->n_cells];
		site_cell->cpus =
			arena_alloc(run->result->arena, site_cell->spec->jobs * sizeof(int));
		int error = site_cell->cpus
				    ? topology_place(run->request->topology, run->request->pin,
						     site_cell->spec->jobs, site_cell->cpus, err)
				    : -ENOMEM;
		if (!error)
			error = describe(run, site_cell);
		if (error)
			return error;
		run->result->n_cells++;
	}
	for (size_t i = 0; i < run->n; i++)
		open_meter(run, &run->cells[i]);
	for (size_t i = 0; i < run->request->n_targets; i++)
		store_answers(run, &run->sites[i]);
	return 0;
}

void run_close_cells(struct run *run)
{
	for (size_t i = 0; run->cells && i < run->n; i++) {
		meter_close(run->cells[i].meter);
		run->cells[i] = (struct site_cell){0};
	}
}

void run_close(struct run *run)
{
	run_close_cells(run);
	watch_close(&run->watch);
	crew_free(run->crew);
	for (size_t i = 0; run->sites && i < run->request->n_targets; i++)
		reference_release(&run->sites[i].reference);
	pass_memory_release(&run->memory);
	free(run->sites);
	free(run->cells);
	free(run->sequence);
	free(run->site_order);
}
