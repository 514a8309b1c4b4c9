/* What the benches share: a made tree, loaded, and single-worker cells on it. Errors end the bench.
 */
#ifndef TESTS_BENCH_WITH_CELL_H
#define TESTS_BENCH_WITH_CELL_H

#include "engine/base/stats.h"
#include "engine/measure/pass/meter.h"

struct bench {
	char dir[4096]; /* of the made tree */
	char root[4096];
	struct workload *load;
	uint64_t load_cpu_ns; /* user and system time that loading took */
	struct record *records;
	struct sink *sink;
	struct crew *crew;
	struct topology *topology;
	int cpu;
};

/* Makes a source-tree of that many entries under `base`, loads it, starts a worker on one CPU. */
void bench_open(struct bench *bench, const char *base, uint64_t entries);
void bench_close(struct bench *bench); /* removes the tree */

/* params: PARAMS_MAX values, NULL: zeros. */
struct meter *bench_cell(struct bench *bench, const struct strategy *strategy,
			 const int64_t *params);
uint64_t bench_pass(struct meter *meter); /* ns */

/* A bare C program that does the same as a cell; returns the ns that it took. */
typedef uint64_t bench_loop(const void *arg);

/* The cell and its loop in turn, and in turn first; prints a row. */
void bench_compare(struct bench *bench, const struct strategy *strategy, bench_loop *loop,
		   const void *arg);

void bench_die(const char *words);

#endif
