/*
 * The tasks that the jobs of a walk share. Each job has a stack of its own, so that it continues
 * near the directory it has just read, where the kernel's caches are hot. A job without tasks takes
 * the oldest task of another job, which is nearest to the root and so has the most below it. If
 * there is none it waits; when the last task is done all are woken. A job waits for running ones
 * only, never for one that has yet to begin.
 */
#ifndef FLIST_TASKS_H
#define FLIST_TASKS_H

#include <stdbool.h>
#include <stdint.h>

/* Lies inside of what is to be done. */
struct flist_task {
	struct flist_task *older, *newer;
	int kind; /* the owner's */
};

struct flist_tasks;

/*
 * For jobs 0 .. jobs - 1, of which the first `active` may take tasks. oldest_first: a job takes the
 * oldest of its own tasks, too. NULL: out of memory.
 */
struct flist_tasks *flist_tasks_new(unsigned jobs, unsigned active, bool oldest_first);
void flist_tasks_free(struct flist_tasks *tasks); /* accepts NULL; those left are forgotten */

/* Adds n tasks linked by older, the one to be done first in front. */
void flist_tasks_add(struct flist_tasks *tasks, unsigned job, struct flist_task *newest,
		     unsigned n);

/* The next for this job; NULL: there will be none any more. Each is ended by flist_tasks_done. */
struct flist_task *flist_tasks_take(struct flist_tasks *tasks, unsigned job);
void flist_tasks_done(struct flist_tasks *tasks);

/* From now on jobs 0 .. active - 1 take tasks, and the others rest, at least 1; also of others. */
void flist_tasks_limit(struct flist_tasks *tasks, unsigned active);
bool flist_tasks_rests(const struct flist_tasks *tasks, unsigned job);

/* Whether a job that may take tasks has found none for a while. */
bool flist_tasks_are_short(const struct flist_tasks *tasks);

/* No job gets another task. */
void flist_tasks_stop(struct flist_tasks *tasks);

/* A task that no job took, when all jobs have ended; NULL: none. */
struct flist_task *flist_tasks_left(struct flist_tasks *tasks);

#endif
