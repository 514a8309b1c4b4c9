/*
 * The state of a run, shared by the files that it is made of and by nobody else: run.c opens and
 * closes, rounds.c passes, sampling.c adds the latency passes between rounds.
 */
#ifndef ENGINE_MEASURE_RUN_INNER_H
#define ENGINE_MEASURE_RUN_INNER_H

#include "engine/measure/figures/latency.h"
#include "engine/measure/pass/meter.h"
#include "engine/measure/pass/room.h"
#include "engine/measure/pass/sampler.h"
#include "engine/measure/run.h"
#include "engine/measure/verify/verify.h"
#include "engine/measure/watch/watch.h"

/* One cell: how it is run, and where its figures go. */
struct bench {
	const struct cell_spec *spec;
	struct cell_result *result;
	struct meter *meter; /* NULL: cannot run, or no longer */
	int *cpus;
	struct latency *latency;  /* NULL: is not sampled */
	uint32_t judged, refuted; /* passes, by whether they began in their cache state */
	bool has_changed;         /* the tree, in a latency pass: the next pass has to say it */
};

struct run {
	const struct run_request *request;
	struct result *result;
	struct crew *crew;
	struct watch watch;
	struct sampler *sampler; /* NULL: no latencies */
	bool is_sampling;        /* the pass at hand is a latency pass */
	bool can_tally;          /* the kernel counts calls by: */
	struct tally_calls calls;
	struct room room; /* of the answers */
	struct reference reference;
	enum cache_state state; /* the one whose rounds are run */
	unsigned states_left;   /* that one included */
	uint32_t first_round;   /* of this state: rounds are numbered through all of them */
	struct bench *benches;
	size_t n;
	size_t *sequence; /* of one round: indices of benches, the baseline several times */
	size_t length;    /* of the last sequence */
	uint64_t passes;  /* run so far */
	uint64_t began_ns;
};

/* Ends a cell: no further pass, and why. */
void run_give_up(struct run *run, struct bench *bench, enum status status, const char *reason);

/* -EINTR when the user wants to stop. */
int run_stopped(const struct run *run);

/* rounds.c: one pass, judged; false when the cell is out of the run. */
bool rounds_pass(struct run *run, struct bench *bench, struct pass *pass);
int rounds_prime(struct run *run);
int rounds_count(struct run *run); /* a pass of those who cannot count their system calls */
int rounds_run(struct run *run);

/* sampling.c: after every fifth round, the first one included, a latency pass of every cell. */
enum { SAMPLING_EVERY = 5 };
int sampling_open(struct run *run);
int sampling_round(struct run *run, uint32_t round);
int sampling_settle(struct run *run); /* the figures, once all is done */
void sampling_close(struct run *run);

#endif
