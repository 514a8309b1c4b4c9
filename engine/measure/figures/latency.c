#include "engine/measure/figures/latency.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "engine/measure/figures/cell_row.h"

void latency_free(struct latency *l)
{
	free(l);
}

static const char *why_not(const struct cell *cell)
{
	if (cell->strategy->stage == STAGE_WALK)
		return "a walk finds its entries during the pass, so none has a latency of its own";
	if (cell->answer.addressing == ADDRESS_NONE)
		return "asks nothing";
	return NULL;
}

void latency_unknown(struct latency_facts *facts, const char *reason)
{
	facts->reason = reason;
	facts->samples = facts->overflow = facts->n_histogram = facts->n_slowest = 0;
	facts->p50 = facts->p90 = facts->p99 = facts->p999 = facts->max = COUNT_UNKNOWN;
	facts->first_done_ns = facts->last_done_ns = COUNT_UNKNOWN;
}

int latency_open(struct latency **latency, const struct cell *cell, struct latency_facts *facts)
{
	const char *why = why_not(cell);
	*latency = NULL;
	if (why) {
		latency_unknown(facts, why);
		return 0;
	}
	*latency = calloc(1, sizeof(**latency));
	return *latency ? 0 : -ENOMEM;
}

int latency_keep(struct latency **latency, const struct sampler *sampler, const struct pass *pass,
		 struct latency_facts *facts)
{
	struct latency *l = *latency;
	int error = array_grow(&facts->passes, &facts->room_passes, facts->n_passes + 1,
			       sizeof(*facts->passes));
	if (error)
		return error;
	facts->passes[facts->n_passes++] = *pass;
	if (pass->verified && !sampler_collect(sampler, &l->hist, &l->slowest)) {
		latency_unknown(facts,
				"answers come in batches, so no entry has a latency of its own");
		latency_free(l);
		*latency = NULL;
	}
	return 0;
}

/* The times at which the first and the last worker were done: medians of the passes. */
static int settle_workers(struct latency_facts *facts)
{
	uint64_t *first = calloc(facts->n_passes + 1, sizeof(*first));
	uint64_t *last = calloc(facts->n_passes + 1, sizeof(*last));
	int error = first && last ? 0 : -ENOMEM;
	for (size_t i = 0; i < facts->n_passes && !error; i++) {
		first[i] = facts->passes[i].first_done_ns;
		last[i] = facts->passes[i].wall_ns;
	}
	if (!error) {
		facts->first_done_ns = stats_median_u64(first, facts->n_passes);
		facts->last_done_ns = stats_median_u64(last, facts->n_passes);
	}
	free(first);
	free(last);
	return error;
}

static int settle_histogram(const struct hist *h, struct latency_facts *facts, struct arena *arena)
{
	size_t used = 0;
	for (size_t i = 0; i < HIST_BUCKETS; i++)
		used += h->counts[i] > 0;
	facts->histogram = arena_alloc(arena, used * sizeof(*facts->histogram));
	if (!facts->histogram)
		return -ENOMEM;
	for (size_t i = 0; i < HIST_BUCKETS; i++) {
		if (h->counts[i])
			facts->histogram[facts->n_histogram++] =
				(struct latency_bucket){hist_middle(i), h->counts[i]};
	}
	return 0;
}

/* Longest first. */
static int settle_slowest(const struct slowest *slowest, const struct workload *load,
			  struct latency_facts *facts, struct arena *arena)
{
	facts->slowest = arena_alloc(arena, SLOWEST * sizeof(*facts->slowest));
	int error = facts->slowest ? 0 : -ENOMEM;
	for (size_t i = slowest->n; i > 0 && !error; i--) {
		const struct slow *slow = &slowest->entries[i - 1];
		char *path = workload_spell(load, slow->entry);
		const char *copy = path ? cell_row_path(load->root, path, arena) : NULL;
		facts->slowest[facts->n_slowest++] = (struct slow_entry){slow->ns, copy};
		error = copy ? 0 : -ENOMEM;
		free(path);
	}
	return error;
}

int latency_settle(const struct latency *l, const struct workload *load,
		   struct latency_facts *facts, struct arena *arena)
{
	const struct hist *h = &l->hist;
	const struct {
		uint32_t ppm;
		uint64_t *ns;
	} wanted[] = {{HIST_P50, &facts->p50},
		      {HIST_P90, &facts->p90},
		      {HIST_P99, &facts->p99},
		      {HIST_P999, &facts->p999}};
	latency_unknown(facts, h->n ? NULL : "no latency pass was verified");
	if (!h->n)
		return 0;
	facts->samples = h->n;
	facts->overflow = h->overflow;
	facts->max = h->max;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		if (!hist_percentile(h, wanted[i].ppm, wanted[i].ns))
			facts->reason = "fewer than 10 samples lie beyond the percentiles that are "
					"missing";
	}
	int error = settle_workers(facts);
	if (!error)
		error = settle_histogram(h, facts, arena);
	return error ? error : settle_slowest(&l->slowest, load, facts, arena);
}
