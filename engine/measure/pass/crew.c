#include "engine/measure/pass/crew.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/threads.h"

/*
 * Interval at which crew_run checks halt. It is long, so that the wake-up does not disturb passes.
 */
#define CHECK_EVERY_NS ((long)(NS_PER_SECOND / 10))

struct crew_thread {
	struct crew *crew;
	unsigned index;
	int cpu;             /* that it is bound to, -1: any; INT32_MIN: not known */
	bool has_job;        /* guarded by the crew's lock */
	pthread_cond_t work; /* one per worker, so that workers without a job are not woken */
};

struct crew {
	const struct topology *topology;
	struct crew *sharing; /* NULL: not needed so far */
	struct crew *parent;  /* the crew that this one shares descriptors with, or NULL */
	unsigned size;
	struct threads *threads;
	const struct progress *progress; /* informed when jobs begin and end; may be NULL */
	const struct halt *halt;         /* when due, the current job is stopped; NULL: never */
	/*
	 * Set when halt is due. Workers read it without the lock, before each timed entry, so it is
	 * on a cache line of its own.
	 */
	volatile int stop __attribute__((aligned(CACHE_LINE)));
	pthread_mutex_t lock __attribute__((aligned(CACHE_LINE)));
	pthread_cond_t done;
	/* The current job, guarded by lock. */
	unsigned pending; /* workers that have not finished it, or have not started */
	bool quit;
	int error;
	const int *cpus;
	void (*fn)(void *arg, unsigned index);
	void *arg;
	struct crew_thread members[];
};

static int bind_member(struct crew_thread *m, int cpu)
{
	if (m->cpu == cpu)
		return 0;
	int error = topology_bind(m->crew->topology, cpu);
	m->cpu = error ? INT32_MIN : cpu;
	return error;
}

/* Runs one job. The lock is held on entry and exit. */
static void do_job(struct crew_thread *m)
{
	struct crew *crew = m->crew;
	pthread_mutex_unlock(&crew->lock);
	int error = bind_member(m, crew->cpus[m->index]);
	crew->fn(crew->arg, m->index);
	pthread_mutex_lock(&crew->lock);
	if (error && !crew->error)
		crew->error = error;
	if (--crew->pending == 0)
		pthread_cond_signal(&crew->done);
}

/* If a seccomp filter refuses unshare, the table stays shared, which is slower but correct. */
static void own_descriptors(void)
{
#ifndef __SANITIZE_THREAD__ /* it takes equal descriptor numbers for the same descriptor */
	(void)unshare(CLONE_FILES);
#endif
}

/* The name that the watchdog prints. */
static void name_thread(unsigned index)
{
	char name[16];
	snprintf(name, sizeof(name), "worker %hu", (unsigned short)index);
	pthread_setname_np(pthread_self(), name);
}

static void be_member(void *arg, unsigned index)
{
	struct crew *crew = arg;
	struct crew_thread *m = &crew->members[index];
	if (!crew->parent)
		own_descriptors();
	name_thread(m->index);
	pthread_mutex_lock(&crew->lock);
	if (--crew->pending == 0)
		pthread_cond_signal(&crew->done);
	while (!crew->quit) {
		if (m->has_job) {
			m->has_job = false;
			do_job(m);
		} else {
			pthread_cond_wait(&m->work, &crew->lock);
		}
	}
	pthread_mutex_unlock(&crew->lock);
}

/*
 * Returns when every worker has its own table of descriptors: no descriptor may be opened or closed
 * while the table is copied.
 */
static int start_members(struct crew *crew)
{
	for (unsigned i = 0; i < crew->size; i++) {
		struct crew_thread *m = &crew->members[i];
		*m = (struct crew_thread){.crew = crew, .index = i, .cpu = INT32_MIN};
		pthread_cond_init(&m->work, NULL);
	}
	pthread_mutex_lock(&crew->lock);
	int error = threads_start(&crew->threads, crew->size, be_member, crew);
	crew->pending = threads_count(crew->threads);
	while (crew->pending)
		pthread_cond_wait(&crew->done, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	return error;
}

static int new_crew(struct crew **out, unsigned n, const struct topology *topology,
		    struct crew *parent, struct err *err)
{
	const size_t size = sizeof(struct crew) + n * sizeof(struct crew_thread);
	struct crew *crew =
		aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
	if (!crew)
		return err_errno(err, -ENOMEM, "cannot start %s", COUNTED(n, "worker"));
	memset(crew, 0, size);
	crew->size = n;
	crew->topology = topology;
	crew->parent = parent;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->done, NULL);
	int error = start_members(crew);
	if (error) {
		crew_free(crew);
		return err_errno(err, error, "cannot start %s", COUNTED(n, "worker"));
	}
	*out = crew;
	return 0;
}

