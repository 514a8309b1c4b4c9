#include "engine/cmd/parts/noise.h"

#include <errno.h>
#include <math.h>

#include "engine/base/clock.h"
#include "engine/cmd/cmd.h"
#include "engine/measure/figures/estimate.h"
#include "engine/measure/run.h"

/* No more passes than a document holds, though none is written. */
enum { ROUNDS_MAX = 40000 };

static const struct strategy *find_floor(void)
{
	const struct strategy *const *s = strategies;
	while (*s && !((*s)->flags & STRATEGY_FLOOR && (*s)->stage == STAGE_FETCH))
		s++;
	return *s;
}

static int measure_copy(const struct strategy *copy, const struct run_request *request,
			struct result *result, struct err *err)
{
	const struct strategy *const both[] = {strategies[0], copy, find_floor(), NULL};
	const struct select_request wanted = {
		.strategies = both, .stage = STAGE_FETCH, .names = "copy", .cpus = 1};
	struct selection selection;
	struct run_request mine = *request;
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

/* A copy that failed or was never measured has no ratio, and says why. */
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

int noise_measure(struct noise *noise, const struct subject *subject,
		  const struct topology *topology, uint64_t seconds,
		  const struct progress *progress, struct result *result, struct err *err)
{
	static const struct chill untouched;
	struct strategy copy = *strategies[0];
	const struct run_request request = {
		.load = subject->load,
		.topology = topology,
		.pin = "compact",
		.states = 1U << CACHE_WARM,
		.chill = &untouched,
		.where = &subject->fs,
		.tree = subject->tree.id,
		.fs = subject->fs.id,
		.rounds = ROUNDS_MAX,
		.until_ns = clock_ns() + seconds * NS_PER_SECOND,
		.seed = clock_ns(),
		.progress = progress,
	};
	copy.name = "copy";
	uint64_t began = clock_ns();
	int error = measure_copy(&copy, &request, result, err);
	noise->spent_ns = clock_ns() - began;
	conclude(noise, result);
	return error;
}
