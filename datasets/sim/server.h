/*
 * The server of a simulated filesystem. Readers take requests, work out the answers at once, and
 * leave them in a heap with the time at which they are due; one thread sends what is due. So any
 * number of requests is under way at the same time, by a handful of threads.
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
 * The latency of each request: drawn from the seed and the request's number, and longer when all
 * servers are busy. A server is represented by the time from which on it is free.
 */

/* What a request takes by itself. Depends on options and number alone. */
uint64_t latency_ns(const struct sim_options *options, uint64_t number);

/* Whether it ends with an error. */
bool latency_errs(const struct sim_options *options, uint64_t number);

/*
 * When a request that comes now and takes ns is done, by the first of n servers to be free: free
 * holds their times, the earliest first (a heap; all zero at the start). n 0: at once.
 */
uint64_t latency_due(uint64_t *free_at, uint32_t n, uint64_t now, uint64_t ns);

/* How getattr of the root is answered: as ever, or to find out how long it takes. */
enum server_trial { TRIAL_NONE, TRIAL_AS_EVER, TRIAL_AT_ONCE };

/* In memory that server and caller share. */
struct server_shared {
	_Atomic uint64_t requests, errors, trials;
	_Atomic uint32_t in_flight, in_flight_max;
	_Atomic int trial; /* enum server_trial; trials count as no requests */
};

/* Serves until the filesystem is unmounted, or the parent dies. For a child that was just forked.
 */
_Noreturn void server_run(const struct fuse *fuse, const struct sim_options *options,
			  const struct shape *shape, struct server_shared *shared, pid_t parent);

#endif
