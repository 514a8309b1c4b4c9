/*
 * Runs a parallel call for which the library chooses the number of jobs: its threads, their counts,
 * and when these are evaluated. Each job counts its own system calls. A job that has just read the
 * clock and finds that an evaluation is due makes it, so no monitoring thread is needed.
 */
#ifndef FLIST_ADAPT_H
#define FLIST_ADAPT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/clock.h"
#include "strategies/flist/threads.h"
#include "strategies/flist/tune.h"

/* Counts of one job, on a cache line of its own. */
struct flist_count {
	_Atomic uint64_t calls, cpu_ns, sleeps;
	uint64_t cpu_at; /* ns: when cpu_ns and sleeps were last updated */
} __attribute__((aligned(64)));

struct flist_adapt {
	_Atomic uint64_t update_at; /* ns, flist_clock: when an evaluation is due */
	_Atomic uint32_t cpu_apart; /* ns between updates of the CPU time of a job */
	_Atomic unsigned jobs;      /* number that may work now */
	pthread_mutex_t lock;       /* held during an evaluation */
	struct flist_tune tune;
	const struct flist_threads *threads;
	struct flist_crew *crew;
	struct flist_tally since, tally; /* at the last two evaluations */
	unsigned before;                 /* number of jobs that worked between them */
	unsigned told;                   /* number of jobs of the last decision that was reported */
	uint64_t began;
	unsigned most, cpus;     /* maximum number of jobs; number of CPUs */
	_Atomic unsigned used;   /* number of jobs whose threads were started, with the first, */
	_Atomic unsigned begun;  /* and of those that run already */
	_Atomic unsigned wanted; /* number of jobs to start, of which the next one that begins
				    starts the rest; 0: none */
	flist_job *job;
	void *job_arg;
	struct flist_count *counts; /* by job, of the first `used` */
	pthread_cond_t again;       /* with lock_rest: for flist_adapt_may_work */
	pthread_mutex_t lock_rest;
	bool is_over;
	/*
	 * limit is called when the number of jobs has changed; is_idle returns whether a job has
	 * nothing to do; work how many more jobs would find work now. NULL: not called; no job is
	 * idle; any number.
	 */
	void (*limit)(void *arg, unsigned jobs);
	bool (*is_idle)(void *arg);
	size_t (*work)(void *arg);
	void *arg;
};

/*
 * Begins with one job. threads stay the caller's. 0, or -ENOMEM with all fields zero, as they also
 * are if the caller has chosen the number of jobs.
 */
int flist_adapt_init(struct flist_adapt *adapt, const struct flist_threads *threads);
void flist_adapt_release(struct flist_adapt *adapt);

/*
 * Like flist_crew_run and flist_crew_begin; after the latter, flist_crew_end(adapt->crew) ends the
 * threads.
 */
void flist_adapt_run(struct flist_adapt *adapt, flist_job *job, void *arg);
void flist_adapt_begin(struct flist_adapt *adapt, flist_job *job, void *arg);

/*
 * Waits until this job may work, if the call has no task queue that does so. Returns true at once
 * if the caller has chosen the number of jobs. false: the job is over the limit and the work has
 * ended.
 */
bool flist_adapt_may_work(struct flist_adapt *adapt, unsigned job);
bool flist_adapt_rests(const struct flist_adapt *adapt, unsigned job); /* it would wait */
void flist_adapt_end(struct flist_adapt *adapt);                       /* the work has ended */

/* Starts threads that are allowed and find work now. For flist_adapt_offer. */
void flist_adapt_start(struct flist_adapt *adapt);

/* Evaluates the counts if that is due, unless another job is doing so. now_ns: flist_clock. */
void flist_adapt_update(struct flist_adapt *adapt, uint64_t now_ns);

static inline bool flist_adapt_is_on(const struct flist_adapt *adapt)
{
	return adapt->crew;
}

/* The number of jobs that work: they are allowed, and their threads have been started. */
static inline unsigned flist_adapt_working(const struct flist_adapt *adapt)
{
	const unsigned jobs = atomic_load_explicit(&adapt->jobs, memory_order_relaxed);
	const unsigned used = atomic_load_explicit(&adapt->used, memory_order_relaxed);
	return jobs < used ? jobs : used;
}

/*
 * Called when there is new work, if `work` is given: a thread is started only when there is work
 * for it.
 */
static inline void flist_adapt_offer(struct flist_adapt *adapt)
{
	if (flist_adapt_is_on(adapt) &&
	    atomic_load_explicit(&adapt->used, memory_order_relaxed) <
		    atomic_load_explicit(&adapt->jobs, memory_order_relaxed))
		flist_adapt_start(adapt);
}

/* Adds `calls` to the count of system calls of this job. Only the job itself may call it. */
static inline void flist_adapt_count(struct flist_adapt *adapt, unsigned job, size_t calls)
{
	_Atomic uint64_t *mine = &adapt->counts[job].calls;
	const uint64_t before = atomic_load_explicit(mine, memory_order_relaxed);
	atomic_store_explicit(mine, before + calls, memory_order_relaxed);
}

/*
 * Called by a job that has just read the clock. Updates its CPU time and sleeps at most twice in
 * each window, since that takes two system calls, and evaluates all counts if that is due. Each job
 * has to read its own CPU time: for a thread that is running, the kernel gives other threads only
 * the value of the last timer tick, milliseconds ago.
 */
static inline void flist_adapt_at(struct flist_adapt *adapt, unsigned job, uint64_t now_ns)
{
	struct flist_count *mine = &adapt->counts[job];
	if (now_ns - mine->cpu_at >=
	    atomic_load_explicit(&adapt->cpu_apart, memory_order_relaxed)) {
		atomic_store_explicit(&mine->cpu_ns, flist_cpu_clock(), memory_order_relaxed);
		atomic_store_explicit(&mine->sleeps, flist_wait_count(), memory_order_relaxed);
		mine->cpu_at = now_ns;
	}
	if (now_ns >= atomic_load_explicit(&adapt->update_at, memory_order_relaxed))
		flist_adapt_update(adapt, now_ns);
}

#endif
