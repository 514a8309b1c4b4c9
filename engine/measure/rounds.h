/*
 * The passes of a run. Each pass is checked: its answers and its disk reads. First cells are primed
 * until they are warm; then rounds of interleaved passes follow, for as long as the request says.
 * run.c and scout.c decide when.
 */
#ifndef ENGINE_MEASURE_ROUNDS_H
#define ENGINE_MEASURE_ROUNDS_H

#include "engine/measure/figures/latency.h"
#include "engine/measure/pass/meter.h"
#include "engine/measure/pass/sampler.h"
#include "engine/measure/run.h"
#include "engine/measure/verify/verify.h"
#include "engine/measure/watch/watch.h"

/*
 * The state of a run: its targets, the cells on each target, and what all of their passes share.
 * sites.c opens and closes it.
 */

/* A target while it is measured. */
struct site {
	const struct target *target;
	struct reference reference;  /* of its answers */
	enum cold_evidence evidence; /* of cold caches */
	uint64_t requests_least;     /* that a cold pass sends */
	struct bench *benches;       /* its cells: as many as were selected */
};

/* One cell on one target: how it is run, and where its figures go. */
struct bench {
	struct site *site;
	const struct cell_spec *spec;
	struct cell_result *result;
	struct meter *meter; /* NULL: cannot run, or no longer */
	int *cpus;
	struct latency *latency;  /* NULL: is not sampled */
	uint64_t primed_ns;       /* its longest pass with full caches; 0: not asked for */
	uint32_t judged, refuted; /* passes, by whether they began in their cache state */
	bool has_changed;         /* the tree, in a latency pass: the next pass has to say it */
};

struct run {
	const struct run_request *request;
	struct halt
		halt; /* due when the user has stopped the run, or the time of this state is up */
	struct result *result;
	struct crew *crew;
	struct watch watch;
	struct sampler *sampler; /* NULL: no latencies */
	bool is_sampling;        /* the pass at hand is a latency pass */
	bool can_tally;          /* the kernel counts calls by: */
	struct syscall_tally_calls calls;
	struct room room;       /* of the answers */
	enum cache_state state; /* the one whose rounds are run */
	bool is_priming;        /* passes begin with what the ones before left in the caches */
	unsigned states_left;   /* that one included */
	uint32_t first_round;   /* of this state: rounds are numbered through all of them */
	struct site *sites;     /* one per target */
	struct bench *benches;  /* of all sites */
	size_t n;
	size_t *sequence;   /* of one round: indices of benches, baselines several times */
	size_t length;      /* of the last sequence */
	size_t *site_order; /* to shuffle sites in */
	uint64_t passes;    /* of this state so far */
	uint64_t until_ns;  /* of this state: its share of the time; 0: no bound */
};

/* Everything but the cells; then these, in run->state. run_close releases both, whatever failed. */
int run_open(struct run *run, struct err *err);
int run_open_benches(struct run *run, struct err *err);
void run_close_benches(struct run *run);
void run_close(struct run *run);

/* Ends a cell: no further pass, and why. */
void run_give_up(struct run *run, struct bench *bench, enum status status, const char *reason);

/* The same for all cells of a site that still run. */
void run_give_up_site(struct run *run, const struct site *site, enum status status,
		      const char *reason);

/* -EINTR when the user has stopped the run. */
int run_stopped(const struct run *run);

/* Now, by the clock of the request; and whether the time of this state is up then. */
uint64_t run_now(const struct run *run);
bool run_is_late(const struct run *run);

/* One pass, judged; false when it was cut short or the cell is out of the run. */
bool rounds_pass(struct run *run, struct bench *bench, struct pass *pass);
int rounds_prime(struct run *run);
int rounds_count(struct run *run); /* a pass of each cell that cannot count its system calls */
int rounds_run(struct run *run);

/* Before and after all rounds of a state: what their latency passes need, and make of it. */
int latencies_open(struct run *run);
int latencies_settle(struct run *run); /* the figures */
void latencies_close(struct run *run);

#endif
