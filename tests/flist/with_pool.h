/* A caller's pool for what libflist does in parallel: jobs at once, or one after the other. */
#ifndef TESTS_FLIST_WITH_POOL_H
#define TESTS_FLIST_WITH_POOL_H

#include "strategies/flist/flist.h"

/* For struct flist_threads: run, with arg NULL. The last refuses with -EAGAIN. */
int pool_parallel(void *arg, unsigned jobs, flist_job *job, void *job_arg);
int pool_sequential(void *arg, unsigned jobs, flist_job *job, void *job_arg); /* backwards */
int pool_refusing(void *arg, unsigned jobs, flist_job *job, void *job_arg);

#endif
