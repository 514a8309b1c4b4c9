#include "datasets/sim/latency.h"

#include <math.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"

enum use { USE_LATENCY = 1, USE_ERROR };

static struct rng rng_of(const struct sim_options *options, enum use use, uint64_t number)
{
	return (struct rng){rng_mix(options->seed ^ rng_mix(number * 4 + use))};
}

/* In (0, 1]: has a logarithm. */
static double uniform(struct rng *rng)
{
	return (double)((rng_next(rng) >> 11) + 1) * 0x1p-53;
}

/* Standard normal (Box and Muller, 1958), but never so far off that somebody waits for minutes. */
static double normal(struct rng *rng)
{
	double radius = fmin(sqrt(-2 * log(uniform(rng))), 4);
	return radius * cos(2 * M_PI * uniform(rng));
}

uint64_t latency_ns(const struct sim_options *options, uint64_t number)
{
	bool changed = options->change_at && number >= options->change_at;
	uint64_t rtt = changed ? options->change_rtt_ns : options->rtt_ns;
	struct rng rng = rng_of(options, USE_LATENCY, number);
	if (options->model == SIM_UNIFORM)
		return (uint64_t)((double)rtt * (1 + options->jitter * (2 * uniform(&rng) - 1)));
	if (options->model == SIM_LOGNORMAL)
		return (uint64_t)((double)rtt * exp(options->jitter * normal(&rng)));
	return rtt;
}

bool latency_errs(const struct sim_options *options, uint64_t number)
{
	struct rng rng = rng_of(options, USE_ERROR, number);
	return options->eio_one_in && rng_below(&rng, options->eio_one_in) == 0;
}

uint64_t latency_due(uint64_t *free_at, uint32_t n, uint64_t now, uint64_t ns)
{
	if (n == 0)
		return now + ns;
	uint64_t due = MAX(now, free_at[0]) + ns;
	uint32_t at = 0;
	for (;;) { /* the first server's time grew: it sinks */
		uint32_t next = 2 * at + 1;
		if (next + 1 < n && free_at[next + 1] < free_at[next])
			next++;
		if (next >= n || free_at[next] >= due)
			break;
		free_at[at] = free_at[next];
		at = next;
	}
	free_at[at] = due;
	return due;
}
