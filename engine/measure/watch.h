/*
 * What is watched all through a run: the processor's counters, opened once on every worker of the
 * crew, and what the hypervisor takes from the CPUs that workers are placed on.
 */
#ifndef ENGINE_MEASURE_WATCH_H
#define ENGINE_MEASURE_WATCH_H

#include "engine/measure/counters.h"
#include "engine/measure/crew.h"
#include "engine/measure/steal.h"
#include "engine/result.h"

struct watch {
	struct crew *crew;
	unsigned jobs;
	struct counters *counters; /* one per worker; NULL: not opened */
	struct steal *steal;       /* NULL: /proc/stat cannot be read, so none is seen */
};

/* jobs: workers of the crew. Says in result->run.unsupported what cannot be counted here. */
int watch_open(struct watch *watch, struct crew *crew, unsigned jobs,
	       const struct topology *topology, const char *pin, struct result *result,
	       struct err *err);
void watch_close(struct watch *watch); /* also of a zeroed one; before crew_free */

#endif
