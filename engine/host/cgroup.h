/*
 * The limits of CPU time and memory set by the control groups of this process. Its own group and
 * each group above limit it, and the tightest limit counts. There are two kinds: one hierarchy for
 * all controllers (v2, cpu.max), and one for each (v1, cpu.cfs_quota_us). On a hybrid system both
 * are mounted, and each controller is in one of them.
 */
#ifndef ENGINE_HOST_CGROUP_H
#define ENGINE_HOST_CGROUP_H

#include <stdint.h>

#include "engine/base/arena.h"

struct cgroup_limit {
	/*
	 * In the form of cpu.max: "QUOTA PERIOD", microseconds; "max": no visible group has a
	 * limit.
	 */
	const char *cpu_max; /* NULL: not known, because some group cannot be read */
	const char *at;      /* directory of the group with that limit; NULL: none */
};

/*
 * root: the directory that contains /proc and /sys, "" for this machine's own. Strings are in the
 * arena.
 */
void cgroup_read(struct cgroup_limit *limit, const char *root, struct arena *arena);

/* The number of CPUs whose time a cpu_max allows; 0: no limit. */
double cgroup_cpus(const char *cpu_max);

/* The memory that can be used without evicting data of other processes. */

/*
 * Bytes; 0: not known. root: the directory that contains /proc and /sys, "" for this machine's own.
 */
uint64_t memory_available(const char *root, struct arena *arena);

#endif
