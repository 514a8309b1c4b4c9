/*
 * The passes of a run. Each pass is checked: its results and its disk reads. First cells are primed
 * until they are warm; then rounds of interleaved passes follow, as many as the request and the
 * time allow. run.c and scout.c call this.
 */
#ifndef ENGINE_MEASURE_ROUNDS_H
#define ENGINE_MEASURE_ROUNDS_H

#include "engine/measure/figures/latency.h"
#include "engine/measure/pass/meter.h"
#include "engine/measure/pass/sampler.h"
#include "engine/measure/run.h"
#include "engine/measure/verify/verify.h"
#include "engine/measure/watch.h"

/*
 * The state of a run: its targets, the cells on each target, and what all of their passes share.
 * sites.c opens and closes it.
 */

/* A target during its measurement. */
struct site {
	const struct target *target;
	struct reference reference;  /* that its results are compared with */
	enum cold_evidence evidence; /* that its caches were cold */
	uint64_t requests_least;     /* fewest requests of a cold pass */
	struct site_cell *cells;     /* its cells, as many as were selected */
};

/* One cell on one target: its meter, and its row in the result. */
struct site_cell {
	struct site *site;
	const struct cell_spec *spec;
	struct cell_result *result;
	struct meter *meter; /* NULL: it cannot run, or no longer */
	int *cpus;
	struct latency *latency;  /* NULL: it is not sampled */
	uint64_t primed_ns;       /* its longest pass with full caches; 0: not measured */
	uint32_t judged, refuted; /* passes whose cache state was checked; refuted ones */
	bool answers_all;         /* at least what the baseline does: it may be ranked */
	bool has_changed;         /* the tree changed in a latency pass: the next pass is marked */
};

struct run {
	const struct run_request *request;
	struct halt
		halt; /* due when the user has stopped the run, or the time of this state is up */
	struct result *result;
	struct crew *crew;
	struct watch watch;
	struct sampler *sampler;   /* NULL: no latencies */
	bool is_sampling;          /* this is a latency pass */
	uint64_t tracepoint;       /* by which the kernel counts calls; 0: it cannot */
	struct pass_memory memory; /* memory for the results */
	enum cache_state state;    /* the state being measured */
	bool is_priming;           /* the cache state is not made before passes */
	unsigned states_left;      /* including this one */
	uint32_t first_round;      /* of this state; rounds are numbered across states */
	struct site *sites;        /* one per target */
	struct site_cell *cells;   /* of all sites */
	size_t n;
	size_t *sequence;   /* of one round: indices of cells, the baseline several times */
	size_t length;      /* of the last sequence */
	size_t *site_order; /* buffer to shuffle sites */
	uint64_t passes;    /* of this state */
	uint64_t until_ns;  /* end of this state's share of the time; 0: no limit */
};

/*
 * run_open opens everything but the cells, run_open_cells the cells in run->state. run_close
 * releases both, also after an error.
 */
int run_open(struct run *run, struct err *err);
int run_open_cells(struct run *run, struct err *err);
void run_close_cells(struct run *run);
void run_close(struct run *run);

/* Ends a cell: no further pass; its row gets the status and the reason. */
void run_give_up(struct run *run, struct site_cell *site_cell, enum status status,
		 const char *reason);

/* The same for all cells of a site that still run. */
void run_give_up_site(struct run *run, const struct site *site, enum status status,
		      const char *reason);

/* -EINTR: the user has stopped the run; else 0. */
int run_stopped(const struct run *run);

/* The time by the clock of the request; run_is_late: whether the time of this state is up. */
uint64_t run_now(const struct run *run);
bool run_is_late(const struct run *run);

/* One pass, checked; false: it was cut short, or the cell has ended. */
bool rounds_pass(struct run *run, struct site_cell *site_cell, struct pass *pass);
int rounds_prime(struct run *run);
int rounds_count(struct run *run); /* a pass of each cell that cannot count its system calls */
int rounds_run(struct run *run);

/*
 * Before and after all rounds of a state: allocate what latency passes need, and compute their
 * figures.
 */
int latencies_open(struct run *run);
int latencies_settle(struct run *run); /* the figures */
void latencies_close(struct run *run);

#endif
