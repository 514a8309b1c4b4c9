#include "engine/measure/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/measure/crew.h"
#include "engine/measure/latency.h"
#include "engine/measure/meter.h"
#include "engine/measure/note.h"
#include "engine/measure/plan.h"
#include "engine/measure/room.h"
#include "engine/measure/stage.h"
#include "engine/measure/verify.h"
#include "engine/measure/watch.h"

/*
 * Passes in which a cell may become warm; a latency pass of every cell follows every fifth round,
 * the first one included.
 */
enum { PRIMING_MAX = 8, LATENCY_EVERY = 5 };

/* One cell: how it is run, and where its figures go. */
struct bench {
	const struct cell_spec *spec;
	struct cell_result *result;
	struct meter *meter; /* NULL: cannot run, or no longer */
	int *cpus;
	struct latency *latency; /* NULL: is not sampled */
};

struct run {
	const struct run_request *request;
	struct result *result;
	struct crew *crew;
	struct watch *watch;
	struct record *records;  /* of fetches */
	struct sink *sink;       /* of walks */
	struct sampler *sampler; /* NULL: no latencies */
	uint64_t timer_ns;
	bool is_sampling; /* the pass at hand is a latency pass */
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
		.syscalls_counted = !bench->spec->strategy->uncounted,
		.syscalls_reason = bench->spec->strategy->uncounted,
	};
	struct cell_result *cell = bench->result;
	cell->latency.gap = r->sample;
	cell->latency.timer_ns = run->timer_ns;
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
		.counters = watch_counters(run->watch),
	};
	if (meter_open(&bench->meter, &request, &err))
		give_up(run, bench, STATUS_FAILED, err.text);
	else if (reference_want(&run->reference, &meter_cell(bench->meter)->answer))
		give_up(run, bench, STATUS_FAILED, "too many kinds of answers in one run");
	else if (run->sampler &&
		 latency_open(&bench->latency, meter_cell(bench->meter), &bench->result->latency))
		give_up(run, bench, STATUS_FAILED, "out of memory");
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
	if (run->reference.stage == STAGE_WALK)
		run->sink = room_sink(run->request->load);
	else
		run->records = room_records(run->request->load, run->request->topology);
	return run->sink || run->records ? 0 : -ENOMEM;
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
		if (!run->is_sampling) /* which cuts spans anew, and with them counts of calls */
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

static int sample_once(struct run *run, struct bench *bench, uint32_t round)
{
	struct pass pass;
	meter_sample(bench->meter, run->sampler);
	run->is_sampling = true;
	bool goes_on = pass_once(run, bench, &pass);
	run->is_sampling = false;
	if (!goes_on)
		return 0;
	meter_sample(bench->meter, NULL);
	pass.round = run->first_round + round;
	return latency_keep(&bench->latency, run->sampler, &pass, &bench->result->latency);
}

/* Between rounds, so that latencies are those of the same minutes as the times beside them. */
static int sample_round(struct run *run, uint32_t round)
{
	int error = 0;
	plan_round(~run->request->seed, round / LATENCY_EVERY, run->sequence, run->n);
	for (size_t i = 0; i < run->n && !error; i++) {
		struct bench *bench = &run->benches[run->sequence[i]];
		error = stopped(run);
		if (!error && bench->meter && bench->latency)
			error = sample_once(run, bench, round);
	}
	return error;
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
		if (!error && run->sampler && round % LATENCY_EVERY == 0)
			error = sample_round(run, round);
		if (!error)
			error = watch_round(run->watch, run->result, run->first_round + round,
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

static int settle_latencies(struct run *run)
{
	int error = 0;
	for (size_t i = 0; i < run->n && !error; i++) {
		struct bench *bench = &run->benches[i];
		if (bench->latency)
			error = latency_settle(bench->latency, run->request->load,
					       &bench->result->latency, run->result->arena);
	}
	return error;
}

static void close_benches(struct run *run)
{
	for (size_t i = 0; run->benches && i < run->n; i++) {
		meter_close(run->benches[i].meter);
		latency_free(run->benches[i].latency);
		run->benches[i] = (struct bench){0};
	}
}

static void close_run(struct run *run)
{
	close_benches(run);
	watch_close(run->watch);
	crew_free(run->crew);
	reference_release(&run->reference);
	sink_free(run->sink);
	sampler_free(run->sampler);
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
	if (!error || error == -EINTR)
		error = settle_latencies(run) ? -ENOMEM : error;
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
		error = watch_open(&run.watch, run.crew, request->selection->max_jobs,
				   request->topology, request->pin, result, err);
	if (!error && request->sample) {
		run.timer_ns = sampler_timer_ns();
		error = sampler_new(&run.sampler, request->selection->max_jobs, request->sample,
				    request->seed);
	}
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
