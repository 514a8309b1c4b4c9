#include "strategies/flist/tasks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	CACHE_LINE = 64,
	SEARCHES = 4000, /* number of stacks searched before a job sleeps: some microseconds */
};

struct stack {
	pthread_mutex_t lock;
	struct flist_task *newest, *oldest;
	_Atomic uint32_t n;
} __attribute__((aligned(CACHE_LINE)));

struct flist_tasks {
	_Atomic uint64_t open; /* number of tasks that are not done */
	_Atomic bool over;
	_Atomic unsigned seekers;  /* number of jobs that found no task and look for one, */
	_Atomic unsigned sleepers; /* and of those that sleep */
	_Atomic unsigned active;   /* number of jobs that may take tasks, */
	_Atomic unsigned used;     /* and its maximum so far: other jobs have no tasks */
	pthread_mutex_t lock;      /* held to sleep and to wake */
	pthread_cond_t wake, work_again;
	bool oldest_first;
	struct stack stacks[]; /* by job; of the first `used` */
};

/* Makes the stacks of more jobs, before any job may look at them. */
static void make_stacks(struct flist_tasks *tasks, unsigned used)
{
	for (unsigned i = atomic_load(&tasks->used); i < used; i++) {
		tasks->stacks[i] = (struct stack){.newest = NULL};
		pthread_mutex_init(&tasks->stacks[i].lock, NULL);
	}
	atomic_store(&tasks->used, used);
}

struct flist_tasks *flist_tasks_new(unsigned jobs, unsigned active, bool oldest_first)
{
	const size_t size = sizeof(struct flist_tasks) + jobs * sizeof(struct stack);
	struct flist_tasks *t =
		aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
	if (!t)
		return NULL;
	memset(t, 0, sizeof(*t)); /* with few jobs, the stacks of the others are never touched */
	t->oldest_first = oldest_first;
	atomic_init(&t->active, active);
	make_stacks(t, active);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	pthread_cond_init(&t->work_again, NULL);
	return t;
}

void flist_tasks_free(struct flist_tasks *tasks)
{
	if (!tasks)
		return;
	for (unsigned i = 0; i < tasks->used; i++)
		pthread_mutex_destroy(&tasks->stacks[i].lock);
	pthread_cond_destroy(&tasks->work_again);
	pthread_cond_destroy(&tasks->wake);
	pthread_mutex_destroy(&tasks->lock);
	free(tasks);
}

static void wake(struct flist_tasks *tasks, bool all)
{
	pthread_mutex_lock(&tasks->lock);
	if (all)
		pthread_cond_broadcast(&tasks->wake);
	else
		pthread_cond_signal(&tasks->wake);
	pthread_mutex_unlock(&tasks->lock);
}

void flist_tasks_add(struct flist_tasks *tasks, unsigned job, struct flist_task *newest, unsigned n)
{
	struct stack *s = &tasks->stacks[job];
	struct flist_task *last = newest;
	newest->newer = NULL;
	for (; last->older; last = last->older)
		last->older->newer = last;
	atomic_fetch_add(&tasks->open, n);
	pthread_mutex_lock(&s->lock);
	last->older = s->newest;
	if (s->newest)
		s->newest->newer = last;
	else
		s->oldest = last;
	s->newest = newest;
	/*
	 * Before `sleepers` is read. A job that goes to sleep does both in the reverse order, so no
	 * wakeup is lost.
	 */
	atomic_fetch_add(&s->n, n);
	pthread_mutex_unlock(&s->lock);
	if (atomic_load(&tasks->sleepers))
		wake(tasks, n > 1);
}

static struct flist_task *unlink_newest(struct stack *s)
{
	struct flist_task *task = s->newest;
	s->newest = task->older;
	if (s->newest)
		s->newest->newer = NULL;
	else
		s->oldest = NULL;
	return task;
}

static struct flist_task *unlink_oldest(struct stack *s)
{
	struct flist_task *task = s->oldest;
	s->oldest = task->newer;
	if (s->oldest)
		s->oldest->older = NULL;
	else
		s->newest = NULL;
	return task;
}

static struct flist_task *take_from(struct stack *s, bool newest)
{
	struct flist_task *task = NULL;
	if (!atomic_load(&s->n))
		return NULL;
	pthread_mutex_lock(&s->lock);
	if (s->newest) {
		task = newest ? unlink_newest(s) : unlink_oldest(s);
		atomic_fetch_sub(&s->n, 1);
	}
	pthread_mutex_unlock(&s->lock);
	return task;
}

