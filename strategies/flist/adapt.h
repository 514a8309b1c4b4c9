/*
 * A call that finds its number of jobs itself: its threads, their counts, and when to evaluate
 * them. Each job counts its own calls. A job that has just read the clock and finds that an
 * evaluation is due makes it, so there is no thread that only watches.
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

/* Of a job, on a cache line of its own. */
struct flist_count {
	_Atomic uint64_t calls, cpu_ns, sleeps;
	uint64_t cpu_at; /* ns: when it last said what it had used, and how often it slept */
} __attribute__((aligned(64)));

struct flist_adapt {
	_Atomic uint64_t look_at; /* ns, by the clock of the jobs */
	_Atomic unsigned jobs;    /* that shall work now */
	pthread_mutex_t lock;     /* of whoever looks */
	struct flist_tune tune;
	const struct flist_threads *threads;
	struct flist_crew *crew;
	struct flist_tally since, tally; /* at the last two looks */
	unsigned before;                 /* jobs, between them */
	uint64_t began;
	unsigned most, used;     /* jobs: there can be, there have been */
	_Atomic unsigned wanted; /* of them, the first of which is to make the others; 0: none */
	flist_job *job;
	void *job_arg;
	struct flist_count *counts; /* of each job */
	pthread_cond_t again;       /* with lock_rest: for flist_adapt_may_work */
	pthread_mutex_t lock_rest;
	bool is_over;
	/* Tells those who rest or work again; and whether a job is idle. NULL: nobody, none. */
	void (*limit)(void *arg, unsigned jobs);
	bool (*is_idle)(void *arg);
	void *arg;
};

/* 0 or -ENOMEM. It is all zero then, as it is where the number of jobs is given. */
int flist_adapt_init(struct flist_adapt *adapt, const struct flist_threads *threads);
void flist_adapt_release(struct flist_adapt *adapt);

/* As flist_crew_run; and as flist_crew_begin, which is ended by flist_crew_end. */
void flist_adapt_run(struct flist_adapt *adapt, flist_job *job, void *arg);
void flist_adapt_begin(struct flist_adapt *adapt, flist_job *job, void *arg);

/*
 * Where nobody else sees to those who rest: until this job may work, which it always may where the
 * number of jobs is given; false: there is no more.
 */
bool flist_adapt_may_work(struct flist_adapt *adapt, unsigned job);
bool flist_adapt_rests(const struct flist_adapt *adapt, unsigned job); /* it would wait there */
void flist_adapt_end(struct flist_adapt *adapt);                       /* there is no more */

/* An evaluation is due, unless another job is making it. */
void flist_adapt_look(struct flist_adapt *adapt, uint64_t now_ns);

static inline bool flist_adapt_is_on(const struct flist_adapt *adapt)
{
	return adapt->crew;
}

/* That job has made so many calls more. */
static inline void flist_adapt_count(struct flist_adapt *adapt, unsigned job, size_t calls)
{
	_Atomic uint64_t *mine = &adapt->counts[job].calls;
	const uint64_t before = atomic_load_explicit(mine, memory_order_relaxed);
	atomic_store_explicit(mine, before + calls, memory_order_relaxed);
}

/*
 * That job has looked at the clock. Of a thread that is running the kernel tells others only what
 * it had used at the last tick, milliseconds ago, so each looks for itself, now and then.
 */
static inline void flist_adapt_at(struct flist_adapt *adapt, unsigned job, uint64_t now_ns)
{
	enum { CPU_LOOKS_APART = 100 * 1000 };
	struct flist_count *mine = &adapt->counts[job];
	if (now_ns - mine->cpu_at >= CPU_LOOKS_APART) {
		atomic_store_explicit(&mine->cpu_ns, flist_cpu_clock(), memory_order_relaxed);
		atomic_store_explicit(&mine->sleeps, flist_wait_count(), memory_order_relaxed);
		mine->cpu_at = now_ns;
	}
	if (now_ns >= atomic_load_explicit(&adapt->look_at, memory_order_relaxed))
		flist_adapt_look(adapt, now_ns);
}

#endif
