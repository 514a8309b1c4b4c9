/*
 * Runs a job on the threads that a caller wants. Jobs never wait for each other to begin, so it
 * does not matter whether a pool runs them at once or one after the other.
 */
#ifndef FLIST_THREADS_H
#define FLIST_THREADS_H

#include "strategies/flist/flist.h"

/*
 * Calls job(arg, i) for each i below jobs and returns when all are done. The calling thread works
 * too, next to jobs - 1 others; where fewer can be had, those there are do it all. threads may be
 * NULL, which is the same as all zero. 0, or the error of the caller's pool.
 */
int flist_threads_run(const struct flist_threads *threads, unsigned jobs, flist_job *job,
		      void *arg);

#endif