static struct flist_task *find_task(struct flist_tasks *tasks, unsigned job)
{
	/* With make_stacks: a stack is made before another job looks at it. */
	const unsigned used = atomic_load_explicit(&tasks->used, memory_order_acquire);
	struct flist_task *task = take_from(&tasks->stacks[job], !tasks->oldest_first);
	for (unsigned i = 1; i < used && !task; i++)
		task = take_from(&tasks->stacks[(job + i) % used], false);
	return task;
}

static struct flist_task *sleep_till_found(struct flist_tasks *tasks, unsigned job)
{
	struct flist_task *task = NULL;
	pthread_mutex_lock(&tasks->lock);
	atomic_fetch_add(&tasks->sleepers, 1);
	while (!atomic_load(&tasks->over) && !flist_tasks_rests(tasks, job) &&
	       !(task = find_task(tasks, job)))
		pthread_cond_wait(&tasks->wake, &tasks->lock);
	atomic_fetch_sub(&tasks->sleepers, 1);
	pthread_mutex_unlock(&tasks->lock);
	return task;
}

bool flist_tasks_rests(const struct flist_tasks *tasks, unsigned job)
{
	return job >= atomic_load_explicit(&tasks->active, memory_order_relaxed);
}

bool flist_tasks_are_short(const struct flist_tasks *tasks)
{
	return atomic_load_explicit(&tasks->sleepers, memory_order_relaxed) > 0;
}

size_t flist_tasks_waiting(const struct flist_tasks *tasks)
{
	const size_t seekers = atomic_load_explicit(&tasks->seekers, memory_order_relaxed);
	const unsigned used = atomic_load_explicit(&tasks->used, memory_order_relaxed);
	size_t n = 0;
	for (unsigned i = 0; i < used; i++)
		n += atomic_load_explicit(&tasks->stacks[i].n, memory_order_relaxed);
	return n > seekers ? n - seekers : 0;
}

static void rest(struct flist_tasks *tasks, unsigned job)
{
	pthread_mutex_lock(&tasks->lock);
	while (!atomic_load(&tasks->over) && flist_tasks_rests(tasks, job))
		pthread_cond_wait(&tasks->work_again, &tasks->lock);
	pthread_mutex_unlock(&tasks->lock);
}

/* Looks for a task until there is one, this job has to rest, or the work is over. */
static struct flist_task *seek(struct flist_tasks *tasks, unsigned job)
{
	const int used = (int)atomic_load_explicit(&tasks->used, memory_order_relaxed);
	struct flist_task *task = NULL;
	atomic_fetch_add(&tasks->seekers, 1);
	for (int searches = used; searches < SEARCHES && !task && !atomic_load(&tasks->over);
	     searches += used)
		task = find_task(tasks, job);
	if (!task)
		task = sleep_till_found(tasks, job);
	atomic_fetch_sub(&tasks->seekers, 1);
	return task;
}

struct flist_task *flist_tasks_take(struct flist_tasks *tasks, unsigned job)
{
	struct flist_task *task = NULL;
	while (!task && !atomic_load(&tasks->over)) {
		if (flist_tasks_rests(tasks, job))
			rest(tasks, job);
		if (!atomic_load(&tasks->over))
			task = find_task(tasks, job);
		if (!task)
			task = seek(tasks, job);
	}
	return task;
}

void flist_tasks_limit(struct flist_tasks *tasks, unsigned active)
{
	pthread_mutex_lock(&tasks->lock);
	if (active > atomic_load(&tasks->used))
		make_stacks(tasks, active);
	atomic_store(&tasks->active, active);
	pthread_cond_broadcast(&tasks->work_again);
	pthread_cond_broadcast(&tasks->wake); /* some of them may now be over the limit */
	pthread_mutex_unlock(&tasks->lock);
}

void flist_tasks_done(struct flist_tasks *tasks)
{
	if (atomic_fetch_sub(&tasks->open, 1) == 1)
		flist_tasks_stop(tasks);
}

void flist_tasks_stop(struct flist_tasks *tasks)
{
	pthread_mutex_lock(&tasks->lock);
	atomic_store(&tasks->over, true);
	pthread_cond_broadcast(&tasks->wake);
	pthread_cond_broadcast(&tasks->work_again);
	pthread_mutex_unlock(&tasks->lock);
}

struct flist_task *flist_tasks_left(struct flist_tasks *tasks)
{
	return find_task(tasks, 0);
}
