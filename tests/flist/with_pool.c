#include "tests/flist/with_pool.h"

#include <errno.h>
#include <pthread.h>

#include "tests/test.h"

enum { JOBS_MAX = 16 };

struct task {
	flist_job *job;
	void *arg;
	unsigned index;
};

static void *do_task(void *arg)
{
	const struct task *task = arg;
	task->job(task->arg, task->index);
	return NULL;
}

int pool_parallel(void *arg, unsigned jobs, flist_job *job, void *job_arg)
{
	struct task tasks[JOBS_MAX];
	pthread_t threads[JOBS_MAX];
	assert_null(arg);
	assert_in_range(jobs, 1, JOBS_MAX);
	for (unsigned i = 0; i < jobs; i++) {
		tasks[i] = (struct task){job, job_arg, i};
		assert_int_equal(pthread_create(&threads[i], NULL, do_task, &tasks[i]), 0);
	}
	for (unsigned i = 0; i < jobs; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

int pool_sequential(void *arg, unsigned jobs, flist_job *job, void *job_arg)
{
	assert_null(arg);
	while (jobs > 0)
		job(job_arg, --jobs);
	return 0;
}

int pool_refusing(void *arg, unsigned jobs, flist_job *job, void *job_arg)
{
	(void)arg;
	(void)jobs;
	(void)job;
	(void)job_arg;
	return -EAGAIN;
}
