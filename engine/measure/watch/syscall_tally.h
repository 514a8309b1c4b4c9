/*
 * Counts a thread's system calls by name in the kernel, for strategies that cannot count theirs
 * because a library makes them: perf events on the tracepoints of system calls, which need root and
 * a mounted tracefs. It slows down every call, so it is for passes whose time does not count.
 */
#ifndef ENGINE_MEASURE_WATCH_SYSCALL_TALLY_H
#define ENGINE_MEASURE_WATCH_SYSCALL_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/strategy.h"

/* The ids of the calls' tracepoints in this kernel; 0: it has no such call. */
struct syscall_tally_calls {
	uint64_t tracepoints[SYSCALL_KINDS];
};

/* False: calls cannot be counted here. */
bool syscall_tally_find(struct syscall_tally_calls *calls);

/* The counters of one thread. Zeroed: none. */
struct syscall_tally {
	int fds[SYSCALL_KINDS]; /* -1: not counted */
	int leader;             /* of the group */
	int error;              /* -errno: nothing is counted; 0: none */
};

/* For the calling thread, which also starts, stops and closes it. */
void syscall_tally_open(struct syscall_tally *syscall_tally,
			const struct syscall_tally_calls *calls);
void syscall_tally_start(const struct syscall_tally *syscall_tally);

/*
 * Stops, adds the calls made since the start to counts, and closes. 0, or the -errno with which
 * nothing was counted.
 */
int syscall_tally_close(struct syscall_tally *syscall_tally, uint64_t counts[SYSCALL_KINDS]);

#endif
