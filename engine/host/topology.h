/*
 * The CPUs of the machine, which of them this process may use, and on which the workers of a cell
 * run. Only allowed CPUs are chosen (cgroup cpuset and affinity mask).
 *
 * This file's .c is the one door to hwloc.
 */
#ifndef ENGINE_HOST_TOPOLOGY_H
#define ENGINE_HOST_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"

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

/* How workers are placed: by a policy, or on CPUs of a list. */
enum pin_policy { PIN_COMPACT, PIN_SCATTER, PIN_PER_CORE, PIN_NONE, PIN_LIST };

const char *pin_policy_name(unsigned policy); /* a word_name of the policies, without PIN_LIST */
const char *pin_policy_summary(enum pin_policy policy);

enum { PIN_RANGES_MAX = 1024 }; /* every CPU of a large machine by itself */

struct pin {
	enum pin_policy policy;
	const char *list; /* as it was written */
	unsigned n;       /* ranges of the list */
	struct pin_range {
		unsigned from, to;
	} ranges[PIN_RANGES_MAX];
};

/* A policy's name, or a list "0,2-3". -EINVAL: it is neither. The text is not copied. */
int pin_parse(const char *text, struct pin *pin, struct err *err);

/* "compact", "0,2-3" */
const char *pin_text(const struct pin *pin);

/*
 * CPUs in their order as such a list, three neighbours or more as a range: "0-31", "0,32,1,33".
 * NULL: none, or no memory.
 */
const char *pin_list_text(const int *cpus, size_t n, struct arena *arena);

/* That of a policy other than PIN_LIST. */
const struct pin *pin_of(enum pin_policy policy);

/*
 * Marks an allowed CPU as busy with other processes: every policy but a list places workers on it
 * last. topology_busy_text: "1", "" for none; the caller frees.
 */
void topology_mark_busy(struct topology *topology, int cpu, bool busy);
unsigned topology_busy(const struct topology *topology);
char *topology_busy_text(const struct topology *topology);

/*
 * One CPU for each of n workers, by operating system number. More workers than CPUs share them in
 * turn. For none, cpus are set to -1. -EINVAL: a CPU of a list is not allowed.
 */
int topology_place(const struct topology *topology, const struct pin *pin, size_t n, int *cpus,
		   struct err *err);

/*
 * The same, or PIN_NONE where threads cannot be bound at all (a filter refuses it) and pin is not a
 * list: measuring unbound is better than not measuring.
 */
const struct pin *topology_pin(const struct topology *topology, const struct pin *pin);

/* Where a CPU lies; numbers of packages and cores count from 0 on this machine. */
struct cpu_place {
	int cpu; /* operating system number */
	unsigned node, package, core;
	bool allowed;
};

/* All CPUs in compact order; places holds topology_cpus(). */
void topology_list(const struct topology *topology, struct cpu_place *places);

/*
 * Memory that all workers use, not touched yet: its pages are to come from the nodes of all allowed
 * CPUs in turn, so that no worker has it all near and none has it all far. No-op on one node. What
 * one worker alone uses is better touched first by that worker.
 */
void topology_spread(const struct topology *topology, void *memory, size_t size);

/* Binds the calling thread to a CPU (-1: to all allowed ones). 0 or -errno. */
int topology_bind(const struct topology *topology, int cpu);

/* Whether the calling thread runs, and may only run, where it was bound. */
bool topology_is_bound(const struct topology *topology, int cpu);

/*
 * CPUs that other processes use. A worker that is pinned to the CPU of a busy process shares it for
 * the whole measurement, while another CPU may be idle. So busy CPUs are found before workers are
 * placed.
 */

#define IDLE_WINDOW_NS UINT64_C(100000000)

/*
 * Watches for window_ns (/proc/stat counts in steps of 10 ms) and marks as busy those allowed CPUs
 * that were not idle for more than half of it. false: it cannot be found out, and none is marked.
 */
bool idle_look(struct topology *topology, uint64_t window_ns);

#endif
