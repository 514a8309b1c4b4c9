/*
 * The workers of a cell whose strategy schedules its own threads (STRATEGY_OWN_THREADS). One of
 * them runs the strategy; the others are in pool_help during the pass and run the jobs passed to
 * pool_run. In between they sleep, because spinning would disturb the sequential part of a walk and
 * count as CPU time of the pass.
 */
#ifndef ENGINE_MEASURE_PASS_POOL_H
#define ENGINE_MEASURE_PASS_POOL_H

#include <stdbool.h>

struct pool;

/* crowded: there are more workers than CPUs, so no thread spins. NULL: out of memory. */
struct pool *pool_new(unsigned size, bool crowded);
void pool_free(struct pool *pool); /* accepts NULL */

void pool_open(struct pool *pool); /* before each pass, while no thread uses it */

/* For worker `index`, 1 to size - 1: runs jobs of pool_run until pool_dismiss. */
void pool_help(struct pool *pool, unsigned index);

/* For worker 0: a run_pool_fn (engine/strategy.h). 0, or -EINVAL if n is larger than size. */
int pool_run(void *pool, unsigned n, void (*job)(void *arg, unsigned index), void *arg);

/* For worker 0, at the end of its `run`. */
void pool_dismiss(struct pool *pool);

#endif
