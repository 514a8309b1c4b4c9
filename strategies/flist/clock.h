/* The clocks and counters with which the library measures how long calls take. */
#ifndef FLIST_CLOCK_H
#define FLIST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

static inline uint64_t flist_clock_of(clockid_t id)
{
	(void)id; /* a test may replace clock_gettime */
	struct timespec now = {0};
	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline uint64_t flist_clock(void)
{
	return flist_clock_of(CLOCK_MONOTONIC);
}

/* Fetches what the calling thread has used. false: the system does not count that. */
static inline bool flist_thread_usage(struct rusage *usage)
{
#if !defined(FLIST_PORTABLE) && defined(RUSAGE_THREAD)
	return getrusage(RUSAGE_THREAD, usage) == 0;
#else
	(void)usage;
	return false;
#endif
}

/*
 * The number of times that the calling thread has waited for something other than a CPU; only the
 * difference of two values has a meaning. If the system does not count this, the clock is returned,
 * as if the thread had waited all the time.
 */
static inline uint64_t flist_wait_count(void)
{
	struct rusage usage;
	return flist_thread_usage(&usage) ? (uint64_t)usage.ru_nvcsw : flist_clock();
}

/*
 * The number of blocks, of 512 bytes, that the calling thread has had read from devices; only the
 * difference of two values has a meaning. 0: the system does not count this.
 */
static inline uint64_t flist_blocks_read(void)
{
	struct rusage usage;
	return flist_thread_usage(&usage) ? (uint64_t)usage.ru_inblock : 0;
}

/* The CPU time that the calling thread has used, ns. */
static inline uint64_t flist_cpu_clock(void)
{
	return flist_clock_of(CLOCK_THREAD_CPUTIME_ID);
}

#endif
