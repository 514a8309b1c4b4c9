/*
 * Hardware counters (perf_event_open(2)): cycles, instructions, misses, including those of the
 * kernel, where most of the work is done. Each worker opens a group of them for its own thread once
 * and reads it before and after the timed region; counting costs nothing.
 *
 * Many machines have none: virtual machines without a PMU, containers, a strict
 * kernel.perf_event_paranoid. Each counter then says why it is missing.
 */
#ifndef ENGINE_MEASURE_WATCH_COUNTERS_H
#define ENGINE_MEASURE_WATCH_COUNTERS_H

#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/result.h"

/* What to count: type and config of perf_event_attr. */
struct counter_event {
	uint32_t type;
	uint64_t config;
};

extern const struct counter_event counter_events[COUNTERS]; /* in the order of enum counter */

struct counters {
	int fds[COUNTERS];    /* -1: not there, and errors says why */
	int errors[COUNTERS]; /* -errno */
	int leader;           /* of the group; -1: nothing can be counted */
};

/* A reading: values of the counters that are there, and how long they have been counting. */
struct counts {
	uint64_t values[COUNTERS];
	uint64_t enabled_ns, running_ns; /* running less: the counters were shared with others */
};

/* For the calling thread, in whose descriptor table they lie; so it closes them, too. */
void counters_open(struct counters *counters, const struct counter_event events[COUNTERS]);
void counters_close(struct counters *counters);

void counters_look(const struct counters *counters, struct counts *counts);

/*
 * Adds what was counted between two looks to totals, or makes a total COUNT_UNKNOWN. Where the
 * counters ran only part of the time, the rest is extrapolated. counters NULL: there are none.
 */
void counters_add(const struct counters *counters, const struct counts *before,
		  const struct counts *after, uint64_t totals[COUNTERS]);

const char *counter_name(enum counter counter);

/* Why a counter is missing, in words; NULL: it is there, or out of memory. */
const char *counters_why(const struct counters *counters, enum counter counter,
			 struct arena *arena);

#endif
