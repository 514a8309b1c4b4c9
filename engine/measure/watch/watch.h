/*
 * What is watched all through a run: the processor's counters, opened once on every worker of the
 * crew, and what the hypervisor takes from the CPUs that workers are placed on.
 */
#ifndef ENGINE_MEASURE_WATCH_WATCH_H
#define ENGINE_MEASURE_WATCH_WATCH_H

#include "engine/measure/pass/crew.h"
#include "engine/measure/watch/counters.h"
#include "engine/measure/watch/steal.h"
#include "engine/result.h"

struct watch {
	struct crew *crew;
	unsigned jobs;
	struct counters *counters; /* one per worker; NULL: not opened */
	struct steal *steal;       /* NULL: /proc/stat cannot be read, so none is seen */
	int cpu;                   /* where the first worker is placed, -1: anywhere */
	uint64_t step_ps;          /* its speed when last looked at */
};

/* jobs: workers of the crew. Says in result->run.unsupported what cannot be counted here. */
int watch_open(struct watch *watch, struct crew *crew, unsigned jobs,
	       const struct topology *topology, const char *pin, struct result *result,
	       struct err *err);

/* After each round, with the time it took; see steal.h. -ENOMEM. */
int watch_round(struct watch *watch, struct result *result, uint32_t round, uint64_t wall_ns);

void watch_close(struct watch *watch); /* also of a zeroed one; before crew_free */

#endif
