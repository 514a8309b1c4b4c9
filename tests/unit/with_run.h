/*
 * Runs whose passes a test scripts: three cells on a small tree, and a clock that only their passes
 * move. With scripted_usage.h the engine also measures what the script says.
 */
#ifndef TESTS_UNIT_WITH_RUN_H
#define TESTS_UNIT_WITH_RUN_H

#include <stdatomic.h>

#include "engine/base/clock.h"
#include "engine/base/progress.h"
#include "engine/measure/run.h"
#include "tests/scratch.h"

enum { CELLS = 3, ENTRIES = 5, PLAYED_MAX = 8192 };
#define SECOND NS_PER_SECOND

/* One pass of a cell. */
struct step {
	uint64_t takes_ns; /* by the driven clock and, with scripted_usage.h, as measured */
	uint64_t block_reads, major_faults;
	uint64_t run_delay_ns; /* COUNT_UNKNOWN: not counted */
	uint32_t io_workers, threads;
	bool is_wrong;     /* its answers are */
	bool changes_tree; /* a file of the tree is longer from now on; another one each time */
	bool stops_run;    /* as the user does */
	int error;         /* the strategy cannot go on, */
	const char *why;   /* for this reason; NULL: it gives none */
};

/* The step of a cell, by its place in the selection and the number of its passes so far. */
typedef struct step script_fn(unsigned cell, unsigned pass);

struct played {
	unsigned cell;
	bool is_sampled; /* a latency pass */
};

/* A strategy's hooks have no argument of the test, so there is one of these. */
struct driven {
	_Atomic uint64_t now_ns;  /* read by the crew while workers move it */
	_Atomic uint64_t tick_ns; /* the clock moves by this whenever it is read */
	script_fn *script;        /* NULL: every pass takes pass_ns */
	uint64_t pass_ns, last_began_ns;
	unsigned passes, passes_of[CELLS];
	struct step step;                 /* of the current pass */
	struct played played[PLAYED_MAX]; /* by the scripted strategy, in order */
	size_t n_played;
	int tree_fd, changes;
	volatile int stop;
};

extern struct driven driven;

/* A strategy's prepare: begins the next step of the cell, once for each pass. */
int driven_prepare(struct cell *cell);

/* A strategy's run: takes all spans and answers nothing. */
int driven_skip(struct worker *worker);

/* Makes no calls; fetches everything, as the script says. */
extern const struct strategy floor_strategy, scripted_strategy;

struct fixture {
	struct scratch scratch, second;
	struct workload *load, *second_load; /* NULL: there is no second tree */
	struct topology *topology;
	struct cell_spec cells[CELLS]; /* the first one is the baseline */
	struct selection selection;
	struct cache_control control;
	struct target target;
	struct progress progress;
	struct run_request request;
	struct result *result;
};

/* For cmocka: *state is a fixture. Its cells are warm, of the floor's strategy. */
int driven_set_up(void **state);
int driven_tear_down(void **state);
#define DRIVEN(name) cmocka_unit_test_setup_teardown(name, driven_set_up, driven_tear_down)

/* All cells have that strategy. */
void driven_use(struct fixture *f, const struct strategy *strategy);

/* Rounds of scripted cells, in one cache state and without a limit of time. */
void driven_play(struct fixture *f, script_fn *script, enum cache_state cache, uint32_t rounds);

/* Makes an empty result in place of the last one. */
void driven_forget(struct fixture *f);

/* A second target: a tree of its own with a file less. */
void driven_second(struct fixture *f, struct target targets[2]);

#endif
