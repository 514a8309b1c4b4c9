/*
 * One cell, ready to run, and one pass of it. Between the two readings of the clock there is the
 * gate and the strategy's own work, nothing else: memory, threads, descriptors, the poisoning of
 * records and all bookkeeping lie outside.
 */
#ifndef ENGINE_MEASURE_PASS_METER_H
#define ENGINE_MEASURE_PASS_METER_H

#include "engine/host/topology.h"
#include "engine/measure/pass/crew.h"
#include "engine/measure/watch/counters.h"
#include "engine/measure/watch/syscall_tally.h"
#include "engine/result.h"
#include "engine/sink.h"
#include "engine/strategy.h"

/*
 * Where the answers of a run go: records for fetches, a sink for walks, with all of its memory
 * touched before the clock first runs. All cells of a run take turns with it.
 */
struct room {
	struct record *records; /* of fetches: one per entry */
	struct sink *sink;      /* of walks: room for what was found when the tree was loaded */
};

/* How large it has to be. */
struct room_size {
	size_t entries, path_bytes; /* paths: of walks */
};

/* Large enough for that tree, too. */
void room_measure(struct room_size *size, const struct workload *load, enum stage stage);

/* Spread over the memory of all nodes that workers may use (topology_spread). -ENOMEM. */
int room_make(struct room *room, const struct room_size *size, enum stage stage,
	      const struct topology *topology);
void room_release(struct room *room); /* accepts a zeroed one */

struct meter;
struct sampler;

struct meter_request {
	const struct strategy *strategy;
	const int64_t *params; /* PARAMS_MAX values */
	unsigned jobs;
	const int *cpus; /* one per job, -1: not pinned; must outlive the meter */
	const struct workload *load;
	struct record *records; /* of fetches: one per entry; cells take turns with it */
	struct sink *sink;      /* of walks; cells take turns with it */
	struct crew *crew;      /* of at least `jobs` workers */
	const struct topology *topology;
	struct counters *counters; /* one per job, opened on its worker; NULL: none */
};

/* Sets the cell up and opens its workers on their CPUs. */
int meter_open(struct meter **meter, const struct meter_request *request, struct err *err);
void meter_close(struct meter *meter); /* accepts NULL */

/*
 * Runs one pass and fills everything of *pass but round and verified; clean says whether the
 * machine left the pass alone, why what it did. Fails only if the strategy could not go on.
 * -ECANCELED: the crew was told to leave it (crew_bound).
 */
int meter_pass(struct meter *meter, struct pass *pass, struct err *err);

/* Passes sample latencies from now on; with NULL no longer. Their times are no throughput. */
void meter_sample(struct meter *meter, struct sampler *sampler);

/* The kernel counts the calls of passes from now on, instead of the strategy; with NULL no longer.
 */
void meter_tally(struct meter *meter, const struct syscall_tally_calls *calls);

/* 0, or -errno: the kernel counted less than all calls of the last pass. */
int meter_tally_error(const struct meter *meter);

/* The tree is the same one on another device number. */
void meter_move(struct meter *meter, uint64_t dev);

const struct cell *meter_cell(const struct meter *meter);

/* System calls of the last pass, as the workers counted them, or the kernel did. */
void meter_syscalls(const struct meter *meter, uint64_t counts[SYSCALL_KINDS]);

#endif
