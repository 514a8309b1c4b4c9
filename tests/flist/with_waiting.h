/*
 * A clock for a test that the library's sources are compiled into: by it every call waits, or none
 * does. Include what the test itself needs the clock for before; defines clock_gettime.
 */
#ifndef TESTS_FLIST_WITH_WAITING_H
#define TESTS_FLIST_WITH_WAITING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <time.h>

static _Atomic bool calls_wait;
static _Atomic long waiting_seconds;

static int waiting_clock(clockid_t id, struct timespec *now)
{
	if (id == CLOCK_THREAD_CPUTIME_ID) { /* who waits uses none */
		*now = (struct timespec){0};
		return 0;
	}
	const long step = atomic_load(&calls_wait) ? 1 : 0; /* s, at every look */
	*now = (struct timespec){.tv_sec = atomic_fetch_add(&waiting_seconds, step)};
	return 0;
}

/* As often as somebody asks, unless it is a CPU that is waited for. */
static _Atomic bool cpu_is_missing;
static _Atomic long times_waited;

static inline int waiting_usage(struct rusage *usage)
{
	const long step = atomic_load(&calls_wait) && !atomic_load(&cpu_is_missing);
	*usage = (struct rusage){.ru_nvcsw = atomic_fetch_add(&times_waited, step)};
	return 0;
}

#define getrusage(who, usage)  waiting_usage(usage)
#define clock_gettime(id, now) waiting_clock(id, now)

#endif
