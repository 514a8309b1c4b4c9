/*
 * What is watched through a whole run besides the passes themselves: the processor's counters of
 * every worker, and the time that the hypervisor took from the CPUs they run on.
 */
#ifndef ENGINE_MEASURE_WATCH_H
#define ENGINE_MEASURE_WATCH_H

#include "engine/base/err.h"
#include "engine/host/topology.h"
#include "engine/measure/counters.h"
#include "engine/measure/crew.h"
#include "engine/result.h"

struct watch;

/*
 * Counters for all jobs workers of the crew, and the CPUs where the policy pin places them. Writes
 * the counters that are missing here into result->run. -ENOMEM and the errors of topology_place.
 */
int watch_open(struct watch **watch, struct crew *crew, unsigned jobs,
	       const struct topology *topology, const char *pin, struct result *result,
	       struct err *err);
void watch_close(struct watch *watch); /* accepts NULL; before the crew goes */

struct counters *watch_counters(struct watch *watch); /* one per worker */

/* After each round, with the time it took. -ENOMEM. */
int watch_round(struct watch *watch, struct result *result, uint32_t round, uint64_t wall_ns);

#endif
