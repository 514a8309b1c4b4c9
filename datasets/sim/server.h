/*
 * The server of a simulated filesystem. Reader threads receive requests, compute the answers at
 * once, and store them in a heap with the time at which they are due; one thread sends the due
 * answers. So any number of requests can be in flight at the same time, with a few threads.
 */
#ifndef DATASETS_SIM_SERVER_H
#define DATASETS_SIM_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "datasets/shape/shape.h"
#include "datasets/sim/sim.h"
#include "engine/lab/fuse.h"

/*
 * The latency of each request: random, from the seed and the request's number, and longer when all
 * servers are busy. A server is represented by the time at which it becomes free.
 */

/* The duration of a request itself, ns. It depends only on options and number. */
uint64_t latency_ns(const struct sim_options *options, uint64_t number);

/*
 * When a request that arrives now and takes ns is done, by the first of n servers that becomes
 * free. free_at has their times, the earliest first (a heap; all zero at the start). n 0: no
 * request waits for a server.
 */
uint64_t latency_due(uint64_t *free_at, uint32_t n, uint64_t now, uint64_t ns);

/* How getattr of the root is answered: as usual, or in trials as usual or at once. */
enum server_trial { TRIAL_NONE, TRIAL_AS_EVER, TRIAL_AT_ONCE };

/* Memory shared by server and caller. */
struct server_shared {
	_Atomic uint64_t requests, errors, trials;
	_Atomic uint32_t in_flight, in_flight_max;
	_Atomic int trial; /* enum server_trial; trials are not counted as requests */
};

/*
 * Serves until the filesystem is unmounted, or the parent ends. To be called in a child just
 * forked.
 */
_Noreturn void server_run(const struct fuse *fuse, const struct sim_options *options,
			  const struct shape *shape, struct server_shared *shared, pid_t parent);

#endif
