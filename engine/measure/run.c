#include "engine/measure/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/measure/crew.h"
#include "engine/measure/meter.h"
#include "engine/measure/note.h"
#include "engine/measure/plan.h"
#include "engine/measure/room.h"
#include "engine/measure/stage.h"
#include "engine/measure/verify.h"

enum { PRIMING_MAX = 5 };

/* One cell: how it is run, and where its figures go. */
struct bench {
	const struct cell_spec *spec;
	struct cell_result *result;
	struct meter *meter; /* NULL: cannot run, or no longer */
	int *cpus;
};

struct run {
	const struct run_request *request;
	struct result *result;
	struct crew *crew;
	struct room room; /* of the answers */
	struct reference reference;
	struct bench *benches;
	size_t n;
	size_t *sequence; /* of one round: indices of benches, the baseline several times */
	size_t length;    /* of the last sequence */
	uint64_t passes;  /* run so far */
	uint64_t began_ns;
};

const char *cache_state_name(enum cache_state state)
{
	return state == CACHE_WARM ? "warm" : "as-is";
}

static void give_up(struct run *run, struct bench *bench, enum status status, const char *reason)
{
	bench->result->status = status;
	bench->result->reason = arena_copy(run->result->arena, reason);
	meter_close(bench->meter);
	bench->meter = NULL;
}

static const char *cpus_text(const struct bench *bench, struct arena *arena)
{
	const char *text = NULL;
	if (bench->cpus[0] < 0)
		return NULL;
	for (unsigned i = 0; i < bench->spec->jobs; i++)
		text = arena_print(arena, "%s%s%d", text ? text : "", text ? "," : "",
				   bench->cpus[i]);
	return text;
}

static int describe_params(const struct cell_spec *spec, struct cell_result *cell,
			   struct arena *arena)
{
	cell->params = arena_alloc(arena, PARAMS_MAX * sizeof(*cell->params));
	if (!cell->params)
		return -ENOMEM;
	for (; cell->n_params < PARAMS_MAX; cell->n_params++) {
		const struct param *param = &spec->strategy->params[cell->n_params];
		if (!param->name)
			break;
		cell->params[cell->n_params] = (struct named_text){
			param->name, param_text(param, spec->params[cell->n_params], arena)};
	}
	return 0;
}

/* What is known of a cell before it runs. */
static int describe(struct run *run, struct bench *bench)
{
	const struct run_request *r = run->request;
	struct arena *arena = run->result->arena;
	*bench->result = (struct cell_result){
		.id = bench->spec->id,
		.label = bench->spec->label,
		.strategy = bench->spec->strategy->name,
		.stage = stage_name(bench->spec->strategy->stage),
		.pin = arena_copy(arena, r->pin),
		.cache = cache_state_name(r->cache),
		.tree = r->tree,
		.fs = r->fs,
		.jobs = bench->spec->jobs,
		.cpus = cpus_text(bench, arena),
		.is_floor = bench->spec->is_floor,
		.is_baseline = bench->spec->is_baseline,
		.status = STATUS_OK,
		.entries = r->load->n_entries,
		.syscalls_counted = !bench->spec->strategy->uncounted,
		.syscalls_reason = bench->spec->strategy->uncounted,
	};
	struct cell_result *cell = bench->result;
	bool complete = cell->pin && note_room(cell, arena);
	return complete ? describe_params(bench->spec, cell, arena) : -ENOMEM;
}

/* A cell that cannot be opened is a row with a reason; the others go on. */
static void open_meter(struct run *run, struct bench *bench)
{
	const struct strategy *strategy = bench->spec->strategy;
	const struct run_request *r = run->request;
	struct err err = {0};
	if (!r->load->n_entries) {
		give_up(run, bench, STATUS_INVALID, "the tree has no entries");
		return;
	}
	if (strategy->probe && strategy->probe(&err)) {
		give_up(run, bench, STATUS_SKIPPED, err.text);
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
	};
	if (meter_open(&bench->meter, &request, &err))
		give_up(run, bench, STATUS_FAILED, err.text);
	else if (reference_want(&run->reference, &meter_cell(bench->meter)->answer))
		give_up(run, bench, STATUS_FAILED, "too many kinds of answers in one run");
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

static uint32_t count_threads(void)
{
	char line[128];
	uint32_t threads = 0;
	FILE *file = fopen("/proc/self/status", "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Threads: %u", &threads) == 1)
			break;
	}
	if (file)
		fclose(file);
	return threads;
}

