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
#include "engine/measure/verify.h"
#include "engine/measure/watch.h"

/* A latency pass of every cell follows every fifth round, the first one included. */
enum { PRIMING_MAX = 5, LATENCY_EVERY = 5 };

/* One cell: how it is run, and where its figures go. */
struct bench {
	const struct cell_spec *spec;
	struct cell_result *result;
	struct meter *meter; /* NULL: cannot run, or no longer */
	int *cpus;
	struct latency *latency; /* NULL: not sampled yet */
	bool has_no_latency;
};

struct run {
	const struct run_request *request;
	struct result *result;
	struct crew *crew;
	struct watch watch;
	struct sampler *sampler; /* NULL: no latencies */
	bool is_sampling;        /* the pass at hand is a latency pass */
	struct record *records;
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
		.stage = bench->spec->strategy->stage == STAGE_FETCH ? "fetch" : "walk",
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
	};
	struct cell_result *cell = bench->result;
	cell->latency.gap = r->sample;
	latency_unknown(&cell->latency,
			r->sample ? "no latency pass was made" : "not asked for (--sample 0)");
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
		.records = run->records,
		.crew = run->crew,
		.topology = r->topology,
		.counters = run->watch.counters,
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
	note_answers(run);
	return 0;
}

/* Records lie page-aligned and touched: no pass pays for a first touch. */
static int allocate(struct run *run)
{
	size_t entries = MAX(run->request->load->n_entries, 1);
	run->n = run->request->selection->n;
	run->records = aligned_alloc(4096, (entries * sizeof(struct record) + 4095) / 4096 * 4096);
	run->benches = calloc(run->n, sizeof(*run->benches));
	run->sequence = calloc(plan_room(run->n), sizeof(*run->sequence));
	run->result->cells = arena_alloc(run->result->arena, run->n * sizeof(*run->result->cells));
	if (!run->records || !run->benches || !run->sequence || !run->result->cells)
		return -ENOMEM;
	topology_spread(run->request->topology, run->records, entries * sizeof(*run->records));
	memset(run->records, 0, entries * sizeof(*run->records));
	return 0;
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

/* One pass, judged. False when the cell is out of the run. */
static bool pass_once(struct run *run, struct bench *bench, struct pass *pass)
{
	struct err err = {0};
	if (meter_pass(bench->meter, pass, &err)) {
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

static int stopped(const struct run *run)
{
	return progress_stopped(run->request->progress) ? -EINTR : 0;
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
	cell->live_threads = MAX(cell->live_threads, pass->threads);
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

static void deny_latency(struct bench *bench, const char *why)
{
	latency_unknown(&bench->result->latency, why);
	latency_free(bench->latency);
	bench->latency = NULL;
	bench->has_no_latency = true;
}

/* Whether a latency pass of this cell makes sense; prepares it the first time. */
static int want_latency(struct bench *bench, bool *wanted)
{
	const char *why = bench->meter ? latency_why_not(meter_cell(bench->meter)) : NULL;
	if (why)
		deny_latency(bench, why);
	*wanted = bench->meter && !bench->has_no_latency;
	return *wanted && !bench->latency ? latency_new(&bench->latency) : 0;
}

static int sample_once(struct run *run, struct bench *bench, uint32_t round)
{
	struct latency_facts *facts = &bench->result->latency;
	struct pass pass;
	meter_sample(bench->meter, run->sampler);
	run->is_sampling = true;
	bool goes_on = pass_once(run, bench, &pass);
	run->is_sampling = false;
	if (!goes_on)
		return 0;
	meter_sample(bench->meter, NULL);
	pass.round = round;
	int error = latency_keep(bench->latency, run->sampler, &pass, facts);
	if (error != -ENOTSUP)
		return error;
	deny_latency(bench, "answers in batches: no entry has a latency of its own");
	return 0;
}

/* Between rounds, so that latencies are those of the same minutes as the times beside them. */
static int sample_round(struct run *run, uint32_t round)
{
	plan_round(run->request->seed, ~round, run->sequence, run->n);
	for (size_t i = 0; i < run->n; i++) {
		struct bench *bench = &run->benches[run->sequence[i]];
		bool wanted = false;
		if (stopped(run))
			return -EINTR;
		int error = want_latency(bench, &wanted);
		if (!error && wanted)
			error = sample_once(run, bench, round);
		if (error)
			return error;
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
		uint64_t began = clock_ns();
		int error = run_round(run, round, rounds_expected(run, round));
		if (!error && run->sampler && round % LATENCY_EVERY == 0)
			error = sample_round(run, round);
		if (!error && run->watch.steal)
			error = steal_round(run->watch.steal, run->result, round,
					    clock_ns() - began);
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

static int open_sampler(struct run *run)
{
	const struct run_request *r = run->request;
	uint64_t timer_ns = sampler_timer_ns();
	if (!r->sample)
		return 0;
	for (size_t i = 0; i < run->n; i++)
		run->result->cells[i].latency.timer_ns = timer_ns;
	return sampler_new(&run->sampler, r->selection->max_jobs, r->sample, r->seed);
}

static void close_run(struct run *run)
{
	for (size_t i = 0; run->benches && i < run->n; i++) {
		meter_close(run->benches[i].meter);
		latency_free(run->benches[i].latency);
	}
	sampler_free(run->sampler);
	watch_close(&run->watch);
	crew_free(run->crew);
	free(run->records);
	free(run->benches);
	free(run->sequence);
}

int run_cells(const struct run_request *request, struct result *result, struct err *err)
{
	struct run run = {.request = request, .result = result};
	const volatile int *stop = request->progress ? request->progress->stop : NULL;
	run.reference.load = request->load;
	result->run.rounds_wanted = request->rounds;
	int error = allocate(&run);
	if (!error)
		error = crew_new(&run.crew, request->selection->max_jobs, request->topology, err);
	if (!error)
		error = watch_open(&run.watch, run.crew, request->selection->max_jobs,
				   request->topology, request->pin, result, err);
	if (!error)
		error = open_benches(&run, err);
	if (!error)
		error = open_sampler(&run);
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
	if (run.benches && (!error || error == -EINTR))
		error = settle_latencies(&run) ? -ENOMEM : error;
	close_run(&run);
	return error ? err_errno(err, error, "measuring") : 0;
}
