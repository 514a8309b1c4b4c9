#include "engine/measure/noise.h"

#include <math.h>

#include "engine/base/clock.h"
#include "engine/measure/figures/estimate.h"

/* Not more passes than a document can hold, though none is written. */
enum { ROUNDS_MAX = 40000 };

static const struct strategy *find_floor(const struct strategy *const *s)
{
	while (*s && !((*s)->flags & STRATEGY_FLOOR && (*s)->stage == STAGE_FETCH))
		s++;
	return *s;
}

static int measure_copy(const struct strategy *const *strategies, const struct run_request *request,
			struct result *result, struct err *err)
{
	struct strategy copy = *strategies[0];
	const struct strategy *const both[] = {strategies[0], &copy, find_floor(strategies), NULL};
	const struct select_request wanted = {
		.strategies = both, .stage = STAGE_FETCH, .names = "copy", .cpus = 1};
	struct selection selection;
	struct run_request mine = *request;
	copy.name = "copy";
	int error = select_cells(&wanted, result->arena, &selection, err);
	mine.selection = &selection;
	if (!error)
		error = run_cells(&mine, result, err);
	if (!error)
		error = estimate_cells(result);
	return error;
}

static double half_width_percent(const struct estimate *ratio)
{
	return 100 * (exp((log(ratio->hi) - log(ratio->lo)) / 2) - 1);
}

/* A copy that failed or was never measured has no ratio, but a reason. */
static void conclude(struct noise *noise, const struct result *result)
{
	const struct cell_result *cell = result_cell(result, "copy/j1");
	const double times = (double)noise->spent_ns / ((double)NOISE_SECONDS * NS_PER_SECOND);
	noise->ratio = (struct estimate){.reason = "nothing was measured"};
	if (!cell)
		return;
	noise->ratio = cell->ratio;
	noise->failed = cell->status != STATUS_OK;
	if (cell->status != STATUS_OK && cell->reason)
		noise->ratio.reason = cell->reason;
	if (!cell->ratio.known)
		return;
	noise->looks_different = cell->ratio.lo > 1 || cell->ratio.hi < 1;
	noise->visible_percent = half_width_percent(&cell->ratio) * sqrt(times);
}

int noise_measure(struct noise *noise, const struct noise_request *request, struct result *result,
		  struct err *err)
{
	const struct run_request rounds = {
		.targets = request->target,
		.n_targets = 1,
		.topology = request->topology,
		.pin = topology_pin(request->topology, pin_of(PIN_COMPACT)),
		.states = 1U << CACHE_WARM,
		.rounds = ROUNDS_MAX,
		.until_ns = clock_ns() + request->seconds * NS_PER_SECOND,
		.seed = clock_ns(),
		.progress = request->progress,
	};
	uint64_t began = clock_ns();
	int error = measure_copy(request->strategies, &rounds, result, err);
	noise->spent_ns = clock_ns() - began;
	conclude(noise, result);
	return error;
}
