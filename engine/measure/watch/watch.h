/*
 * Watched during a whole run: the processor's counters, opened once on every worker of the crew,
 * and the CPU time that the hypervisor takes from the workers' CPUs.
 */
#ifndef ENGINE_MEASURE_WATCH_WATCH_H
#define ENGINE_MEASURE_WATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/measure/pass/crew.h"
#include "engine/measure/watch/counters.h"
#include "engine/result.h"

/*
 * Steal: CPU time that the hypervisor took. /proc/stat counts it in ticks of 10 ms, which is longer
 * than many passes, so it is judged over units: as many whole rounds as last a second. If a unit
 * lost too much, all of its passes are marked as disturbed by this cause.
 */
struct steal;

/*
 * Watches n CPUs, by operating system number, from now on. path: /proc/stat. -ENOMEM, the errno of
 * reading it, or -ENODATA: it has none of them.
 */
int steal_open(struct steal **steal, const char *path, const int *cpus, size_t n);
void steal_close(struct steal *steal); /* accepts NULL */

/*
 * After each round, with the time it took: adds it to the unit at hand in result->run.units. A unit
 * that is complete is judged, and if it was disturbed, so are all passes of its rounds. -ENOMEM.
 */
int steal_round(struct steal *steal, struct result *result, uint32_t round, uint64_t wall_ns);

/* Whether a unit is complete: the next round begins another one. */
bool steal_is_full(const struct steal_unit *unit);

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
	       const struct topology *topology, const struct pin *pin, struct result *result,
	       struct err *err);

/* After each round, with the time it took; see steal_round. -ENOMEM. */
int watch_round(struct watch *watch, struct result *result, uint32_t round, uint64_t wall_ns);

void watch_close(struct watch *watch); /* also of a zeroed one; before crew_free */

#endif
