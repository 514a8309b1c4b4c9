/*
 * Runs a job on the threads that a caller wants. Jobs never wait for each other to begin, so it
 * does not matter whether a pool runs them at once or one after the other.
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
#define flist_are_known(options) (flist_is_known(options) && flist_is_known(&(options)->threads))

#endif
