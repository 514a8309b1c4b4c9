/*
 * How long one entry took, in passes of its own, without a line of timing in any strategy.
 *
 * Whole-pass time gives the rate and nothing about single entries; timing every entry would slow
 * what is timed (two readings of the clock cost as much as a quick lookup). So throughput passes
 * never look at the clock, and now and then there is a latency pass in which the sampler stands in
 * for the queue of spans: worker_take asks it, and it cuts the spans so that a sampled entry is a
 * span of its own. It reads the clock when it hands such a span out and again when the strategy
 * comes back for the next one.
 *
 * What a sample contains: everything from taking the entry to coming back. That is its system call,
 * the composing of its path with the directory's prefix (a throughput pass composes the prefix once
 * for up to 128 entries), storing the record, and one reading of the clock (sampler_timer_ns). The
 * descriptor of a directory is kept between spans (dir_enter), so of all entries of a directory
 * only the first one pays for opening it, as it does in a throughput pass; sampled entries are
 * first ones exactly as often as chance has it.
 *
 * Gaps between samples are jittered: uniform from 1 to 2 N - 1, N on average. A fixed period would
 * meet trees whose directories have a multiple of it always at the same place.
 *
 * A strategy that takes the next span before it has answered the last one works in batches; its
 * entries have no latency of their own. The sampler sees that and says so.
 */
#ifndef ENGINE_MEASURE_PASS_SAMPLER_H
#define ENGINE_MEASURE_PASS_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/rng.h"
#include "engine/measure/figures/latency.h"
#include "engine/strategy.h"

struct sampler;

/* For cells of at most that many jobs; gap: mean entries from sample to sample, 1 = every entry. */
int sampler_new(struct sampler **sampler, unsigned jobs, uint32_t gap, uint64_t seed);
void sampler_free(struct sampler *sampler); /* accepts NULL */

/* Before a pass: forgets what the last one saw. The workers of `cell` then sample, until _end. */
void sampler_begin(struct sampler *sampler, struct cell *cell);
void sampler_end(struct cell *cell);

/*
 * Adds what the workers saw in the last pass. False, and nothing added, when an answer was not
 * there when the strategy came back: it works in batches.
 */
bool sampler_collect(const struct sampler *sampler, struct hist *hist, struct slowest *slowest);

/*
 * After a latency pass: keeps the pass, and what was sampled if its answers were right. A strategy
 * that turns out to work in batches has no latencies: *latency is freed and NULL then. -ENOMEM.
 */
int sampler_keep(const struct sampler *sampler, struct latency **latency, const struct pass *pass,
		 struct latency_facts *facts);

/* What a sample of nothing takes: the median of many, ns. Takes some milliseconds. */
uint64_t sampler_timer_ns(void);

#endif