static int open_benches(struct run *run, struct err *err)
{
	const struct selection *selection = run->request->selection;
	for (size_t i = 0; i < run->n; i++) {
		struct bench *bench = &run->benches[i];
		bench->spec = &selection->cells[i];
		bench->result = &run->result->cells[i];
		bench->cpus = arena_alloc(run->result->arena, bench->spec->jobs * sizeof(int));
		int error = bench->cpus ? topology_place(run->request->topology, run->request->pin,
							 bench->spec->jobs, bench->cpus, err)
					: -ENOMEM;
		if (!error)
			error = describe(run, bench);
		if (error)
			return error;
		run->result->n_cells = i + 1;
	}
	for (size_t i = 0; i < run->n; i++)
		open_meter(run, &run->benches[i]);
	uint32_t threads = count_threads();
	for (size_t i = 0; i < run->n; i++)
		run->result->cells[i].live_threads = threads;
	note_answers(run);
	return 0;
}

static int allocate(struct run *run)
{
	run->n = run->request->selection->n;
	run->benches = calloc(run->n, sizeof(*run->benches));
	run->sequence = calloc(plan_room(run->n), sizeof(*run->sequence));
	run->result->cells = arena_alloc(run->result->arena, run->n * sizeof(*run->result->cells));
	if (!run->benches || !run->sequence || !run->result->cells)
		return -ENOMEM;
	return room_make(&run->room, run->request->load, run->reference.stage);
}

/* Judges the answers of the pass just run; a wrong one ends the cell. */
static void judge(struct run *run, struct bench *bench, struct pass *pass)
{
	char why[512];
	struct digest digest;
	enum verdict verdict =
		verify_pass(&run->reference, meter_cell(bench->meter), &digest, why, sizeof(why));
	if (verdict == VERDICT_RIGHT) {
		pass->verified = true;
		note_pass(bench->result, bench->meter, &digest, run->result->arena);
		return;
	}
	pass->clean = false;
	pass->why =
		verdict == VERDICT_CHANGED ? "the tree changed during the run" : "wrong answers";
	if (verdict == VERDICT_WRONG) {
		char reason[600];
		snprintf(reason, sizeof(reason), "wrong answer: %s", why);
		give_up(run, bench, STATUS_FAILED, reason);
	}
}

static int stopped(const struct run *run)
{
	return progress_stopped(run->request->progress) ? -EINTR : 0;
}

/* One pass, judged. False when the cell is out of the run. */
static bool pass_once(struct run *run, struct bench *bench, struct pass *pass)
{
	struct err err = {0};
	if (meter_pass(bench->meter, pass, &err)) {
		*pass = (struct pass){.why = "cut short"};
		/* By the user: then the cell has not failed. */
		if (!stopped(run))
			give_up(run, bench, STATUS_FAILED, err.text);
		return false;
	}
	if (run->request->cache == CACHE_WARM && pass->clean && pass->block_reads) {
		pass->clean = false;
		pass->why = "read from disk though warm";
	}
	judge(run, bench, pass);
	return bench->meter != NULL;
}

/* Warm means primed until a pass reads nothing; as-is means not touched at all. */
static int prime(struct run *run)
{
	for (size_t i = 0; run->request->cache == CACHE_WARM && i < run->n; i++) {
		struct bench *bench = &run->benches[i];
		struct pass pass = {.block_reads = 1};
		progress_report(run->request->progress, "priming", i, run->n);
		for (int tries = 0; bench->meter && pass.block_reads; tries++) {
			if (stopped(run))
				return -EINTR;
			if (tries == PRIMING_MAX)
				give_up(run, bench, STATUS_INVALID,
					"still read from disk after 5 priming passes");
			else
				pass_once(run, bench, &pass);
		}
	}
	return 0;
}

