/*
 * The resources that a pass used, as counted by the kernel. Each worker reads the counts of its own
 * thread directly before and after the timed region; the differences of all workers are added up.
 * Reads from storage and io_uring's own threads are counted for the whole process.
 */
#ifndef ENGINE_MEASURE_WATCH_USAGE_H
#define ENGINE_MEASURE_WATCH_USAGE_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "engine/measure/watch/counters.h"
#include "engine/result.h"

/* The resources used by a thread so far. */
struct usage {
	struct rusage rusage;
	uint64_t run_delay_ns, migrations; /* COUNT_UNKNOWN: not available */
	struct counts counts;
};

/* Reads those of the calling thread. counters: the thread's own, or NULL. */
void usage_read(struct usage *usage, const struct counters *counters);

/*
 * Reads those of all threads of the process, including ended ones; run_delay_ns only of the calling
 * thread.
 */
void usage_read_process(struct usage *usage);

/* Adds the difference of two readings of one worker to the pass. */
void usage_add(struct pass *pass, const struct usage *before, const struct usage *after,
	       const struct counters *counters);

/* The whole process. */
struct usage_all {
	uint64_t read_bytes; /* read from storage; COUNT_UNKNOWN: not available */
	uint32_t threads;
	struct io_worker *io_workers; /* those of io_uring, each with its CPU time so far */
	size_t n_io_workers, room_io_workers;
};

void usage_read_all(struct usage_all *usage);
void usage_release_all(struct usage_all *usage);

/*
 * Adds the threads of io_uring that worked between two readings and belong to one of the n workers,
 * given by thread ids. In a PID namespace the names of the kernel's threads have other numbers;
 * then all threads that worked count. If it is not known which of them worked, all of them count,
 * and their CPU time is COUNT_UNKNOWN. A thread that ended in between (after five seconds without
 * work) is not counted.
 */
void usage_add_all(struct pass *pass, const struct usage_all *before, const struct usage_all *after,
		   const pid_t *workers, unsigned n);

#endif
