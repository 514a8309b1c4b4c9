/*
 * The resources that a pass used, as the kernel counts them. Each worker reads the counts of its
 * own thread just before and just after the timed region; the differences of all workers add up to
 * those of the pass. Reads from storage and io_uring's own threads are counted for the whole
 * process.
 */
#ifndef ENGINE_MEASURE_WATCH_USAGE_H
#define ENGINE_MEASURE_WATCH_USAGE_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "engine/measure/watch/counters.h"
#include "engine/result.h"

/* What a thread has used so far. */
struct usage {
	struct rusage rusage;
	uint64_t run_delay_ns, migrations; /* COUNT_UNKNOWN: the kernel does not tell */
	struct counts counts;
};

/* Of the calling thread. counters: its own, or NULL. */
void usage_look(struct usage *usage, const struct counters *counters);

/* Of all threads of the process, also of those that have ended; only the delay is the caller's. */
void usage_look_process(struct usage *usage);

/* Adds to the pass what one worker used up between two looks. */
void usage_add(struct pass *pass, const struct usage *before, const struct usage *after,
	       const struct counters *counters);

/* The whole process. */
struct usage_all {
	uint64_t read_bytes; /* fetched from storage; COUNT_UNKNOWN: the kernel does not tell */
	uint32_t threads;
	struct io_worker *io_workers; /* of them, io_uring's, each with its CPU time so far */
	size_t n_io_workers, room_io_workers;
};

void usage_look_all(struct usage_all *usage);
void usage_release_all(struct usage_all *usage);

/*
 * Counts those threads of io_uring that worked in between and belong to one of the n workers, by
 * their thread ids. In a namespace of processes the kernel's names of its threads tell other
 * numbers than ours; then all that worked count. Where it is not known which of them worked, all of
 * them count, and their CPU time is COUNT_UNKNOWN. One that ended in between, after five seconds
 * without work, is not seen.
 */
void usage_add_all(struct pass *pass, const struct usage_all *before, const struct usage_all *after,
		   const pid_t *workers, unsigned n);

#endif
