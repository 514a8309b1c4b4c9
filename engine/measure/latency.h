/*
 * The latencies of one cell: what the sampler saw in all of its latency passes, put together, and
 * the figures that may be told of it.
 */
#ifndef ENGINE_MEASURE_LATENCY_H
#define ENGINE_MEASURE_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/measure/sampler.h"
#include "engine/result.h"

struct latency;

int latency_new(struct latency **latency);  /* -ENOMEM */
void latency_free(struct latency *latency); /* accepts NULL */

/* Whether entries of this cell can have a latency at all; if not, why. */
const char *latency_why_not(const struct cell *cell);

/* No figures, and why. */
void latency_unknown(struct latency_facts *facts, const char *reason);

/*
 * After a latency pass: keeps the pass, and what was sampled if its answers were right. -ENOMEM;
 * -ENOTSUP: the strategy works in batches, and so it will in the next pass.
 */
int latency_keep(struct latency *latency, const struct sampler *sampler, const struct pass *pass,
		 struct latency_facts *facts);

/* Fills in the figures, once all passes are done. -ENOMEM. */
int latency_settle(const struct latency *latency, const struct workload *load,
		   struct latency_facts *facts, struct arena *arena);

#endif
