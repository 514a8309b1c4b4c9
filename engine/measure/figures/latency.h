/*
 * Collects the samples of all latency passes of one cell, and computes the figures from them.
 */
#ifndef ENGINE_MEASURE_FIGURES_LATENCY_H
#define ENGINE_MEASURE_FIGURES_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/hist.h"
#include "engine/measure/pass/sampler.h"
#include "engine/result.h"
#include "engine/strategy.h"

/* Zeroed: no samples. */
struct latency {
	struct hist hist;
	struct slowest slowest;
};

/*
 * For a cell that is set up. If its entries have no latency of their own, *latency is NULL, and
 * facts has the reason. Freed by latency_free. 0 or -ENOMEM.
 */
int latency_open(struct latency **latency, const struct cell *cell, struct latency_facts *facts);
void latency_free(struct latency *latency); /* accepts NULL */

/* Removes all figures and sets the reason. */
void latency_unknown(struct latency_facts *facts, const char *reason);

/*
 * Called after a latency pass: stores the pass, and its samples if it was verified. If a strategy
 * works in batches, *latency is freed and set to NULL. 0 or -ENOMEM.
 */
int latency_keep(struct latency **latency, const struct sampler *sampler, const struct pass *pass,
		 struct latency_facts *facts);

/* Fills in the figures after all passes. 0 or -ENOMEM. */
int latency_settle(const struct latency *latency, const struct workload *load,
		   struct latency_facts *facts, struct arena *arena);

#endif
