/*
 * The latencies of one cell: what the sampler saw in all of its latency passes, put together, and
 * the figures that may be told of it.
 */
#ifndef ENGINE_MEASURE_FIGURES_LATENCY_H
#define ENGINE_MEASURE_FIGURES_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/measure/pass/sampler.h"
#include "engine/result.h"

struct latency;

/*
 * For a cell that is ready to run. *latency stays NULL, and facts say why, when its entries can
 * have no latency at all. -ENOMEM.
 */
int latency_open(struct latency **latency, const struct cell *cell, struct latency_facts *facts);
void latency_free(struct latency *latency); /* accepts NULL */

/* No figures, and why. */
void latency_unknown(struct latency_facts *facts, const char *reason);

/*
 * After a latency pass: keeps the pass, and what was sampled if its answers were right. A strategy
 * that turns out to work in batches has no latencies: *latency is freed and NULL then. -ENOMEM.
 */
int latency_keep(struct latency **latency, const struct sampler *sampler, const struct pass *pass,
		 struct latency_facts *facts);

/* Fills in the figures, once all passes are done. -ENOMEM. */
int latency_settle(const struct latency *latency, const struct workload *load,
		   struct latency_facts *facts, struct arena *arena);

#endif
