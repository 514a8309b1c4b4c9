/*
 * The worker threads of a run, made once and used for every cell, and the gate at which a pass
 * starts.
 *
 * Each worker has a descriptor table of its own (unshare(CLONE_FILES)): in a table that is shared,
 * even with an idle thread, every call on a descriptor pays for a reference count, which makes
 * fstatat several per cent slower than a single-threaded program would see it. So descriptors that
 * workers shall use are opened before crew_new, and what a worker opens only it can use.
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

/* Progress is told when a job begins and when it ends (busy). */
void crew_report(struct crew *crew, const struct progress *progress);

/*
 * Jobs are to be left once halt is due: the caller of crew_run, while it waits, looks ten times a
 * second. Without this they run to their end.
 */
void crew_bound(struct crew *crew, const struct halt *halt);

/* A flag that workers read: nonzero once the current job, or the last one, is to be stopped. */
const volatile int *crew_stop(const struct crew *crew);

/*
 * As many workers again, but with one descriptor table, the process's: for strategies whose workers
 * use each other's descriptors. Made when first asked for; belongs to the crew.
 */
int crew_sharing(struct crew *crew, struct crew **sharing, struct err *err);

/* n more of that kind, for one cell alone, which frees them before the crew. */
int crew_apart(struct crew *crew, unsigned n, struct crew **apart, struct err *err);

/*
 * Calls fn(arg, i) on workers i in [0, n), each bound to cpus[i] (-1: any allowed CPU), and returns
 * when all are done. 0, or -errno when a worker could not be bound (fn is called all the same).
 */
int crew_run(struct crew *crew, unsigned n, const int *cpus, void (*fn)(void *arg, unsigned index),
	     void *arg);

/* For loops that wait. */
static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Start gate: the last one to arrive reads the clock and opens it for all. */
struct start_gate {
	_Atomic unsigned arrived __attribute__((aligned(CACHE_LINE)));
	_Atomic uint64_t opened_ns __attribute__((aligned(CACHE_LINE))); /* 0: closed */
};

void start_gate_close(struct start_gate *gate);
/* crowded: there are more workers than CPUs, so waiting gives the CPU away at once. */
void start_gate_pass(struct start_gate *gate, unsigned n, bool crowded);

#endif
