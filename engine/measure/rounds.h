/*
 * The passes of a run: each is judged by its answers and by what it read, first until a cell is
 * warm, then in interleaved rounds for as long as the request says. run.c and scout.c decide what
 * is done when.
 */
#ifndef ENGINE_MEASURE_ROUNDS_H
#define ENGINE_MEASURE_ROUNDS_H

#include "engine/measure/sites.h"

/* One pass, judged; false when it was cut short or the cell is out of the run. */
bool rounds_pass(struct run *run, struct bench *bench, struct pass *pass);
int rounds_prime(struct run *run);
int rounds_count(struct run *run); /* a pass of those who cannot count their system calls */
int rounds_run(struct run *run);

/* Before and after all rounds of a state: what their latency passes need, and make of it. */
int latencies_open(struct run *run);
int latencies_settle(struct run *run); /* the figures */
void latencies_close(struct run *run);

#endif
