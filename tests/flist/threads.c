/* Jobs on threads: all are done, on what threads there are. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "strategies/flist/threads.h"
#include "tests/flist/with_pool.h"
#include "tests/test.h"

enum { JOBS = 16, MADE_MAX = 32 };

struct account {
	pthread_t caller;
	_Atomic unsigned done[JOBS];
	_Atomic unsigned started[MADE_MAX];
	_Atomic unsigned elsewhere, unmasked, deaf; /* jobs: not in the caller's thread; signals */
};

static void started(void *arg, unsigned index)
{
	struct account *a = arg;
	if (index < MADE_MAX)
		atomic_fetch_add(&a->started[index], 1);
}

static bool blocks(int signal)
{
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return sigismember(&mask, signal);
}

static void job(void *arg, unsigned index)
{
	struct account *a = arg;
	atomic_fetch_add(&a->done[index], 1);
	if (pthread_equal(pthread_self(), a->caller))
		return;
	atomic_fetch_add(&a->elsewhere, 1);
	atomic_fetch_add(&a->unmasked, !blocks(SIGINT) || !blocks(SIGUSR1) || !blocks(SIGCHLD));
	atomic_fetch_add(&a->deaf, blocks(SIGSEGV) || blocks(SIGBUS));
}

static void all_done(const struct account *a, unsigned jobs)
{
	for (unsigned i = 0; i < JOBS; i++)
		assert_int_equal(a->done[i], i < jobs);
}

static void every_job_is_done_once(void **state)
{
	(void)state;
	for (unsigned jobs = 1; jobs <= JOBS; jobs++) {
		struct account a = {.caller = pthread_self()};
		struct flist_threads threads = {.jobs = jobs, .started = started, .arg = &a};
		assert_int_equal(flist_jobs(&threads), jobs);
		assert_int_equal(flist_threads_run(&threads, jobs, job, &a), 0);
		all_done(&a, jobs);
		for (unsigned i = 0; i < MADE_MAX; i++)
			assert_int_equal(a.started[i], i > 0 && i < jobs);
		assert_int_equal(a.unmasked, 0);
		assert_int_equal(a.deaf, 0);
		assert_false(blocks(SIGINT));
	}
}

static void one_job_makes_no_thread(void **state)
{
	struct account a = {.caller = pthread_self()};
	(void)state;
	assert_int_equal(flist_threads_run(NULL, 1, job, &a), 0);
	all_done(&a, 1);
	assert_int_equal(a.elsewhere, 0);
	assert_int_equal(flist_threads_run(NULL, 0, job, &a), 0);
	all_done(&a, 1);
}

/* Each job waits for the other: they end only if they are done by two threads. */
static void meet(void *arg, unsigned index)
{
	(void)index;
	pthread_barrier_wait(arg);
}

static void jobs_are_done_at_once(void **state)
{
	pthread_barrier_t barrier;
	(void)state;
	pthread_barrier_init(&barrier, NULL, 4);
	assert_int_equal(flist_threads_run(NULL, 4, meet, &barrier), 0);
	pthread_barrier_destroy(&barrier);
}

static void a_pool_runs_the_jobs(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct account a = {.caller = pthread_self()};
		struct flist_threads threads = {.jobs = 5,
						.run = i ? pool_parallel : pool_sequential};
		assert_int_equal(flist_threads_run(&threads, 5, job, &a), 0);
		all_done(&a, 5);
		assert_int_equal(a.elsewhere, i ? 5 : 0);
		assert_int_equal(a.unmasked, i ? 5 : 0); /* a pool's threads are left alone */
	}
	struct account a = {.caller = pthread_self()};
	struct flist_threads threads = {.run = pool_refusing};
	assert_int_equal(flist_threads_run(&threads, 5, job, &a), -EAGAIN);
	all_done(&a, 0);
}

