/*
 * A run: every cell made ready, primed, then passed in interleaved rounds until there are enough,
 * the time is up or the user stops it. What is known so far is in the result after every pass.
 *
 * Cache states have their rounds one after the other: within a round all cells find the same
 * caches, and no warm cell ever follows a cold one. Every target has a baseline of its own in each
 * of them.
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

/* What is measured on: a tree as it was loaded. */
struct target {
	struct workload *load;        /* NULL: there is none, */
	enum status lacking;          /* which makes its cells skipped or failed, */
	const char *why;              /* for this reason */
	const struct fs_facts *where; /* what the tree lies on; NULL: not known */
	const char *tree, *fs;        /* ids for the cells */
	const char *label; /* tells its cells from those of other targets; NULL: it is alone */
	const struct cache_control *control;
};

/* Each round runs all cells on one target after the other, in a shuffled order of targets. */
struct run_request {
	const struct target *targets;
	size_t n_targets;
	const struct topology *topology;
	const struct selection *selection;
	const struct pin *pin;
	unsigned states; /* 1 << enum cache_state, those wanted; one after the other */
	/* What a round in each state takes, in any unit; the time is split so that they get about
	 * as many. NULL, or all zero: it is split evenly. */
	const uint64_t *weights;
	uint32_t rounds;
	uint32_t sample;      /* latency passes time one entry in so many, on average; 0: none */
	uint32_t first_round; /* their numbers begin with it: after those of another run_cells */
	uint64_t until_ns;    /* by the clock: no pass begins after this or goes on; 0: no bound */
	uint64_t (*clock)(void *arg); /* NULL: clock_ns; what tests drive */
	uint64_t
		precision_ppm; /* no round begins once all ratios are known so well; 0: not asked */
	/*
	 * Asked after each round, in place of precision: no round begins once it says true. A test
	 * of the figures has to allow for repeated testing (result->cells is up to date but for
	 * figures). 0 or -errno; NULL: not asked.
	 */
	int (*enough)(void *arg, bool *enough);
	uint64_t seed; /* of the order of cells */
	const struct progress *progress;
	void (*saved)(void *arg); /* called between passes; may be NULL */
	void *arg;                /* of enough and saved */
};

/*
 * Adds to result->cells and the rounds of result->run; may be called again, for other targets. A
 * cell that cannot run, is wrong or cannot go on says so in its status; an error is only what
 * concerns all of them. -EINTR: stopped, what was measured stands in the result.
 */
int run_cells(const struct run_request *request, struct result *result, struct err *err);

#endif
