/*
 * Hardware counters (perf_event_open(2)): cycles, instructions, misses, including those of the
 * kernel, where most of the work is done. Each worker opens a group of them for its own thread once
 * and reads it before and after the timed region; counting costs nothing.
 *
 * Many machines have none: virtual machines without a PMU, containers, a strict
 * kernel.perf_event_paranoid. Then errors has the reason for each counter.
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
	int fds[COUNTERS];    /* -1: missing, see errors */
	int errors[COUNTERS]; /* -errno */
	int leader;           /* descriptor of the group's leader; -1: nothing is counted */
};

/* A reading: values of the available counters, and how long they have counted. */
struct counts {
	uint64_t values[COUNTERS];
	/* Running_ns less: the counters were shared with other users. */
	uint64_t enabled_ns, running_ns;
};

/* For the calling thread, whose descriptor table has them; so the same thread must close them. */
void counters_open(struct counters *counters, const struct counter_event events[COUNTERS]);
void counters_close(struct counters *counters);

void counters_read(const struct counters *counters, struct counts *counts);

/*
 * Adds the differences of two readings to totals, or sets a total to COUNT_UNKNOWN. If the counters
 * ran only part of the time, values are extrapolated. counters NULL: all are unknown.
 */
void counters_add(const struct counters *counters, const struct counts *before,
		  const struct counts *after, uint64_t totals[COUNTERS]);

const char *counter_name(enum counter counter);

/* The reason for a missing counter, in the arena; NULL: it is available, or out of memory. */
const char *counters_why(const struct counters *counters, enum counter counter,
			 struct arena *arena);

#endif
