/*
 * Runs jobs on threads of the library, or on a pool of the caller. No job waits for another one to
 * begin, so a pool may run them concurrently or one after the other.
 */
#ifndef FLIST_THREADS_H
#define FLIST_THREADS_H

#include <stdbool.h>

#include "strategies/flist/flist.h"

/*
 * Calls job(arg, i) for each i below jobs, and returns when all have returned. The calling thread
 * works, too, next to up to jobs - 1 others; if fewer can be started, these run all jobs. threads
 * may be NULL, which means all fields 0. 0, or the error of the caller's pool.
 */
int flist_threads_run(const struct flist_threads *threads, unsigned jobs, flist_job *job,
		      void *arg);

/* The number of CPUs that the threads may use. threads may be NULL. */
unsigned flist_cpus(const struct flist_threads *threads);

/*
 * Whether the library chooses the number of jobs: the caller has given neither a number nor a pool.
 * threads may be NULL.
 */
bool flist_is_adaptive(const struct flist_threads *threads);

/* A group of jobs that can grow while they run. */
struct flist_crew;

/*
 * Makes a crew of up to `most` jobs (at least 1). threads stay the caller's; NULL means all fields
 * 0. NULL: out of memory.
 */
struct flist_crew *flist_crew_new(const struct flist_threads *threads, unsigned most);
void flist_crew_free(struct flist_crew *crew); /* accepts NULL */

/*
 * Calls job(arg, 0) on the calling thread. Returns when it and all jobs that joined it have ended.
 */
void flist_crew_run(struct flist_crew *crew, flist_job *job, void *arg);

/*
 * For work that the calling thread does in many calls, as job 0. Between the two functions
 * flist_crew_grow can start other jobs; flist_crew_end waits until they have ended. Their threads
 * share the descriptor table of the process: with copies of it, files that the program closes
 * between its calls would stay open.
 */
void flist_crew_begin(struct flist_crew *crew, flist_job *job, void *arg);
void flist_crew_end(struct flist_crew *crew);

/*
 * Called by one of the jobs: starts threads until there are `jobs` jobs. Returns the number that
 * there are; it is smaller if no more threads can be started.
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
 * flist_is_known: whether the reserved fields of a struct of options are 0, so that it uses no
 * option of a later version. flist_are_known: the same for a struct that contains a struct
 * flist_threads.
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
