/*
 * Latency passes: between rounds, apart from the passes that rates come from, because reading the
 * clock around entries takes time of its own.
 */
#include <errno.h>

#include "engine/measure/plan.h"
#include "engine/measure/run_inner.h"

int sampling_open(struct run *run)
{
	const struct run_request *r = run->request;
	uint64_t timer_ns = sampler_timer_ns();
	if (!r->sample)
		return 0;
	for (size_t i = 0; i < run->n; i++)
		run->benches[i].result->latency.timer_ns = timer_ns;
	return run->sampler
		       ? 0
		       : sampler_new(&run->sampler, r->selection->max_jobs, r->sample, r->seed);
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
	bool goes_on = rounds_pass(run, bench, &pass);
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
int sampling_round(struct run *run, uint32_t round)
{
	plan_round(run->request->seed, ~round, run->sequence, run->n);
	for (size_t i = 0; i < run->n; i++) {
		struct bench *bench = &run->benches[run->sequence[i]];
		bool wanted = false;
		if (run_stopped(run))
			return -EINTR;
		int error = want_latency(bench, &wanted);
		if (!error && wanted)
			error = sample_once(run, bench, round);
		if (error)
			return error;
	}
	return 0;
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
	for (size_t i = 0; run->benches && i < run->n; i++)
		latency_free(run->benches[i].latency);
	sampler_free(run->sampler);
	run->sampler = NULL;
}
