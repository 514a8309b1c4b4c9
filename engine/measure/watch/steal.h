/*
 * Did the hypervisor take our CPUs away? Only /proc/stat knows, and it counts in ticks of 10 ms,
 * longer than many a pass. So steal is judged over units: as many whole rounds as last a second.
 * A unit that lost too much of it is disturbed as a whole, by this cause and not by its times.
 */
#ifndef ENGINE_MEASURE_WATCH_STEAL_H
#define ENGINE_MEASURE_WATCH_STEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/result.h"

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

#endif
