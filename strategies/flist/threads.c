/*
 * Starts threads for one call and joins them at its end. That takes some 20 us each, little in
 * comparison with the thousands of entries that they are started for, and leaves nothing behind in
 * the caller's process. Each thread takes job numbers until none is left; so does the calling
 * thread, which runs all jobs if no other thread can be started.
 */
#include "strategies/flist/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "strategies/flist/tune.h"

/* A fixed number of jobs, for any number of threads. */
struct job_range {
	flist_job *job;
	void *arg;
	unsigned jobs;
	_Atomic unsigned next; /* number of the next job */
};

struct crew_member {
	const struct flist_threads *threads;
	flist_job *job;
	void *arg;
	pthread_t thread;
	unsigned index;
	bool shares; /* uses the descriptor table of the process */
};

struct flist_crew {
	const struct flist_threads *threads;
	flist_job *job;
	void *arg;
	pthread_mutex_t lock;
	bool shares;   /* threads use the descriptor table of the process */
	bool is_over;  /* no thread may be started any more */
	unsigned jobs; /* number of jobs, including that of the calling thread */
	unsigned most;
	struct crew_member members[]; /* of the other jobs that were started */
};

static void do_jobs(void *arg, unsigned index)
{
	struct job_range *job_range = arg;
	unsigned i;
	(void)index;
	while ((i = atomic_fetch_add_explicit(&job_range->next, 1, memory_order_relaxed)) <
	       job_range->jobs)
		job_range->job(job_range->arg, i);
}

/*
 * Gives the thread a descriptor table of its own. In a table that threads share, every call on a
 * descriptor takes a reference to the file, and fstatat becomes 5 % slower. If a seccomp filter
 * refuses this, the table stays shared: slower, but correct.
 */
static void own_descriptors(void)
{
#if !defined(FLIST_PORTABLE) && defined(CLONE_FILES) && !defined(__SANITIZE_THREAD__)
	(void)unshare(CLONE_FILES); /* tsan takes equal numbers for the same descriptor */
#endif
}

static void *member_main(void *arg)
{
	const struct crew_member *m = arg;
	if (!m->shares)
		own_descriptors();
	if (m->threads->started)
		m->threads->started(m->threads->arg, m->index);
	m->job(m->arg, m->index);
	return NULL;
}

/*
 * Blocks signals, which the program's own threads shall handle, except those that a fault in the
 * thread itself raises.
 */
static void mask_signals(sigset_t *old)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
	sigset_t mask;
	sigfillset(&mask);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(&mask, faults[i]);
	pthread_sigmask(SIG_SETMASK, &mask, old);
}

/* Starts the threads of members `first` to n - 1. Returns how many members there are then. */
static unsigned start(struct crew_member *members, unsigned first, unsigned n,
		      const struct crew_member *with)
{
	unsigned started = first;
	sigset_t old;
	mask_signals(&old);
	for (; started < n; started++) {
		struct crew_member *m = &members[started];
		*m = *with;
		m->index = started + 1;
		if (pthread_create(&m->thread, NULL, member_main, m))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

static void run_own(const struct flist_threads *threads, struct job_range *job_range)
{
	const unsigned n = job_range->jobs > 1 ? job_range->jobs - 1 : 0;
	const struct crew_member with = {.threads = threads, .job = do_jobs, .arg = job_range};
	struct crew_member *members = n ? calloc(n, sizeof(*members)) : NULL;
	unsigned started = members ? start(members, 0, n, &with) : 0;
	do_jobs(job_range, 0);
	for (unsigned i = 0; i < started; i++)
		pthread_join(members[i].thread, NULL);
	free(members);
}

/* ---- The number of threads ------------------------------------------------------------------- */

static const struct flist_threads none;

unsigned flist_cpus(const struct flist_threads *threads)
{
	long online;
	if (threads && threads->cpus)
		return threads->cpus;
#if !defined(FLIST_PORTABLE) && defined(CPU_COUNT)
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		return (unsigned)CPU_COUNT(&allowed);
#endif
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

bool flist_is_adaptive(const struct flist_threads *threads)
{
	return !threads || (!threads->jobs && !threads->run);
}

unsigned flist_jobs(const struct flist_threads *threads)
{
	if (threads && threads->jobs)
		return threads->jobs;
	if (!flist_is_adaptive(threads))
		return flist_cpus(threads);
	return threads && threads->most ? threads->most : FLIST_TUNE_MOST;
}

int flist_threads_run(const struct flist_threads *threads, unsigned jobs, flist_job *job, void *arg)
{
	struct job_range job_range = {.job = job, .arg = arg, .jobs = jobs};
	if (!threads)
		threads = &none;
	if (threads->run)
		return threads->run(threads->arg, jobs, job, arg);
	run_own(threads, &job_range);
	return 0;
}

/* ---- Crews ----------------------------------------------------------------------------------- */

struct flist_crew *flist_crew_new(const struct flist_threads *threads, unsigned most)
{
	struct flist_crew *crew = malloc(sizeof(*crew) + (most - 1) * sizeof(*crew->members));
	if (!crew)
		return NULL;
	*crew = (struct flist_crew){.threads = threads ? threads : &none, .most = most, .jobs = 1};
	pthread_mutex_init(&crew->lock, NULL);
	return crew;
}

void flist_crew_free(struct flist_crew *crew)
{
	if (!crew)
		return;
	pthread_mutex_destroy(&crew->lock);
	free(crew);
}

unsigned flist_crew_grow(struct flist_crew *crew, unsigned jobs)
{
	const struct flist_threads *t = crew->threads;
	const struct crew_member with = {
		.threads = t, .job = crew->job, .arg = crew->arg, .shares = crew->shares};
	pthread_mutex_lock(&crew->lock);
	if (jobs > crew->most)
		jobs = crew->most;
	if (!crew->is_over && jobs > crew->jobs)
		crew->jobs = start(crew->members, crew->jobs - 1, jobs - 1, &with) + 1;
	jobs = crew->jobs;
	pthread_mutex_unlock(&crew->lock);
	return jobs;
}

void flist_crew_begin(struct flist_crew *crew, flist_job *job, void *arg)
{
	crew->job = job;
	crew->arg = arg;
	crew->shares = true;
}

void flist_crew_end(struct flist_crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	crew->is_over = true;
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 1; i < crew->jobs; i++)
		pthread_join(crew->members[i - 1].thread, NULL);
}

void flist_crew_run(struct flist_crew *crew, flist_job *job, void *arg)
{
	crew->job = job;
	crew->arg = arg;
	job(arg, 0);
	flist_crew_end(crew);
}
