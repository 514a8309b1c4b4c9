/*
 * Latency passes: between rounds, apart from the passes that rates come from, because reading the
 * clock around entries takes time of its own.
 */
#include <errno.h>

#include "engine/measure/choose/plan.h"
#include "engine/measure/run_inner.h"

int sampling_open(struct run *run)
{
	const struct run_request *r = run->request;
	if (!r->sample)
		return 0;
	const uint64_t timer_ns = sampler_timer_ns();
	int error = sampler_new(&run->sampler, r->selection->max_jobs, r->sample, r->seed);
	for (size_t i = 0; i < run->n && !error; i++) {
		struct bench *bench = &run->benches[i];
		bench->result->latency.timer_ns = timer_ns;
		if (bench->meter)
			error = latency_open(&bench->latency, meter_cell(bench->meter),
					     &bench->result->latency);
	}
	return error;
}

static int sample_once(struct run *run, struct bench *bench, uint32_t round)
{
	struct pass pass;
	meter_sample(bench->meter, run->sampler);
	run->is_sampling = true;
	bool goes_on = rounds_pass(run, bench, &pass);
	run->is_sampling = false;
	if (!goes_on)
		return 0;
	meter_sample(bench->meter, NULL);
	pass.round = round;
	return latency_keep(&bench->latency, run->sampler, &pass, &bench->result->latency);
}

/* Latencies are the first that a lack of time does without: rounds come first. */
static bool has_time(const struct run *run, uint64_t round_ns)
{
	enum { ROUNDS_FIRST = 3 };
	return !run->until_ns || run_now(run) + ROUNDS_FIRST * round_ns < run->until_ns;
}

int sampling_round(struct run *run, uint32_t round, uint64_t round_ns)
{
	int error = 0;
	if (!run->sampler || round % SAMPLING_EVERY || !has_time(run, round_ns))
		return 0;
	plan_round(~run->request->seed, round / SAMPLING_EVERY, run->sequence, run->n);
	for (size_t i = 0; i < run->n && !error; i++) {
		struct bench *bench = &run->benches[run->sequence[i]];
		error = run_stopped(run);
		if (run_is_late(run))
			break;
		if (!error && bench->meter && bench->latency)
			error = sample_once(run, bench, run->first_round + round);
	}
	return error;
}

int sampling_settle(struct run *run)
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

void sampling_close(struct run *run)
{
	for (size_t i = 0; run->benches && i < run->n; i++) {
		latency_free(run->benches[i].latency);
		run->benches[i].latency = NULL;
	}
	sampler_free(run->sampler);
	run->sampler = NULL;
}
