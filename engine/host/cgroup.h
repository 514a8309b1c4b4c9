/*
 * The limits of CPU time and memory that the control groups of this process set. Each group above
 * its own limits it, too, and the tightest one counts. There are two kinds: one hierarchy for all
 * controllers (v2, cpu.max), and one for each (v1, cpu.cfs_quota_us); on a hybrid system both are
 * mounted, and each controller is in one of them.
 */
#ifndef ENGINE_HOST_CGROUP_H
#define ENGINE_HOST_CGROUP_H

#include <stdint.h>

#include "engine/base/arena.h"

struct cgroup_limit {
	/* As cpu.max has it: "QUOTA PERIOD", microseconds; "max": no group that is seen limits. */
	const char *cpu_max; /* NULL: not known, some group that may limit cannot be read */
	const char *at;      /* directory of the group with that limit; NULL: none */
};

/* root: the directory that /proc and /sys lie in, "" for this machine's own. */
void cgroup_look(struct cgroup_limit *limit, const char *root, struct arena *arena);

/* How many CPUs' time a cpu_max allows; 0: it is no limit. */
double cgroup_cpus(const char *cpu_max);

/*
 * Bytes of memory that the groups still allow, pages of files that would be dropped included;
 * UINT64_MAX: none limits it, or none that can be read.
 */
uint64_t cgroup_memory_left(const char *root, struct arena *arena);

/* How much memory there is to use without pushing out what others need. */

/* Bytes; 0: not known. root: the directory that /proc and /sys lie in, "" for this machine's. */
uint64_t memory_available(const char *root, struct arena *arena);

#endif
