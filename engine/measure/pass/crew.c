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

/* While workers are waited for. Passes that last longer than this do not notice the wake. */
#define LOOK_EVERY_NS ((long)(NS_PER_SECOND / 10))

struct crew_thread {
	struct crew *crew;
	unsigned index;
	int cpu;             /* bound to; INT32_MIN: never bound */
	bool has_job;        /* guarded by the crew's lock */
	pthread_cond_t work; /* of its own: workers without a job are not woken to look */
};

struct crew {
	const struct topology *topology;
	struct crew *sharing; /* NULL: it was not needed */
	struct crew *parent;  /* that this one was made of, to share descriptors, or NULL */
	unsigned size;
	struct threads *threads;
	const struct progress *progress; /* told when jobs begin and end; may be NULL */
	const struct halt *halt;         /* when the job at hand is to be left; NULL: never */
	/* It is: read by workers without the lock, and in the clock's time before each entry, so
	 * on a line of its own. */
	volatile int stop __attribute__((aligned(CACHE_LINE)));
	pthread_mutex_t lock __attribute__((aligned(CACHE_LINE)));
	pthread_cond_t done;
	/* Guarded by lock: the job at hand. */
	unsigned pending; /* workers not done with it, or not ready for the first one */
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

/* One job, with the lock held on entry and exit. */
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

/* If a seccomp filter refuses this, the table stays shared, which is slower but correct. */
static void own_descriptors(void)
{
#ifndef __SANITIZE_THREAD__ /* which takes equal numbers for the same descriptor */
	(void)unshare(CLONE_FILES);
#endif
}

/* By this name the watchdog tells of it. */
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
 * Returns when every worker has its table of descriptors, so that no descriptor comes or goes while
 * it is copied.
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
		return err_errno(err, -ENOMEM, "starting %s", COUNTED(n, "worker"));
	memset(crew, 0, size);
	crew->size = n;
	crew->topology = topology;
	crew->parent = parent;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->done, NULL);
	int error = start_members(crew);
	if (error) {
		crew_free(crew);
		return err_errno(err, error, "starting %s", COUNTED(n, "worker"));
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

static void send_home(struct crew *crew)
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
		send_home(crew->sharing);
	send_home(crew);
}

static struct timespec next_look(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += LOOK_EVERY_NS;
	at.tv_sec += at.tv_nsec / (long)NS_PER_SECOND;
	at.tv_nsec %= (long)NS_PER_SECOND;
	return at;
}

/* Whose progress and halt count: a crew that shares has its parent's. */
static const struct crew *told(const struct crew *crew)
{
	return crew->parent ? crew->parent : crew;
}

/* With the lock held on entry and exit. */
static void await_members(struct crew *crew)
{
	while (crew->pending) {
		const struct timespec at = next_look();
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
 * Waiting is spinning, so that all start within a cache line's travel; but the one that is waited
 * for may need this CPU to arrive, so after a while it is given away.
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
