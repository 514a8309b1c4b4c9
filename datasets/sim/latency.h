/*
 * How long each request takes: drawn from the seed and the request's number, and longer when all
 * servers are busy. A server is no more than the time from which on it is free.
 */
#ifndef DATASETS_SIM_LATENCY_H
#define DATASETS_SIM_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "datasets/sim/sim.h"

/* What a request takes by itself. Depends on options and number alone. */
uint64_t latency_ns(const struct sim_options *options, uint64_t number);

/* Whether it ends with an error. */
bool latency_errs(const struct sim_options *options, uint64_t number);

/*
 * When a request that comes now and takes ns is done, by the first of n servers to be free: free
 * holds their times, the earliest first (a heap; all zero at the start). n 0: at once.
 */
uint64_t latency_due(uint64_t *free_at, uint32_t n, uint64_t now, uint64_t ns);

#endif
