/*
 * Compares base with head, from arms to a finding for each cell. All cells are measured once. Cells
 * that differ are measured a second time to confirm the difference, with new workers, on a tree
 * made anew, and on other CPUs if there are any.
 */
#ifndef ENGINE_GATE_COMPARISON_H
#define ENGINE_GATE_COMPARISON_H

#include "engine/base/verdict.h"
#include "engine/gate/arm/arm.h"
#include "engine/gate/gate.h"

/*
 * The probability that at least one interval of a comparison does not contain the true ratio; it is
 * divided among all intervals.
 */
#define COMPARISON_FAMILY_ERROR 0.01

/* What is compared, from the command line. */
struct comparison_arms {
	const char *base, *head;
	const char *list; /* strategies for two builds; NULL: base and head are arms */
	int stage;        /* enum stage; -1: the stage of the list */
	const char *jobs;
	const char *const *params;
};

struct comparison {
	const struct strategy *const *strategies; /* of this program */
	const struct workload *load;              /* of the tree */
	/*
	 * Makes and loads another tree of the same kind for the second measurement. NULL: the tree
	 * is only read, so it is used again. drop is called in every case, also if fresh fails.
	 */
	int (*fresh)(void *arg, const struct workload **load, struct err *err);
	void (*drop)(void *arg);
	void *arg; /* passed to both */
	struct topology *topology;
	const struct progress *progress;
	struct arena *arena;
	double tolerance, limit; /* 0.01, 0.05 */
	uint64_t max_time_ns, timeout_ns;
	const char *control;    /* path of a copy of base's program; NULL: no control */
	const char *no_control; /* why there is none */
	bool is_selftest;       /* the sides are known, so neither identity nor counts decide */
	uint64_t seed;

	/* Filled by comparison_cells. */
	struct gate_cell *cells;
	size_t n;
	unsigned jobs; /* largest number of any cell */
	bool is_list;  /* cells that a program does not have become rows, not errors */

	/* Filled by comparison_run. */
	const char *base, *head;        /* identity of the first cell's programs */
	struct gate_cell *cells_again;  /* one for each cell; skip: it did not differ */
	struct gate_facts facts, again; /* facts: of the first measurement; again: of the second */
};

/*
 * Fills comparison->cells from two arms, or, if a list is given, from a list of strategies for two
 * builds. -EINVAL with a message.
 */
int comparison_cells(struct comparison *comparison, const struct comparison_arms *arms,
		     struct err *err);

/* Measures all cells, then again those that differ. 0, -EINTR or the errors of gate_run. */
int comparison_run(struct comparison *comparison, struct err *err);

/* The result for a cell after both measurements. */
struct comparison_finding {
	/* From the first measurement; with the reason if the second one failed. */
	struct verdict_input input;
	enum verdict verdict;  /* of this input */
	bool differs;          /* the second measurement decides */
	bool confirmed;        /* the second verdict was the same */
	struct estimate again; /* ratio of the second measurement */
};

struct comparison_finding comparison_finding_of(const struct comparison *comparison, size_t cell);

/*
 * The input for a cell of n: its own interval, and that of the control of its class. If the
 * control is slower or faster than base by more than GATE_PRECISION, all cells of its class are
 * invalid. If it was not measured precisely enough, they have no verdict. Otherwise the tolerance
 * is at least the largest difference that the control's interval allows.
 */
struct verdict_input comparison_verdict_input(const struct comparison *comparison,
					      const struct gate_cell *cells, size_t n,
					      const struct gate_cell *cell);

/*
 * Copies the program at path into memory. *fd: to be closed by the caller; *copy: the path under
 * which it can be executed while fd is open, in the arena.
 */
int comparison_copy_program(const char *path, int *fd, const char **copy, struct arena *arena,
			    struct err *err);

#endif
