#include "engine/measure/scout.h"

#include <errno.h>

#include "engine/base/util.h"
#include "engine/measure/rounds.h"

enum {
	ROUNDS_WANTED = 10,
	OTHER_ROUNDS = 5, /* priming, counting calls, latencies: as long as this many rounds, */
	SHARE = 4,        /* and one more per this many rounds */
};

/* Passes of this cell in a round: the baseline has several (plan.h). */
static uint64_t weight(const struct run *run, const struct site_cell *site_cell)
{
	return site_cell->spec->is_baseline ? run->n / 2 + 1 : 1;
}

/*
 * The first complete pass of a warm cell is not timed: it includes disk reads and first allocations
 * of libraries. The time of a pass that is cut short is a lower bound.
 */
static bool try_cell(struct run *run, struct site_cell *site_cell, uint64_t *ns)
{
	struct pass pass;
	uint64_t began = run_now(run);
	if (run->state != CACHE_WARM || rounds_pass(run, site_cell, &pass)) {
		began = run_now(run);
		rounds_pass(run, site_cell, &pass);
	}
	*ns = run_now(run) - began;
	return site_cell->meter;
}

/*
 * If caches are made cold before each pass, this takes time, the same for all cells, and may run
 * the user's command: so only the baseline is tried.
 */
static int try_cells(struct run *run, struct scout *scout)
{
	const bool all = run->state == CACHE_WARM || run->state == CACHE_AS_IS;
	uint64_t sum = 0, weights = 0, total = 0;
	for (size_t i = 0; i < run->n; i++) {
		struct site_cell *site_cell = &run->cells[i];
		uint64_t ns, w = weight(run, site_cell);
		if (run_stopped(run))
			return -EINTR;
		total += site_cell->meter ? w : 0;
		if (!site_cell->meter || (!all && !site_cell->spec->is_baseline))
			continue;
		if (weights && run_is_late(run))
			continue;
		if (!try_cell(run, site_cell, &ns))
			continue;
		sum += w * ns;
		weights += w;
	}
	scout->round_ns = weights ? (uint64_t)((double)sum * (double)total / (double)weights) : 0;
	return 0;
}

static int try_state(struct run *run, struct scout *scout, struct err *err)
{
	int error = run_open_cells(run, err);
	uint64_t began = run_now(run);
	if (!error)
		error = reference_take(&run->sites[0].reference);
	scout->look_ns = run_now(run) - began;
	if (error == -EINTR && !run_stopped(run)) {
		/* A lower bound: reading the reference fetches each entry, too. */
		scout->round_ns = scout->look_ns;
		return 0;
	}
	return error ? error : try_cells(run, scout);
}

int scout_try(const struct run_request *request, struct scout *scout, struct err *err)
{
	struct result *scratch = result_new();
	struct run_request mine = *request;
	struct run run = {.request = &mine, .result = scratch, .until_ns = request->until_ns};
	*scout = (struct scout){.entries = request->targets[0].load->n_entries};
	mine.sample = 0;
	mine.saved = NULL;
	while (run.state < CACHE_STATES - 1 && !(request->states & 1U << run.state))
		run.state++;
	int error = scratch ? run_open(&run, err) : -ENOMEM;
	if (!error)
		error = try_state(&run, scout, err);
	if (scratch)
		run_close(&run);
	result_free(scratch);
	return error ? err_errno(err, error, "cannot estimate the time of a run") : 0;
}

struct scout_cost scout_cost(const struct scout *small, const struct scout *large, uint32_t rounds)
{
	const uint64_t wanted = MIN(rounds, ROUNDS_WANTED);
	const double units = (double)(wanted + wanted / SHARE + OTHER_ROUNDS);
	const double a = (double)small->look_ns + units * (double)small->round_ns;
	const double b = (double)large->look_ns + units * (double)large->round_ns;
	struct scout_cost cost = {.entry_ns = b / large->entries};
	if (small->entries && small->entries < large->entries && b > a) {
		const double entry_ns = (b - a) / (large->entries - small->entries);
		const double fixed_ns = b - entry_ns * large->entries;
		if (fixed_ns >= 0)
			cost = (struct scout_cost){fixed_ns, entry_ns};
	}
	return cost;
}

uint64_t scout_fit(const struct scout_cost *cost, uint64_t left_ns)
{
	const double all = (double)left_ns;
	/*
	 * With fixed costs, leaving entries out saves less: at least a share of the time is used
	 * for entries.
	 */
	const double left = MAX(all - cost->fixed_ns, MIN(cost->fixed_ns, all) / SHARE);
	const double fit = cost->entry_ns > 0 ? left / cost->entry_ns : UINT32_MAX;
	return fit < 1 ? 1 : fit > UINT32_MAX ? UINT32_MAX : (uint64_t)fit;
}

uint64_t scout_size(uint64_t fit, uint64_t whole)
{
	uint64_t unit = 1;
	if (fit >= whole - whole / 5)
		return whole;
	while (fit / unit >= 10)
		unit *= 10;
	const uint64_t first = fit / unit;
	return unit * (first >= 5 ? 5 : first >= 2 ? 2 : first);
}
