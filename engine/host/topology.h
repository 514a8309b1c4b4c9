/*
 * The CPUs of the machine, which of them this process may use, and on which of them the workers of
 * a cell run. Only allowed CPUs are chosen (cgroup cpuset and affinity mask).
 *
 * topology.c is the only file that includes hwloc.
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
 * The machine's topology. description NULL: this machine; otherwise another one (hwloc's synthetic
 * syntax or the path of an exported .xml), all of whose CPUs count as allowed. topology_close
 * accepts NULL.
 */
int topology_open(struct topology **topology, const char *description, struct err *err);
void topology_close(struct topology *topology);

unsigned topology_cpus(const struct topology *topology);    /* online */
unsigned topology_allowed(const struct topology *topology); /* usable by this process */

/*
 * "0-1,4" and "1 package, 2 cores, 2 CPUs, 1 NUMA node"; freed by the caller. NULL: out of memory.
 */
char *topology_allowed_text(const struct topology *topology);
char *topology_text(const struct topology *topology);

/* The placement of workers: by a policy, or on the CPUs of a list. */
enum pin_policy { PIN_COMPACT, PIN_SCATTER, PIN_PER_CORE, PIN_NONE, PIN_LIST };

const char *pin_policy_name(unsigned policy); /* a word_name of the policies without PIN_LIST */
const char *pin_policy_summary(enum pin_policy policy);

enum { PIN_RANGES_MAX = 1024 }; /* enough for every CPU of a large machine as a range of its own */

struct pin {
	enum pin_policy policy;
	const char *list; /* as given by the user */
	unsigned n;       /* number of ranges */
	struct pin_range {
		unsigned from, to;
	} ranges[PIN_RANGES_MAX];
};

/*
 * Parses a policy's name, or a list "0,2-3". -EINVAL: it is neither. text is not copied and must
 * outlive pin.
 */
int pin_parse(const char *text, struct pin *pin, struct err *err);

/* "compact", "0,2-3" */
const char *pin_text(const struct pin *pin);

/*
 * Writes CPUs in the given order as such a list, three or more consecutive ones as a range: "0-31",
 * "0,32,1,33". In the arena. NULL: n is 0, or out of memory.
 */
const char *pin_list_text(const int *cpus, size_t n, struct arena *arena);

/* The pin of a policy other than PIN_LIST. */
const struct pin *pin_of(enum pin_policy policy);

/*
 * The CPUs that are busy with other processes: every policy but a list places workers on them last.
 * topology_busy_text: "1", or "" for none; freed by the caller.
 */
unsigned topology_busy(const struct topology *topology);
char *topology_busy_text(const struct topology *topology);

/*
 * Sets one CPU for each of n workers, by operating system number. If there are more workers than
 * CPUs, CPUs are shared in turn. For PIN_NONE, cpus are set to -1. -EINVAL: a CPU of a list is not
 * allowed.
 */
int topology_place(const struct topology *topology, const struct pin *pin, size_t n, int *cpus,
		   struct err *err);

/*
 * Returns pin, or PIN_NONE if threads cannot be bound at all (a seccomp filter refuses it) and pin
 * is not a list, because an unbound measurement is better than none.
 */
const struct pin *topology_pin(const struct topology *topology, const struct pin *pin);

/* The place of a CPU; numbers of packages and cores count from 0 on this machine. */
struct cpu_place {
	int cpu; /* operating system number */
	unsigned node, package, core;
	bool allowed;
};

/* All CPUs in compact order; places has topology_cpus() elements. */
void topology_list(const struct topology *topology, struct cpu_place *places);

/*
 * For memory that all workers use and that is not touched yet: its pages will be allocated on the
 * nodes of all allowed CPUs in turn, so that it is neither all local nor all remote for any worker.
 * With one node this does nothing. Memory that only one worker uses should be touched first by that
 * worker.
 */
void topology_spread(const struct topology *topology, void *memory, size_t size);

/* Binds the calling thread to a CPU (-1: to all allowed ones). 0 or -errno. */
int topology_bind(const struct topology *topology, int cpu);

/* Whether the calling thread runs on the CPU that it was bound to, and may run on no other. */
bool topology_is_bound(const struct topology *topology, int cpu);

/*
 * CPUs that other processes use. A worker that is pinned to the CPU of a busy process shares it for
 * the whole measurement, while another CPU may be idle. So busy CPUs are found before workers are
 * placed.
 */

#define IDLE_WINDOW_NS UINT64_C(100000000)

/*
 * Observes /proc/stat (which counts in steps of 10 ms) for window_ns and marks as busy those
 * allowed CPUs that were idle for less than half of it. False: this is not possible, and none is
 * marked.
 */
bool idle_measure(struct topology *topology, uint64_t window_ns);

#endif
