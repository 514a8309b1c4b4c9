/* The clocks by which the library finds out how long calls take. */
#ifndef FLIST_CLOCK_H
#define FLIST_CLOCK_H

#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

static inline uint64_t flist_clock_of(clockid_t id)
{
	(void)id; /* a test may have a clock of its own */
	struct timespec now = {0};
	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t flist_clock(void)
{
	return flist_clock_of(CLOCK_MONOTONIC);
}

/*
 * How often the calling thread has waited for something else than a CPU: a number to compare with a
 * later one. Where that is not told it may have been at any time.
 */
static inline uint64_t flist_wait_count(void)
{
#if !defined(FLIST_PORTABLE) && defined(RUSAGE_THREAD)
	struct rusage usage;
	if (getrusage(RUSAGE_THREAD, &usage) == 0)
		return (uint64_t)usage.ru_nvcsw;
#endif
	return flist_clock();
}

/* What the calling thread has used. */
static inline uint64_t flist_cpu_clock(void)
{
	return flist_clock_of(CLOCK_THREAD_CPUTIME_ID);
}

#endif