int crew_new(struct crew **out, unsigned n, const struct topology *topology, struct err *err)
{
	return new_crew(out, n, topology, NULL, err);
}

int crew_sharing(struct crew *crew, struct crew **sharing, struct err *err)
{
	int error =
		crew->sharing ? 0 : new_crew(&crew->sharing, crew->size, crew->topology, crew, err);
	*sharing = crew->sharing;
	return error;
}

int crew_apart(struct crew *crew, unsigned n, struct crew **apart, struct err *err)
{
	return new_crew(apart, n, crew->topology, crew, err);
}

static void end_crew(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->quit = true;
	for (unsigned i = 0; i < crew->size; i++)
		pthread_cond_signal(&crew->members[i].work);
	pthread_mutex_unlock(&crew->lock);
	threads_join(crew->threads);
	for (unsigned i = 0; i < crew->size; i++)
		pthread_cond_destroy(&crew->members[i].work);
	pthread_cond_destroy(&crew->done);
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}

void crew_free(struct crew *crew)
{
	if (!crew)
		return;
	if (crew->sharing)
		end_crew(crew->sharing);
	end_crew(crew);
}

static struct timespec next_check(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += CHECK_EVERY_NS;
	at.tv_sec += at.tv_nsec / (long)NS_PER_SECOND;
	at.tv_nsec %= (long)NS_PER_SECOND;
	return at;
}

/* The crew with progress and halt: of a crew that shares descriptors, its parent. */
static const struct crew *told(const struct crew *crew)
{
	return crew->parent ? crew->parent : crew;
}

/* Waits for the workers. The lock is held on entry and exit. */
static void await_members(struct crew *crew)
{
	while (crew->pending) {
		const struct timespec at = next_check();
		if (pthread_cond_clockwait(&crew->done, &crew->lock, CLOCK_MONOTONIC, &at) !=
		    ETIMEDOUT)
			continue;
		pthread_mutex_unlock(&crew->lock);
		if (halt_is_due(told(crew)->halt))
			__atomic_store_n(&crew->stop, 1, __ATOMIC_RELAXED);
		pthread_mutex_lock(&crew->lock);
	}
}

void crew_report(struct crew *crew, const struct progress *progress)
{
	crew->progress = progress;
}

void crew_bound(struct crew *crew, const struct halt *halt)
{
	crew->halt = halt;
}

const volatile int *crew_stop(const struct crew *crew)
{
	return &crew->stop;
}

int crew_run(struct crew *crew, unsigned n, const int *cpus, void (*fn)(void *arg, unsigned index),
	     void *arg)
{
	progress_busy(told(crew)->progress, true);
	pthread_mutex_lock(&crew->lock);
	crew->cpus = cpus;
	crew->fn = fn;
	crew->arg = arg;
	crew->pending = n;
	crew->error = 0;
	__atomic_store_n(&crew->stop, 0, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < n; i++) {
		crew->members[i].has_job = true;
		pthread_cond_signal(&crew->members[i].work);
	}
	await_members(crew);
	int error = crew->error;
	pthread_mutex_unlock(&crew->lock);
	progress_busy(told(crew)->progress, false);
	return error;
}

void start_gate_close(struct start_gate *gate)
{
	atomic_store(&gate->arrived, 0);
	atomic_store(&gate->opened_ns, 0);
}

/*
 * Workers spin, so that all start within the latency of a cache line; but the last worker may need
 * this CPU to arrive, so after many spins the CPU is yielded.
 */
void start_gate_pass(struct start_gate *gate, unsigned n, bool crowded)
{
	enum { SPINS = 20000 };
	if (atomic_fetch_add(&gate->arrived, 1) + 1 == n) {
		atomic_store(&gate->opened_ns, clock_ns());
		return;
	}
	for (unsigned spins = 0; !atomic_load_explicit(&gate->opened_ns, memory_order_acquire);
	     spins++) {
		if (spins < SPINS && !crowded)
			pause_cpu();
		else
			sched_yield();
	}
}
