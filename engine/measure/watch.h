/*
 * Counts during a whole run: the processor's counters, opened once on every worker of the crew, and
 * the CPU time that the hypervisor takes from the workers' CPUs.
 */
#ifndef ENGINE_MEASURE_WATCH_H
#define ENGINE_MEASURE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/measure/pass/crew.h"
#include "engine/measure/watch/counters.h"
#include "engine/result.h"

/*
 * Steal: CPU time that the hypervisor took. /proc/stat counts it in ticks of 10 ms, which is longer
 * than many passes, so it is judged over periods of whole rounds that together last at least a
 * second. If more than a twentieth of a period was taken, all of its passes are marked as disturbed
 * by this cause.
 */
struct steal;

/*
 * Watches n CPUs, given by their numbers in the operating system, from now on. path: /proc/stat,
 * not copied. -ENOMEM, an errno of reading path, or -ENODATA: it has none of the CPUs.
 */
int steal_open(struct steal **steal, const char *path, const int *cpus, size_t n);
void steal_close(struct steal *steal); /* accepts NULL */

/*
 * Called before the first of some rounds: what was stolen before, such as during priming, is not
 * theirs. A period that earlier rounds left incomplete is not continued, and not judged.
 */
void steal_begin(struct steal *steal);

/*
 * Called after each round, with the time it took: adds it to the current period in
 * result->run.units. When a period is complete, it is judged, and if it was disturbed, all passes
 * of its rounds are marked. 0 or -ENOMEM.
 */
int steal_round(struct steal *steal, struct result *result, uint32_t round, uint64_t wall_ns);

struct watch {
	struct crew *crew;
	unsigned jobs;
	struct counters *counters; /* one per worker; NULL: not opened */
	struct steal *steal;       /* NULL: /proc/stat cannot be read, so steal is not detected */
	int cpu;                   /* of the first worker, -1: any */
	uint64_t step_ps;          /* the last measured duration of a step of fixed arithmetic */
};

/*
 * jobs: workers of the crew. Sets result->run.unsupported to the counters that are missing here. 0
 * or -errno.
 */
int watch_open(struct watch *watch, struct crew *crew, unsigned jobs,
	       const struct topology *topology, const struct pin *pin, struct result *result,
	       struct err *err);

void watch_begin(struct watch *watch); /* before the first of some rounds; see steal_begin */

/* Called after each round, with the time it took; see steal_round. 0 or -ENOMEM. */
int watch_round(struct watch *watch, struct result *result, uint32_t round, uint64_t wall_ns);

void watch_close(struct watch *watch); /* accepts a zeroed one; before crew_free */

#endif
