/* Workers lent to one of them: who does what, how often, and that waiting costs nothing. */
#include "engine/measure/pass/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "engine/base/util.h"
#include "engine/measure/pass/crew.h"
#include "tests/test.h"

enum { WORKERS = 5 };

struct fixture {
	struct topology *topology;
	struct crew *crew;
	struct pool *pool;
	int anywhere[WORKERS];
};

/* Each worker counts in its own place; worker 0 looks when pool_run has returned. */
struct job {
	struct pool *pool;
	unsigned (*run)(struct job *job); /* on worker 0; returns how many things are wrong */
	unsigned calls[WORKERS], wrong;
	pthread_t threads[WORKERS];
	struct rusage before[WORKERS], after[WORKERS];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f || topology_open(&f->topology, NULL, NULL))
		return -1;
	memset(f->anywhere, -1, sizeof(f->anywhere));
	f->pool = pool_new(WORKERS, false);
	return f->pool ? crew_new(&f->crew, WORKERS, f->topology, NULL) : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	crew_free(f->crew);
	pool_free(f->pool);
	topology_close(f->topology);
	free(f);
	return 0;
}

static void member(void *arg, unsigned index)
{
	struct job *job = arg;
	job->threads[index] = pthread_self();
	getrusage(RUSAGE_THREAD, &job->before[index]);
	if (index) {
		pool_help(job->pool, index);
	} else {
		job->wrong = job->run(job);
		pool_dismiss(job->pool);
	}
	getrusage(RUSAGE_THREAD, &job->after[index]);
}

/* One pass. */
static void pass(struct fixture *f, struct job *job, unsigned (*run)(struct job *job))
{
	job->pool = f->pool;
	job->run = run;
	pool_open(f->pool);
	assert_int_equal(crew_run(f->crew, WORKERS, f->anywhere, member, job), 0);
	assert_int_equal(job->wrong, 0);
}

static void count(void *arg, unsigned index)
{
	struct job *job = arg;
	job->calls[index] += pthread_equal(job->threads[index], pthread_self()) ? 1 : 1000;
}

/* Jobs of all sizes right behind each other, some of which most workers sleep through. */
static unsigned run_many(struct job *job)
{
	enum { JOBS = 500 };
	unsigned wanted[WORKERS] = {0}, wrong = 0;
	for (unsigned k = 0; k < JOBS; k++) {
		unsigned n = k * 7 % (WORKERS + 1);
		wrong += pool_run(job->pool, n, count, job) != 0;
		for (unsigned i = 0; i < WORKERS; i++) {
			wanted[i] += i < n;
			wrong += job->calls[i] != wanted[i];
		}
	}
	return wrong;
}

static void each_job_is_done_once_by_its_worker(void **state)
{
	struct job job = {0};
	pass(*state, &job, run_many);
}

static void passes_follow_each_other(void **state)
{
	for (int i = 0; i < 10; i++) {
		struct job job = {0};
		pass(*state, &job, run_many);
	}
}

static unsigned run_too_many(struct job *job)
{
	unsigned wrong = pool_run(job->pool, WORKERS + 1, count, job) != -EINVAL;
	for (unsigned i = 0; i < WORKERS; i++)
		wrong += job->calls[i];
	return wrong;
}

static void more_jobs_than_workers_are_refused(void **state)
{
	struct job job = {0};
	pass(*state, &job, run_too_many);
}

/* All at once: each waits for all others to have come. */
static void meet(void *arg, unsigned index)
{
	_Atomic unsigned *come = arg;
	(void)index;
	atomic_fetch_add(come, 1);
	while (atomic_load(come) % WORKERS)
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

static unsigned run_meeting(struct job *job)
{
	_Atomic unsigned come = 0;
	pool_run(job->pool, WORKERS, meet, &come);
	return atomic_load(&come) != WORKERS;
}

static void a_job_runs_on_all_at_once(void **state)
{
	struct job job = {0};
	pass(*state, &job, run_meeting);
}

static void nap(void *arg, unsigned index)
{
	struct job *job = arg;
	job->calls[index]++;
	if (index == 0 || index == 1)
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* A sequential part of 100 ms, and 50 ms in which two workers are waited for. */
static unsigned run_alone(struct job *job)
{
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	pool_run(job->pool, WORKERS, nap, job);
	return job->calls[WORKERS - 1] != 1;
}

static uint64_t cpu_us(const struct rusage *r)
{
	return (uint64_t)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(r->ru_utime.tv_usec + r->ru_stime.tv_usec);
}

/*
 * Time that a hypervisor gave to others can be on the account of whoever was about to sleep, and
 * who comes late has nothing left to wait for.
 */
static void a_waiting_worker_sleeps(void **state)
{
	uint64_t most = UINT64_MAX;
	bool slept = false;
	for (int tries = 0; tries < 10 && (most > 50000 || !slept); tries++) {
		struct job job = {0};
		most = 0;
		slept = true;
		pass(*state, &job, run_alone);
		for (unsigned i = 0; i < WORKERS; i++) {
			most = MAX(most, cpu_us(&job.after[i]) - cpu_us(&job.before[i]));
			slept &= job.after[i].ru_nvcsw > job.before[i].ru_nvcsw;
		}
	}
	assert_in_range(most, 0, 50000);
	assert_true(slept);
}

static void free_accepts_null(void **state)
{
	(void)state;
	pool_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_job_is_done_once_by_its_worker),
		TEST(passes_follow_each_other),
		TEST(more_jobs_than_workers_are_refused),
		TEST(a_job_runs_on_all_at_once),
		TEST(a_waiting_worker_sleeps),
		TEST(free_accepts_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
