/*
 * Shared by the strategies that let libflist choose the number of jobs: distributes its threads
 * over the CPUs that the run may use, and stores its decisions.
 *
 * Each worker of the engine is bound to one CPU, and a thread inherits that. So each new thread is
 * bound to the next CPU, in turn. The worker keeps its own CPU, which is the first.
 */
#ifndef STRATEGIES_ADAPTIVE_H
#define STRATEGIES_ADAPTIVE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "strategies/meta.h"

enum { ADAPTIVE_CPUS = CPU_SETSIZE, ADAPTIVE_DECISIONS = 256 };

struct adaptive {
	uint16_t cpus[ADAPTIVE_CPUS]; /* CPUs that the run may use, the worker's first */
	unsigned n_cpus;
	size_t n_decisions; /* number of decisions in the last pass */
	struct decision decisions[ADAPTIVE_DECISIONS];
};

/* Called by the worker: finds the CPUs and clears the decisions. */
static inline void adaptive_begin(struct adaptive *a)
{
	const int mine = sched_getcpu();
	cpu_set_t allowed;
	a->n_decisions = 0;
	a->n_cpus = 1;
	a->cpus[0] = (uint16_t)mine;
	/* The main thread of the process is the engine's own, and is not bound. */
	if (mine < 0 || sched_getaffinity(getpid(), sizeof(allowed), &allowed))
		return;
	for (int cpu = 0; cpu < ADAPTIVE_CPUS; cpu++) {
		if (CPU_ISSET((size_t)cpu, &allowed) && cpu != mine)
			a->cpus[a->n_cpus++] = (uint16_t)cpu;
	}
}

/*
 * Callback `started`: binds a thread. If that fails, it stays on the CPU of the thread that started
 * it: slower, but correct.
 */
static inline void adaptive_started(void *arg, unsigned index)
{
	const struct adaptive *a = arg;
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(a->cpus[index % a->n_cpus], &one);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

static inline void adaptive_decided(void *arg, const struct flist_decision *decision)
{
	struct adaptive *a = arg;
	if (a->n_decisions == ADAPTIVE_DECISIONS)
		return;
	a->decisions[a->n_decisions++] = (struct decision){
		.at_ns = decision->at_ns,
		.wait_ns = decision->wait_ns,
		.rate = decision->rate,
		.before = decision->before,
		.threads = decision->jobs,
	};
}

static inline struct flist_threads adaptive_threads(struct adaptive *a, int64_t most)
{
	return (struct flist_threads){
		.started = adaptive_started,
		.decided = adaptive_decided,
		.arg = a,
		.most = (uint32_t)most,
		.cpus = a->n_cpus,
	};
}

#endif
