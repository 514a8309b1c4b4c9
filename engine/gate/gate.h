/*
 * Measures whether head takes longer than base. Cells are compared unit by unit (gate.c) until each
 * interval is narrow enough or the time is up. The results are intervals; reports turn them into
 * verdicts.
 *
 * In every run one cell of each class has a third worker, the control: a copy of base's program
 * under another path, that does what base does. If control and base differ, the run cannot tell
 * head from base by so much either; that bound is part of the tolerance.
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
 * A portion: what one pass of the gate covers. It is not the whole tree but a part that takes about
 * two milliseconds, so that the two passes of a round are close together in time and are seldom
 * interrupted. Units take the portions in turn, so that together they cover the tree.
 */

#define PORTION_NS UINT64_C(2000000)

/* Spans [first, end) of the tree below root; end 0: all of them. */
struct portion {
	const char *root; /* absolute path */
	uint32_t first, end;
};

struct portions {
	struct portion *items;
	size_t n; /* at least 1 */
};

/*
 * Cuts the tree for a strategy that needs wall_ns for all of it. The known paths of a fetch are cut
 * anywhere between spans; a walk starts at a directory, so sub-trees of about the right size are
 * looked for, as they are for a fetch from a large tree, which then need not be loaded whole.
 * divisible: false for what can only take the whole tree. -ENOMEM.
 */
int portions_cut(struct portions *portions, const struct workload *load, enum stage stage,
		 bool divisible, uint64_t wall_ns, struct arena *arena);

enum side { SIDE_BASE, SIDE_HEAD, SIDE_CONTROL, SIDES };

enum {
	UNIT_ROUNDS = 24,
	UNIT_ROUNDS_LEAST = 8, /* clean rounds that a value needs */
};

enum {
	UNITS_LEAST = 30,
	UNITS_STEP = 4,
	UNITS_MAX = 60,
	UNITS_LOST_MAX = 60, /* units without enough clean rounds, after which a cell is given up */
	CLASSES_MAX = 16,
};

/* The half-width at which a cell is known well enough. */
#define GATE_PRECISION 0.01

#define GATE_SELF "/proc/self/exe" /* the path of this statmark */

struct gate_arm {
	const char *program; /* path of the statmark that measures it */
	const char *text;    /* the arm, of that program */
};

struct gate_cell {
	const char *label;
	struct gate_arm base, head;
	bool skip;      /* not to be measured */
	bool identical; /* both sides are the same thing: one of them is tried, none is measured */

	/* Filled: */
	const char *invalid;      /* why it cannot be trusted, or NULL */
	const char *incomparable; /* why the sides cannot be compared, or NULL */
	int error;                /* -errno that goes with them; 0: none */
	unsigned class;           /* cells of a class share a control */
	bool has_control;
	uint64_t entries;
	uint32_t spans; /* of the tree, in a pass */
	double values[UNITS_MAX], controls[UNITS_MAX];
	uint32_t n, n_controls, lost, rounds, clean;
	double base_ns[UNITS_MAX]; /* time per entry of each unit */
	double ns[SIDES];          /* of base the median of units, of head that times the ratio */
	struct estimate ratio;     /* head over base */
	struct estimate control;   /* control over base */
	struct worker_counts counts[2]; /* of base and head, one pass over the whole tree */
	bool narrow, done;
};

struct gate_request {
	const struct workload *load; /* of the tree, for its spans */
	const char *root;
	struct topology *topology;
	const char *control; /* path of the copy of base's program; NULL: no control */
	unsigned jobs;       /* most of any arm: CPUs that are handed out */
	bool other_cpus;     /* place workers on other CPUs than an ordinary run */
	bool tolerant; /* an arm that a worker does not know is a cell that cannot be compared */
	uint64_t timeout_ns; /* of an outside program's life, and of a worker's answer */
	uint64_t budget_ns;  /* no unit begins after this; 0: no bound */
	uint64_t seed;
	double confidence; /* of each interval */
	const struct progress *progress;
};

struct gate_facts {
	const char *cpus; /* where workers ran last, as --pin has it */
	bool is_unbound;  /* nowhere in particular: they cannot be bound */
	uint64_t spent_ns;
	bool out_of_time;
	uint32_t units, lost;
};

/*
 * Fills the cells. What is wrong with one of them is said in it, also that a side cannot be
 * started; an error concerns all: -EINTR, -ENOMEM, -EMFILE, -EAGAIN, and, unless tolerant, -ENOTSUP
 * of what cannot run on this machine.
 */
int gate_run(const struct gate_request *request, struct gate_cell *cells, size_t n,
	     struct gate_facts *facts, struct arena *arena, struct err *err);

/* The interval of the control of a cell's class; NULL: none was to be measured. */
const struct estimate *gate_control(const struct gate_cell *cells, size_t n,
				    const struct gate_cell *cell);

/* How far from 1 that interval reaches, as a share: 0.01. 0 when it is not known. */
double gate_control_bound(const struct estimate *control);

#endif
