/*
 * The worker threads of a run, created once and used for every cell, and the gate at which a pass
 * starts.
 *
 * Each worker has a descriptor table of its own (unshare(CLONE_FILES)). In a shared table, even if
 * the other thread is idle, every call on a descriptor updates a reference count, which makes
 * fstatat several per cent slower than in a single-threaded program. So descriptors for workers are
 * opened before crew_new, and a descriptor opened by a worker is usable only in that worker.
 */
#ifndef ENGINE_MEASURE_PASS_CREW_H
#define ENGINE_MEASURE_PASS_CREW_H

#include <stdatomic.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/host/topology.h"
#include "engine/strategy.h"

struct crew;

int crew_new(struct crew **crew, unsigned n, const struct topology *topology, struct err *err);
void crew_free(struct crew *crew); /* accepts NULL; waits for the workers */

/* progress is informed when a job begins and ends (progress_busy); owned by the caller. */
void crew_report(struct crew *crew, const struct progress *progress);

/*
 * Stops jobs once halt is due, by setting the flag of crew_stop. The caller of crew_run checks halt
 * ten times a second while it waits. Without halt, jobs run to their end.
 */
void crew_bound(struct crew *crew, const struct halt *halt);

/* A flag for workers: not 0 once the current or last job has to stop. */
const volatile int *crew_stop(const struct crew *crew);

/*
 * Sets *sharing to a crew of the same size whose workers share one descriptor table, the process's:
 * for strategies whose workers use each other's descriptors. Created at the first call; owned by
 * crew.
 */
int crew_sharing(struct crew *crew, struct crew **sharing, struct err *err);

/* Creates n more workers of that kind for one cell. The caller frees the crew before its parent. */
int crew_apart(struct crew *crew, unsigned n, struct crew **apart, struct err *err);

/*
 * Calls fn(arg, i) on workers i in [0, n), each bound to cpus[i] (-1: any allowed CPU), and returns
 * when all are done. 0, or -errno if a worker could not be bound (fn is called nevertheless).
 */
int crew_run(struct crew *crew, unsigned n, const int *cpus, void (*fn)(void *arg, unsigned index),
	     void *arg);

/* For spinning loops. */
static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Start gate: the last worker to arrive reads the clock and opens it for all. */
struct start_gate {
	_Atomic unsigned arrived __attribute__((aligned(CACHE_LINE)));
	_Atomic uint64_t opened_ns __attribute__((aligned(CACHE_LINE))); /* 0: closed */
};

void start_gate_close(struct start_gate *gate);
/*
 * Waits until n workers have arrived. crowded: there are more workers than CPUs, so the CPU is
 * yielded at once.
 */
void start_gate_pass(struct start_gate *gate, unsigned n, bool crowded);

#endif
