/*
 * Measures the latency of single entries in separate passes, without any timing code in strategies.
 *
 * The time of a whole pass gives the rate, but not the latency of single entries; timing every
 * entry would slow down what is timed (two readings of the clock cost as much as a fast lookup). So
 * throughput passes do not read the clock, and some passes are latency passes, in which the sampler
 * replaces the queue of spans: worker_take calls it, and it splits the spans so that a sampled
 * entry is a span of one entry. It reads the clock when it returns such a span and again when the
 * strategy takes the next one.
 *
 * A sample contains everything from taking the entry to taking the next one: its system call, the
 * composing of its path with the directory's prefix (a throughput pass composes the prefix once for
 * up to 128 entries), storing the record, and one reading of the clock (sampler_timer_ns). The
 * descriptor of a directory is kept between spans (dir_enter), so only the first entry of a
 * directory includes opening it, as in a throughput pass; first entries are sampled as often as
 * others.
 *
 * The distance between samples is random: uniform from 1 to 2 N - 1, N on average. With a fixed
 * period, in trees whose directories have a multiple of it as entries, always the same positions
 * would be sampled.
 *
 * A strategy that takes the next span before it has stored the last record works in batches; its
 * entries have no latency of their own. The sampler detects this and reports it.
 */
#ifndef ENGINE_MEASURE_PASS_SAMPLER_H
#define ENGINE_MEASURE_PASS_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/hist.h"
#include "engine/base/rng.h"
#include "engine/strategy.h"

/* The slowest entries, in ascending order of time; at most SLOWEST. */
enum { SLOWEST = 10 };

struct slow {
	uint64_t ns;
	uint32_t entry;
};

struct slowest {
	size_t n;
	struct slow entries[SLOWEST];
};

/* Adds an entry if it is among the slowest; of one entry only the longest time is kept. */
void slowest_add(struct slowest *slowest, uint32_t entry, uint64_t ns);

struct sampler;

/*
 * For cells with at most that many jobs. gap: mean distance between samples in entries, 1: every
 * entry. 0 or -ENOMEM.
 */
int sampler_new(struct sampler **sampler, unsigned jobs, uint32_t gap, uint64_t seed);
void sampler_free(struct sampler *sampler); /* accepts NULL */

/*
 * Called before a pass: deletes the samples of the last one. The workers of `cell` sample until
 * sampler_end.
 */
void sampler_begin(struct sampler *sampler, struct cell *cell);
void sampler_end(struct cell *cell);

/*
 * Adds the samples of the last pass to hist and slowest. False, and nothing added: a record was not
 * stored when the strategy took the next span, so it works in batches.
 */
bool sampler_collect(const struct sampler *sampler, struct hist *hist, struct slowest *slowest);

/* The duration of an empty sample: the median of many, ns. Takes some milliseconds. */
uint64_t sampler_timer_ns(void);

#endif