static void cpus_are_those_allowed(void **state)
{
	(void)state;
	assert_true(flist_cpus(NULL) >= 1);
#if defined(FLIST_PORTABLE) || !defined(CPU_COUNT)
	skip_because("the portable build asks sysconf, which knows nothing of what is allowed");
#else
	cpu_set_t all, one;
	size_t first = 0;
	if (sched_getaffinity(0, sizeof(all), &all))
		skip_because("more CPUs than a cpu_set_t holds");
	assert_int_equal(flist_cpus(NULL), CPU_COUNT(&all));
	while (!CPU_ISSET(first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET(first, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(flist_cpus(NULL), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
#endif
}

/* Callbacks may be called by so many; a pool is given one for each CPU. */
static void jobs_are_the_most_that_there_can_be(void **state)
{
	const struct flist_threads few = {.most = 5}, given = {.jobs = 3, .most = 5},
				   pool = {.run = pool_parallel, .cpus = 7};
	(void)state;
	assert_int_equal(flist_jobs(NULL), 128);
	assert_int_equal(flist_jobs(&few), 5);
	assert_int_equal(flist_jobs(&given), 3);
	assert_int_equal(flist_jobs(&pool), 7);
}

struct crowd {
	struct flist_crew *crew;
	struct account account;
	_Atomic unsigned had;
};

/* The first has others join it, twice; they do what there is to do and go. */
static void gather(void *arg, unsigned index)
{
	struct crowd *crowd = arg;
	job(&crowd->account, index);
	if (index > 0)
		return;
	assert_int_equal(flist_crew_grow(crowd->crew, 4), 4);
	assert_int_equal(flist_crew_grow(crowd->crew, 3), 4);
	atomic_store(&crowd->had, flist_crew_grow(crowd->crew, 100));
}

static void a_crew_grows_while_it_works(void **state)
{
	struct crowd crowd = {.account.caller = pthread_self()};
	struct flist_threads threads = {.started = started, .arg = &crowd.account};
	(void)state;
	crowd.crew = flist_crew_new(&threads, 9);
	assert_non_null(crowd.crew);
	flist_crew_run(crowd.crew, gather, &crowd);
	assert_int_equal(crowd.had, 9);
	all_done(&crowd.account, 9);
	assert_int_equal(crowd.account.elsewhere, 8);
	assert_int_equal(crowd.account.unmasked, 0);
	for (unsigned i = 0; i < MADE_MAX; i++)
		assert_int_equal(crowd.account.started[i], i > 0 && i < 9);
	flist_crew_free(crowd.crew);
}

struct descriptors {
	pthread_t caller;
	pthread_barrier_t *barrier;
	_Atomic int opened;
};

static void open_elsewhere(void *arg, unsigned index)
{
	struct descriptors *d = arg;
	(void)index;
	if (!pthread_equal(pthread_self(), d->caller))
		atomic_store(&d->opened, open("/", O_RDONLY | O_CLOEXEC));
	pthread_barrier_wait(d->barrier);
}

static void threads_have_descriptors_of_their_own(void **state)
{
	struct descriptors d = {.caller = pthread_self(), .opened = -1};
	pthread_barrier_t barrier;
	(void)state;
#if defined(FLIST_PORTABLE) || defined(__SANITIZE_THREAD__)
	skip_because("this build leaves the descriptor table shared");
#endif
	d.barrier = &barrier;
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(flist_threads_run(NULL, 2, open_elsewhere, &d), 0);
	pthread_barrier_destroy(&barrier);
	assert_true(d.opened >= 0);
	assert_int_equal(fcntl(d.opened, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_job_is_done_once),
		cmocka_unit_test(one_job_makes_no_thread),
		cmocka_unit_test(jobs_are_done_at_once),
		cmocka_unit_test(a_pool_runs_the_jobs),
		cmocka_unit_test(cpus_are_those_allowed),
		cmocka_unit_test(jobs_are_the_most_that_there_can_be),
		cmocka_unit_test(a_crew_grows_while_it_works),
		cmocka_unit_test(threads_have_descriptors_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
