/*
 * Which CPUs there are, which of them this process may use, and on which of them the workers of a
 * cell shall run. Only allowed CPUs are ever chosen (cgroup cpuset and affinity mask).
 *
 * This file's .c is the one door to hwloc.
 */
#ifndef ENGINE_HOST_TOPOLOGY_H
#define ENGINE_HOST_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

enum pin_kind {
	PIN_NONE,    /* the scheduler decides */
	PIN_COMPACT, /* neighbours: hardware threads of a core, cores of a package, then the next */
	PIN_SCATTER, /* as far apart as possible: packages first, then cores, then threads */
	PIN_LIST,    /* as the user says, in that order */
};

struct topology;

/*
 * The machine's topology; with description, that of another machine (hwloc's synthetic syntax or
 * the path of an exported .xml), all of whose CPUs count as allowed. topology_close accepts NULL.
 */
int topology_open(struct topology **topology, const char *description, struct err *err);
void topology_close(struct topology *topology);

unsigned topology_cpus(const struct topology *topology);    /* online */
unsigned topology_allowed(const struct topology *topology); /* usable by this process */

/* "0-1,4" and "1 package, 2 cores, 2 CPUs, 1 NUMA node"; the caller frees. NULL: no memory. */
char *topology_allowed_text(const struct topology *topology);
char *topology_text(const struct topology *topology);

/*
 * Marks an allowed CPU as busy with somebody else's work: every policy places workers on it last,
 * but for a list. topology_busy_text: "1", "" for none; the caller frees.
 */
void topology_mark_busy(struct topology *topology, int cpu, bool busy);
unsigned topology_busy(const struct topology *topology);
char *topology_busy_text(const struct topology *topology);

/*
 * One CPU for each of n workers, by operating system number. More workers than CPUs share them in
 * turn. policy: "compact", "scatter", "none" or a list "0,2-3". For none, cpus are set to -1.
 * -EINVAL: unknown policy, malformed list, or a CPU that is not allowed.
 */
int topology_place(const struct topology *topology, const char *policy, size_t n, int *cpus,
		   struct err *err);

/* Binds the calling thread to a CPU (-1: to all allowed ones). 0 or -errno. */
int topology_bind(const struct topology *topology, int cpu);

/* Whether the calling thread runs, and may only run, where it was bound. */
bool topology_is_bound(const struct topology *topology, int cpu);

#endif