static int keep_pass(struct bench *bench, const struct pass *pass)
{
	struct cell_result *cell = bench->result;
	int error = array_grow(&cell->passes, &cell->room_passes, cell->n_passes + 1,
			       sizeof(*cell->passes));
	if (!error)
		cell->passes[cell->n_passes++] = *pass;
	return error;
}

/* How many rounds there will be, as far as can be told: what the time allows, at most all. */
static uint64_t rounds_expected(const struct run *run, uint32_t done)
{
	const struct run_request *r = run->request;
	uint64_t spent = clock_ns() - run->began_ns;
	if (!r->budget_ns || !done || !spent)
		return r->rounds;
	return MIN(r->rounds, MAX(r->budget_ns * done / spent, done + 1));
}

/* The baseline, as long as it runs: the cell that the others shall have for a neighbour. */
static size_t find_anchor(const struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		if (run->benches[i].spec->is_baseline && run->benches[i].meter)
			return i;
	}
	return SIZE_MAX;
}

static int run_round(struct run *run, uint32_t round, uint64_t expected)
{
	run->length =
		plan_sequence(run->request->seed, round, run->n, find_anchor(run), run->sequence);
	for (size_t i = 0; i < run->length; i++) {
		struct bench *bench = &run->benches[run->sequence[i]];
		struct pass pass;
		if (stopped(run))
			return -EINTR;
		progress_report(run->request->progress, "measuring, passes", run->passes++,
				expected * run->length);
		if (!bench->meter)
			continue;
		pass_once(run, bench, &pass);
		pass.round = round;
		pass.position = (uint32_t)i;
		int error = keep_pass(bench, &pass);
		if (error)
			return error;
		if (run->request->saved)
			run->request->saved(run->request->arg);
	}
	return 0;
}

static int run_rounds(struct run *run)
{
	const struct run_request *r = run->request;
	struct run_facts *facts = &run->result->run;
	run->began_ns = clock_ns();
	for (uint32_t round = 0; round < r->rounds; round++) {
		uint64_t spent = clock_ns() - run->began_ns;
		/* Not begun unless it is likely to end in time, judged by the rounds so far. */
		if (round && r->budget_ns && spent + spent / round > r->budget_ns) {
			facts->stopped = "time";
			return 0;
		}
		int error = run_round(run, round, rounds_expected(run, round));
		if (error)
			return error;
		facts->rounds_done = round + 1;
	}
	return 0;
}

/* A cell none of whose passes could be verified has not been measured, though nobody erred. */
static void settle(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		struct cell_result *cell = run->benches[i].result;
		size_t verified = 0;
		for (size_t p = 0; cell && p < cell->n_passes; p++)
			verified += cell->passes[p].verified;
		if (cell && cell->n_passes && !verified && cell->status == STATUS_OK)
			give_up(run, &run->benches[i], STATUS_INVALID,
				"no pass could be verified: the tree kept changing");
	}
}

static void close_run(struct run *run)
{
	for (size_t i = 0; run->benches && i < run->n; i++)
		meter_close(run->benches[i].meter);
	crew_free(run->crew);
	reference_release(&run->reference);
	room_release(&run->room);
	free(run->benches);
	free(run->sequence);
}

int run_cells(const struct run_request *request, struct result *result, struct err *err)
{
	struct run run = {.request = request, .result = result};
	const volatile int *stop = request->progress ? request->progress->stop : NULL;
	run.reference.load = request->load;
	run.reference.stage = request->selection->cells[0].strategy->stage;
	result->run.rounds_wanted = request->rounds;
	int error = allocate(&run);
	if (!error)
		error = crew_new(&run.crew, request->selection->max_jobs, request->topology, err);
	if (!error)
		error = open_benches(&run, err);
	if (!error)
		error = reference_take(&run.reference, stop);
	if (!error)
		error = prime(&run);
	if (!error)
		error = run_rounds(&run);
	if (error == -EINTR)
		result->run.stopped = "interrupted";
	if (run.benches)
		settle(&run);
	close_run(&run);
	return error ? err_errno(err, error, "measuring") : 0;
}
