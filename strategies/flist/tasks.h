/*
 * Distributes tasks among the jobs of a walk. Each job has a stack of its own, so that it continues
 * near the directory that it has just read, which is still in the kernel's caches. A job without
 * tasks takes the oldest task of another job, which is nearest to the root and so likely has the
 * most below it. If there is none, it waits; when the last task is done, all jobs are woken. A job
 * waits only for jobs that have begun, never for one that has not.
 */
#ifndef FLIST_TASKS_H
#define FLIST_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member of the struct that describes the task. */
struct flist_task {
	struct flist_task *older, *newer;
	int kind; /* for the caller */
};

struct flist_tasks;

/*
 * Makes the stacks of jobs 0 to jobs - 1, of which the first `active` may take tasks. oldest_first:
 * a job takes the oldest, not the newest, of its own tasks. NULL: out of memory.
 */
struct flist_tasks *flist_tasks_new(unsigned jobs, unsigned active, bool oldest_first);
void flist_tasks_free(struct flist_tasks *tasks); /* accepts NULL; does not free tasks */

/*
 * Adds n tasks to the stack of a job. They are linked by older, the newest first: the job takes
 * that one first, or with oldest_first last.
 */
void flist_tasks_add(struct flist_tasks *tasks, unsigned job, struct flist_task *newest,
		     unsigned n);

/*
 * Takes a task for this job, and waits for one if necessary. NULL: there will be none any more.
 * After each task flist_tasks_done has to be called.
 */
struct flist_task *flist_tasks_take(struct flist_tasks *tasks, unsigned job);
void flist_tasks_done(struct flist_tasks *tasks);

/*
 * Sets the number of jobs that may take tasks, at least 1. Jobs 0 to active - 1 take tasks, also
 * from the stacks of the others; the others wait. flist_tasks_rests returns whether a job is one of
 * the latter.
 */
void flist_tasks_limit(struct flist_tasks *tasks, unsigned active);
bool flist_tasks_rests(const struct flist_tasks *tasks, unsigned job);

/* Whether a job that may take tasks is waiting for one. */
bool flist_tasks_are_short(const struct flist_tasks *tasks);

/*
 * Returns how many more jobs could take a task now: the number of tasks that no job has taken, less
 * that of the jobs that look for one.
 */
size_t flist_tasks_waiting(const struct flist_tasks *tasks);

/* Ends the work: no job gets another task. */
void flist_tasks_stop(struct flist_tasks *tasks);

/* Returns a task that no job took; called when all jobs have ended. NULL: none. */
struct flist_task *flist_tasks_left(struct flist_tasks *tasks);

#endif
