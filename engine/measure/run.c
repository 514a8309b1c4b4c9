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
#include "engine/measure/steal.h"
#include "engine/measure/verify.h"

/* Passes in which a cell may become warm. */
enum { PRIMING_MAX = 8 };

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
	struct counters *counters; /* one per worker of the crew */
	struct steal *steal;
	struct record *records; /* of fetches */
	struct sink *sink;      /* of walks */
	struct reference reference;
	enum cache_state state; /* the one whose rounds are run */
	unsigned states_left;   /* that one included */
	uint32_t first_round;   /* of this state: rounds are numbered through all of them */
	struct bench *benches;
	size_t n;
	size_t *sequence; /* of one round: indices of benches, the baseline several times */
	size_t length;    /* of the last sequence */
	uint64_t passes;  /* run so far */
	uint64_t began_ns;
};

static void give_up(struct run *run, struct bench *bench, enum status status, const char *reason)
{
	bench->result->status = status;
	bench->result->reason = arena_copy(run->result->arena, reason);
	meter_close(bench->meter);
	bench->meter = NULL;
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
		.tree = r->tree,
		.fs = r->fs,
		.status = STATUS_OK,
		.entries = r->load->n_entries,
	};
	struct cell_result *cell = bench->result;
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
		give_up(run, bench, STATUS_INVALID, "the tree has no entries");
		return;
	}
	if (cache_state_probe(run->state, r->chill, r->fs_type, &err) ||
	    (strategy->probe && strategy->probe(&err))) {
		give_up(run, bench, STATUS_SKIPPED, err.text);
		return;
	}
	struct meter_request request = {
		.strategy = strategy,
		.params = bench->spec->params,
		.jobs = bench->spec->jobs,
		.cpus = bench->cpus,
		.load = r->load,
		.records = run->records,
		.sink = run->sink,
		.crew = run->crew,
		.topology = r->topology,
		.counters = run->counters,
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

static int open_benches(struct run *run, struct err *err)
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

/* Records lie page-aligned and touched: no pass pays for a first touch. */
static int make_records(struct run *run)
{
	size_t entries = MAX(run->request->load->n_entries, 1);
	run->records = aligned_alloc(4096, (entries * sizeof(struct record) + 4095) / 4096 * 4096);
	if (!run->records)
		return -ENOMEM;
	memset(run->records, 0, entries * sizeof(*run->records));
	return 0;
}

/* So does the sink, for as much as was found when the tree was loaded. */
static int make_sink(struct run *run)
{
	const struct workload *load = run->request->load;
	size_t bytes = 0;
	for (uint32_t i = 0; i < load->n_entries; i++)
		bytes += workload_path_len(load, i) - load->root_len - 1;
	run->sink = sink_new();
	return run->sink ? sink_reserve(run->sink, load->n_entries, bytes) : -ENOMEM;
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
	return run->reference.stage == STAGE_WALK ? make_sink(run) : make_records(run);
}

/* All workers, wherever they like to run: for work outside passes. */
static int on_workers(struct run *run, void (*fn)(void *arg, unsigned index))
{
	unsigned n = run->request->selection->max_jobs;
	int *cpus = calloc(n, sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(cpus, -1, n * sizeof(*cpus));
	int error = crew_run(run->crew, n, cpus, fn, run);
	free(cpus);
	return error;
}

static void open_worker_counters(void *arg, unsigned i)
{
	struct run *run = arg;
	counters_open(&run->counters[i], counter_events);
}

static void close_worker_counters(void *arg, unsigned i)
{
	struct run *run = arg;
	counters_close(&run->counters[i]);
}

/* The processor's counters, and for those that are missing the reason. */
static int open_counters(struct run *run)
{
	struct run_facts *facts = &run->result->run;
	struct arena *arena = run->result->arena;
	run->counters = calloc(run->request->selection->max_jobs, sizeof(*run->counters));
	facts->unsupported = arena_alloc(arena, COUNTERS * sizeof(*facts->unsupported));
	int error = run->counters && facts->unsupported ? on_workers(run, open_worker_counters)
							: -ENOMEM;
	for (enum counter i = 0; i < COUNTERS && !error; i++) {
		const char *why = counters_why(&run->counters[0], i, arena);
		if (why)
			facts->unsupported[facts->n_unsupported++] =
				(struct named_text){counter_name(i), why};
	}
	return error;
}

/* The CPUs that workers are placed on, or may be. Without /proc/stat no steal is seen. */
static int watch_steal(struct run *run, struct err *err)
{
	const struct run_request *r = run->request;
	bool anywhere = strcmp(r->pin, "none") == 0;
	size_t n = anywhere ? topology_allowed(r->topology) : r->selection->max_jobs;
	int *cpus = calloc(n, sizeof(*cpus));
	int error = cpus ? topology_place(r->topology, anywhere ? "compact" : r->pin, n, cpus, err)
			 : -ENOMEM;
	if (!error && steal_open(&run->steal, "/proc/stat", cpus, n))
		run->steal = NULL;
	free(cpus);
	return error;
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

/*
 * A warm cell may be disturbed by others' reading; one that shall be cold and was not, however, has
 * not been measured at all. A strategy that asks nothing reads nothing.
 */
static void judge_cache(struct run *run, struct bench *bench, struct pass *pass)
{
	const char *why = cache_state_refute(run->state, pass);
	if (!why || !bench->meter || meter_cell(bench->meter)->answer.addressing == ADDRESS_NONE)
		return;
	if (pass->clean)
		pass->why = why;
	pass->clean = false;
	if (run->state != CACHE_WARM)
		give_up(run, bench, STATUS_INVALID,
			arena_print(run->result->arena, "a pass %s", why));
}

/* One pass, judged. False when the cell is out of the run. */
static bool pass_once(struct run *run, struct bench *bench, struct pass *pass)
{
	const struct run_request *r = run->request;
	struct err err = {0};
	if (cache_state_make(run->state, r->chill, r->load->root_fd, &err) ||
	    meter_pass(bench->meter, pass, &err)) {
		give_up(run, bench, STATUS_FAILED, err.text);
		return false;
	}
	judge(run, bench, pass);
	judge_cache(run, bench, pass);
	return bench->meter != NULL;
}

static int stopped(const struct run *run)
{
	return progress_stopped(run->request->progress) ? -EINTR : 0;
}

/* Within a tenth of each other. */
static bool alike(uint64_t a, uint64_t b)
{
	return MAX(a, b) - MIN(a, b) <= MIN(a, b) / 10;
}

/* Passes until one reads nothing and takes as long as the one before. */
static int prime_one(struct run *run, struct bench *bench)
{
	struct pass pass = {.block_reads = 1}, last;
	for (int tries = 0; bench->meter && tries < PRIMING_MAX; tries++) {
		if (stopped(run))
			return -EINTR;
		last = pass;
		pass_once(run, bench, &pass);
		bench->result->is_steady = tries && alike(pass.wall_ns, last.wall_ns);
		if (!pass.block_reads && bench->result->is_steady)
			return 0;
	}
	if (bench->meter && pass.block_reads)
		give_up(run, bench, STATUS_INVALID, "still read from disk after 8 priming passes");
	return 0;
}

/* Warm means primed; every other state is made before each pass, or not touched at all. */
static int prime(struct run *run)
{
	int error = 0;
	for (size_t i = 0; run->state == CACHE_WARM && i < run->n && !error; i++) {
		progress_report(run->request->progress, "priming", i, run->n);
		error = prime_one(run, &run->benches[i]);
	}
	return error;
}

static int keep_pass(struct bench *bench, const struct pass *pass)
{
	struct cell_result *cell = bench->result;
	int error = array_grow(&cell->passes, &cell->room_passes, cell->n_passes + 1,
			       sizeof(*cell->passes));
	if (!error)
		cell->passes[cell->n_passes++] = *pass;
	cell->live_threads = MAX(cell->live_threads, pass->threads);
	return error;
}

/* How many rounds there will be, as far as can be told: what the time allows, at most all. */
static uint64_t rounds_expected(const struct run *run, uint32_t done, uint64_t spent,
				uint64_t budget)
{
	uint32_t most = run->request->rounds;
	if (!budget || !done || !spent)
		return most;
	return MIN(most, MAX(budget * done / spent, done + 1));
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
		pass.round = run->first_round + round;
		pass.position = (uint32_t)i;
		int error = keep_pass(bench, &pass);
		if (error)
			return error;
		if (run->request->saved)
			run->request->saved(run->request->arg);
	}
	return 0;
}

/* What is left of the time, split evenly among the states that are still to come. */
static uint64_t budget_of_state(const struct run *run)
{
	const struct run_request *r = run->request;
	uint64_t spent = clock_ns() - run->began_ns;
	if (!r->budget_ns)
		return 0;
	return MAX(r->budget_ns - MIN(spent, r->budget_ns), 1) / run->states_left;
}

static int run_rounds(struct run *run)
{
	const struct run_request *r = run->request;
	struct run_facts *facts = &run->result->run;
	const uint64_t began = clock_ns(), budget = budget_of_state(run);
	const uint32_t before = facts->rounds_done ? facts->rounds_done : UINT32_MAX;
	for (uint32_t round = 0; round < r->rounds; round++) {
		uint64_t spent = clock_ns() - began;
		/* Not begun unless it is likely to end in time, judged by the rounds so far. */
		if (round && r->budget_ns && spent + spent / round > budget) {
			facts->stopped = "time";
			return 0;
		}
		uint64_t round_began = clock_ns();
		int error = run_round(run, round, rounds_expected(run, round, spent, budget));
		if (!error && run->steal)
			error = steal_round(run->steal, run->result, run->first_round + round,
					    clock_ns() - round_began);
		if (error)
			return error;
		facts->rounds_done = MIN(before, round + 1);
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

static void close_benches(struct run *run)
{
	for (size_t i = 0; run->benches && i < run->n; i++) {
		meter_close(run->benches[i].meter);
		run->benches[i] = (struct bench){0};
	}
}

static void close_run(struct run *run)
{
	close_benches(run);
	if (run->counters && run->crew)
		on_workers(run, close_worker_counters);
	crew_free(run->crew);
	reference_release(&run->reference);
	sink_free(run->sink);
	steal_close(run->steal);
	free(run->counters);
	free(run->records);
	free(run->benches);
	free(run->sequence);
}

/* All cells in one cache state, from opening to the last round. */
static int run_state(struct run *run, struct err *err)
{
	const struct progress *progress = run->request->progress;
	int error = open_benches(run, err);
	if (!error)
		error = reference_take(&run->reference, progress ? progress->stop : NULL);
	if (!error)
		error = prime(run);
	if (!error)
		error = run_rounds(run);
	settle(run);
	close_benches(run);
	run->states_left--;
	run->first_round += run->request->rounds;
	return error;
}

int run_cells(const struct run_request *request, struct result *result, struct err *err)
{
	struct run run = {.request = request, .result = result};
	run.reference.load = request->load;
	run.reference.stage = request->selection->cells[0].strategy->stage;
	result->run.rounds_wanted = request->rounds;
	int error = allocate(&run);
	if (!error)
		error = crew_new(&run.crew, request->selection->max_jobs, request->topology, err);
	if (!error)
		error = open_counters(&run);
	if (!error)
		error = watch_steal(&run, err);
	run.began_ns = clock_ns();
	for (run.state = 0; run.state < CACHE_STATES && !error; run.state++) {
		if (request->states & 1U << run.state)
			error = run_state(&run, err);
	}
	if (error == -EINTR)
		result->run.stopped = "interrupted";
	close_run(&run);
	return error ? err_errno(err, error, "measuring") : 0;
}
