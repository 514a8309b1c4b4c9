/*
 * One cell, set up, and one pass of it. Between the two readings of the clock there are only the
 * gate and the strategy's `run`: memory, threads, descriptors, the poisoning of records and all
 * bookkeeping are outside.
 */
#ifndef ENGINE_MEASURE_PASS_METER_H
#define ENGINE_MEASURE_PASS_METER_H

#include "engine/host/topology.h"
#include "engine/measure/pass/crew.h"
#include "engine/measure/watch/counters.h"
#include "engine/result.h"
#include "engine/sink.h"
#include "engine/strategy.h"

/*
 * The memory for the results of a run: records for fetches, a sink for walks, all of it touched
 * before the first timed pass. All cells of a run use it in turn.
 */
struct pass_memory {
	struct record *records; /* of fetches: one per entry */
	struct sink *sink;      /* of walks: large enough for the tree as it was loaded */
};

/* The size that is needed. */
struct pass_memory_size {
	size_t entries, path_bytes; /* path_bytes: of walks only */
};

/* Increases *size so that it is large enough for that tree. */
void pass_memory_measure(struct pass_memory_size *size, const struct workload *load,
			 enum stage stage);

/* Spread over the memory of all nodes that workers may use (topology_spread). 0 or -ENOMEM. */
int pass_memory_make(struct pass_memory *memory, const struct pass_memory_size *size,
		     enum stage stage, const struct topology *topology);
void pass_memory_release(struct pass_memory *memory); /* accepts a zeroed one */

struct meter;
struct sampler;

struct meter_request {
	const struct strategy *strategy;
	const int64_t *params; /* PARAMS_MAX values */
	unsigned jobs;
	const int *cpus; /* one per job, -1: not pinned; must outlive the meter */
	const struct workload *load;
	struct record *records; /* of fetches: one per entry; shared with other cells */
	struct sink *sink;      /* of walks; shared with other cells */
	struct crew *crew;      /* with at least `jobs` workers */
	const struct topology *topology;
	struct counters *counters; /* one per job, opened by its worker; NULL: none */
};

/*
 * Sets up the cell and opens its workers on their CPUs. What the request points to must outlive
 * *meter, which meter_close releases. 0 or -errno.
 */
int meter_open(struct meter **meter, const struct meter_request *request, struct err *err);
void meter_close(struct meter *meter); /* accepts NULL */

/*
 * Runs one pass and fills all members of *pass but round, position and verified. clean: the machine
 * did not disturb the pass; why: how it did. 0, or -errno: the strategy could not go on.
 * -ECANCELED: the pass was stopped (crew_bound).
 */
int meter_pass(struct meter *meter, struct pass *pass, struct err *err);

/*
 * The next passes sample latencies; NULL: no longer. The times of such passes give no throughput.
 */
void meter_sample(struct meter *meter, struct sampler *sampler);

/*
 * In the next passes the kernel counts system calls by this tracepoint instead of the strategy; 0:
 * no longer.
 */
void meter_tally(struct meter *meter, uint64_t tracepoint);

/* 0, or -errno: the kernel did not count all calls of the last pass. */
int meter_tally_error(const struct meter *meter);

/* The tree is the same, but its device number has changed to dev. */
void meter_move(struct meter *meter, uint64_t dev);

const struct cell *meter_cell(const struct meter *meter);

/* System calls of the last pass, as counted by the workers or the kernel. */
void meter_syscalls(const struct meter *meter, uint64_t counts[SYSCALL_KINDS]);

#endif
