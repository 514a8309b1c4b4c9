/*
 * Measures whether head takes longer than base. Cells are compared unit by unit (gate.c) until each
 * interval is narrow enough or time is up. The results are intervals; reports turn them into
 * verdicts.
 *
 * In every run one cell of each class has a third worker, the control: a copy of base's program
 * under another path, with the same arm. The difference between control and base that cannot be
 * excluded cannot be detected between head and base either, so the tolerance is at least that
 * large.
 */
#ifndef ENGINE_GATE_GATE_H
#define ENGINE_GATE_GATE_H

#include "engine/base/arena.h"
#include "engine/base/progress.h"
#include "engine/base/stats.h"
#include "engine/gate/worker/peer.h"
#include "engine/host/topology.h"
#include "engine/strategy.h"
#include "engine/workload.h"

/*
 * A slice: the part of the tree that one pass of the gate covers. It takes about two
 * milliseconds, so that the two passes of a round are close together in time and are seldom
 * interrupted. Units use the slices in turn, so that together they cover the tree.
 */

#define GATE_SLICE_NS UINT64_C(2000000)

/* Spans [first, end) of the tree below root; end 0: all spans. */
struct gate_slice {
	const char *root; /* absolute path */
	uint32_t first, end;
};

struct gate_slices {
	struct gate_slice *items;
	size_t n; /* at least 1 */
};

/*
 * Divides the tree for a strategy that needs wall_ns for all of it. The paths of a fetch are
 * divided between any two spans. A walk starts at a directory, so sub-trees of about the right size
 * are searched; so they are for a fetch from a large tree, because then a worker need not load all
 * of it. divisible: false for arms that take only the whole tree. Strings are in the arena. 0 or
 * -ENOMEM.
 */
int gate_slices_cut(struct gate_slices *slices, const struct workload *load, enum stage stage,
		    bool divisible, uint64_t wall_ns, struct arena *arena);

enum side { SIDE_BASE, SIDE_HEAD, SIDE_CONTROL, SIDES };

enum {
	UNIT_ROUNDS = 24,
	UNIT_ROUNDS_LEAST = 8, /* clean rounds needed for a value */
};

enum {
	UNITS_LEAST = 30,
	UNITS_STEP = 4,
	UNITS_MAX = 60,
	/* A cell is given up after so many units without enough clean rounds. */
	UNITS_LOST_MAX = 60,
};

/* The half-width of an interval at which a cell is done. */
#define GATE_PRECISION 0.01

#define GATE_SELF "/proc/self/exe" /* this program, even if its file was replaced */

struct gate_arm {
	const char *program; /* path of the statmark that runs it */
	const char *text;    /* the arm, as that program parses it */
};

/* Units with a value in which a side worked in another way than its own (result_other_way). */
struct gate_way {
	const char *words; /* how, and why, in the last of them; NULL: in none */
	uint32_t units;
};

struct gate_cell {
	const char *label;
	struct gate_arm base, head;
	bool skip;      /* not to be measured */
	bool identical; /* both sides are the same: base is tried, nothing is measured */

	/* Results: */
	const char *invalid;      /* why it cannot be trusted, or NULL */
	const char *incomparable; /* why the sides cannot be compared, or NULL */
	int error;                /* -errno that goes with them; 0: none */
	unsigned class;           /* cells with the same number share a control */
	bool has_control;
	uint64_t entries;
	uint32_t spans; /* in a pass over the tree */
	double values[UNITS_MAX], controls[UNITS_MAX];
	uint32_t n, n_controls, lost, rounds, clean;
	double base_ns[UNITS_MAX];      /* time per entry of each unit */
	double ns[SIDES];               /* base: median of units; head: that times the ratio */
	struct estimate ratio;          /* head / base */
	struct estimate control;        /* control / base */
	struct worker_counts counts[2]; /* base and head, in one pass over the whole tree */
	struct gate_way ways[2];        /* base and head */
	bool narrow, done;
};

struct gate_request {
	const struct workload *load; /* the tree, for its spans */
	const char *root;
	struct topology *topology;
	const char *control; /* path of the copy of base's program; NULL: no control */
	unsigned jobs;       /* largest number of any arm: how many CPUs are assigned */
	bool other_cpus;     /* use other CPUs than an ordinary run */
	/* An arm that a worker does not know makes its cell incomparable, and is no error. */
	bool tolerant;
	/* For one execution of an outside program, and for a worker's answer. */
	uint64_t timeout_ns;
	uint64_t budget_ns; /* no unit begins after it; 0: no limit */
	uint64_t seed;
	double confidence; /* of each interval */
	const struct progress *progress;
};

struct gate_facts {
	const char *cpus; /* of the workers of the last unit, in the form of --pin */
	bool is_unbound;  /* workers cannot be bound */
	uint64_t spent_ns;
	bool out_of_time;
	uint32_t units, lost;
};

/*
 * Measures cells. An error of one cell, such as a side that cannot be started, is stored in the
 * cell; an error that is returned concerns all: -EINTR, -ENOMEM, -EMFILE, -EAGAIN, and, unless
 * tolerant, -ENOTSUP: an arm cannot run on this machine.
 */
int gate_run(const struct gate_request *request, struct gate_cell *cells, size_t n,
	     struct gate_facts *facts, struct arena *arena, struct err *err);

/* The interval of the control in a cell's class; NULL: no control. */
const struct estimate *gate_control(const struct gate_cell *cells, size_t n,
				    const struct gate_cell *cell);

/* The largest difference from 1 in that interval, as a share: 0.01. 0: not known. */
double gate_control_bound(const struct estimate *control);

#endif
