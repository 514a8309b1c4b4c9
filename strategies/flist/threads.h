/*
 * Runs a job on the library's threads, or on a caller's pool. Jobs never wait for each other to
 * begin, so it does not matter whether a pool runs them at once or one after the other.
 */
#ifndef FLIST_THREADS_H
#define FLIST_THREADS_H

#include <stdbool.h>

#include "strategies/flist/flist.h"

/*
 * Calls job(arg, i) for each i below jobs and returns when all are done. The calling thread works
 * too, next to jobs - 1 others; where fewer can be had, those there are do it all. threads may be
 * NULL, which is the same as all zero. 0, or the error of the caller's pool.
 */
int flist_threads_run(const struct flist_threads *threads, unsigned jobs, flist_job *job,
		      void *arg);

/* How many CPUs there are for them. threads may be NULL. */
unsigned flist_cpus(const struct flist_threads *threads);

/* Whether the number of jobs is to be found out: with threads of the library's own. */
bool flist_is_adaptive(const struct flist_threads *threads);

/* Jobs that become more while they run. */
struct flist_crew;

/* For up to `most` jobs; threads stay the caller's. NULL: out of memory. */
struct flist_crew *flist_crew_new(const struct flist_threads *threads, unsigned most);
void flist_crew_free(struct flist_crew *crew); /* accepts NULL */

/* job(arg, 0) on the calling thread; returns when it and those that joined it have ended. */
void flist_crew_run(struct flist_crew *crew, flist_job *job, void *arg);

/*
 * Where job 0 is what the calling thread does between the two, in many calls: others may join it
 * from now on, and have ended when flist_crew_end returns. They share the process's descriptors:
 * copies of them would stay open for as long as the program goes on between its calls.
 */
void flist_crew_begin(struct flist_crew *crew, flist_job *job, void *arg);
void flist_crew_end(struct flist_crew *crew);

/* From one of the jobs: there shall be so many. How many there are now: fewer if none can be had.
 */
unsigned flist_crew_grow(struct flist_crew *crew, unsigned jobs);

static inline bool flist_is_zero(const uint64_t *reserved, size_t n)
{
	uint64_t any = 0;
	for (size_t i = 0; i < n; i++)
		any |= reserved[i];
	return !any;
}

/*
 * Of a struct of options: whether nothing is asked for that only a later version knows; and of one
 * that has threads.
 */
#define flist_is_known(options)                                                                    \
	flist_is_zero((options)->reserved,                                                         \
		      sizeof((options)->reserved) / sizeof(*(options)->reserved))
#if UINTPTR_MAX == UINT32_MAX
#define flist_threads_are_known(threads) (flist_is_known(threads) && !(threads)->unused)
#else
#define flist_threads_are_known(threads) flist_is_known(threads)
#endif
#define flist_are_known(options)                                                                   \
	(flist_is_known(options) && flist_threads_are_known(&(options)->threads))

#endif
