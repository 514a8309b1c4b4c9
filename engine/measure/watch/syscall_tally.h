/*
 * Counts a thread's system calls by name in the kernel, for strategies that cannot count theirs
 * because a library makes them. That needs root and a mounted tracefs: perf events, one for each
 * call, all on the one tracepoint that every system call passes, with a filter by its number. With
 * one tracepoint for each call, closing would take twenty times as long: the kernel waits 20 ms
 * when it removes one. Counting slows down every call, so it is for passes whose time does not
 * count.
 */
#ifndef ENGINE_MEASURE_WATCH_SYSCALL_TALLY_H
#define ENGINE_MEASURE_WATCH_SYSCALL_TALLY_H

#include <stdint.h>

#include "engine/strategy.h"

/* Returns the id of the tracepoint. 0: calls cannot be counted here. */
uint64_t syscall_tally_find(void);

/* The counters of one thread. Zeroed: none. */
struct syscall_tally {
	int fds[SYSCALL_KINDS]; /* -1: not counted */
	int leader;             /* of the group */
	int error;              /* -errno: nothing is counted; 0: none */
};

/* For the calling thread, which also starts, stops and closes it. */
void syscall_tally_open(struct syscall_tally *tally, uint64_t tracepoint);
void syscall_tally_start(const struct syscall_tally *tally);

/*
 * Stops, adds the calls made since the start to counts, and closes. 0, or the -errno with which
 * nothing was counted.
 */
int syscall_tally_close(struct syscall_tally *tally, uint64_t counts[SYSCALL_KINDS]);

#endif
