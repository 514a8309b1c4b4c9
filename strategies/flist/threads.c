/*
 * Threads are made for one call and gone after it: some 20 us each, little beside the thousands of
 * entries they are made for, and nothing is left behind in the caller's process. Each takes job
 * numbers until there are none; so does the calling thread, and where no other thread can be had it
 * does them all.
 */
#include "strategies/flist/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct gang {
	const struct flist_threads *threads;
	flist_job *job;
	void *arg;
	unsigned jobs;
	_Atomic unsigned next; /* job that nobody has taken yet */
};

struct member {
	struct gang *gang;
	pthread_t thread;
	unsigned index;
};

static void do_jobs(struct gang *gang)
{
	unsigned i;
	while ((i = atomic_fetch_add_explicit(&gang->next, 1, memory_order_relaxed)) < gang->jobs)
		gang->job(gang->arg, i);
}

/*
 * In a table that threads share, every call on a descriptor counts a reference: fstatat becomes 5 %
 * slower. Where a filter refuses a table of one's own it stays shared: slower, not wrong.
 */
static void own_descriptors(void)
{
#if !defined(FLIST_PORTABLE) && defined(CLONE_FILES) && !defined(__SANITIZE_THREAD__)
	(void)unshare(CLONE_FILES); /* tsan takes equal numbers for the same descriptor */
#endif
}

static void *member_main(void *arg)
{
	const struct member *m = arg;
	const struct flist_threads *threads = m->gang->threads;
	own_descriptors();
	if (threads->started)
		threads->started(threads->arg, m->index);
	do_jobs(m->gang);
	return NULL;
}

/* Signals are for the program's own threads; but those that a fault raises go where it was. */
static void mask_signals(sigset_t *old)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
	sigset_t mask;
	sigfillset(&mask);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(&mask, faults[i]);
	pthread_sigmask(SIG_SETMASK, &mask, old);
}

/* How many of n could be started. */
static unsigned start(struct member *members, unsigned n, struct gang *gang)
{
	unsigned started = 0;
	sigset_t old;
	mask_signals(&old);
	for (; started < n; started++) {
		struct member *m = &members[started];
		m->gang = gang;
		m->index = started + 1;
		if (pthread_create(&m->thread, NULL, member_main, m))
			break;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

static void run_own(struct gang *gang)
{
	const unsigned n = gang->jobs > 1 ? gang->jobs - 1 : 0;
	struct member *members = n ? calloc(n, sizeof(*members)) : NULL;
	unsigned started = members ? start(members, n, gang) : 0;
	do_jobs(gang);
	for (unsigned i = 0; i < started; i++)
		pthread_join(members[i].thread, NULL);
	free(members);
}

unsigned flist_jobs(const struct flist_threads *threads)
{
	long online;
	if (threads && threads->jobs)
		return threads->jobs;
#if !defined(FLIST_PORTABLE) && defined(CPU_COUNT)
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		return (unsigned)CPU_COUNT(&allowed);
#endif
	online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (unsigned)online : 1;
}

int flist_threads_run(const struct flist_threads *threads, unsigned jobs, flist_job *job, void *arg)
{
	static const struct flist_threads none;
	struct gang gang = {
		.threads = threads ? threads : &none, .job = job, .arg = arg, .jobs = jobs};
	if (gang.threads->run)
		return gang.threads->run(gang.threads->arg, jobs, job, arg);
	run_own(&gang);
	return 0;
}
