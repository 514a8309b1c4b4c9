/*
 * A run: every cell is set up and primed, then measured in interleaved rounds until there are
 * enough, the time is up or the user stops it. After every pass the result has all figures known so
 * far.
 *
 * Each cache state has rounds of its own, one state after the other: within a round all cells have
 * the same state, and no warm cell follows a cold one. Every target has a baseline of its own in
 * each state.
 */
#ifndef ENGINE_MEASURE_RUN_H
#define ENGINE_MEASURE_RUN_H

#include "engine/base/progress.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/select.h"
#include "engine/measure/verify/cache_state.h"
#include "engine/result.h"
#include "engine/workload.h"

enum { SAMPLE_MAX = 1000000 };

/* A tree that was loaded to be measured. */
struct target {
	struct workload *load;        /* NULL: there is none, */
	enum status lacking;          /* then the status of its cells: skipped or failed, */
	const char *why;              /* and the reason */
	const struct fs_facts *where; /* the tree's filesystem; NULL: not known */
	const char *tree, *fs;        /* ids for the cells */
	/* Distinguishes its cells from those of other targets; NULL: there is only one. */
	const char *label;
	const struct cache_control *control;
};

/* Each round runs all cells on one target after the other, with the targets in shuffled order. */
struct run_request {
	const struct target *targets;
	size_t n_targets;
	const struct topology *topology;
	const struct selection *selection;
	const struct pin *pin;
	unsigned states; /* mask of 1 << enum cache_state */
	/*
	 * Duration of a round in each state, in any unit: the time is divided so that all states
	 * get about as many rounds. NULL, or all zero: the time is divided evenly.
	 */
	const uint64_t *weights;
	uint32_t rounds;
	uint32_t sample;      /* latency passes time one entry in this many, on average; 0: none */
	uint32_t first_round; /* number of the first round: after those of another run_cells */
	uint64_t until_ns;    /* by the clock: no pass begins or continues after it; 0: no limit */
	uint64_t (*clock)(void *arg); /* NULL: clock_ns; replaced by tests */
	uint64_t
		precision_ppm; /* no round begins once all intervals are that narrow; 0: not used */
	/*
	 * Called after each round, in place of precision_ppm: once *enough is true, no round
	 * begins. A test of the figures must allow for repeated testing. result->cells is up to
	 * date except for figures. 0 or -errno; NULL: not used.
	 */
	int (*enough)(void *arg, bool *enough);
	uint64_t seed; /* for the order of cells */
	const struct progress *progress;
	void (*saved)(void *arg); /* called between passes; may be NULL */
	void *arg;                /* passed to enough and saved */
};

/*
 * Adds to result->cells and to the rounds of result->run; can be called again for other targets. A
 * cell that cannot run, is wrong or cannot go on has this in its status; an error is returned only
 * if it concerns all cells. -EINTR: the user stopped the run; what was measured is in the result.
 */
int run_cells(const struct run_request *request, struct result *result, struct err *err);

#endif
