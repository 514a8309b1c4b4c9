/*
 * Compares base with head, from arms to a finding for each cell. All cells are measured once; cells
 * that differ are measured a second time to confirm the difference, with new workers, on a tree
 * made anew and on other CPUs where there are any.
 */
#ifndef ENGINE_GATE_CONTEST_H
#define ENGINE_GATE_CONTEST_H

#include "engine/base/verdict.h"
#include "engine/gate/arm/arm.h"
#include "engine/gate/gate.h"

/* The probability that any interval of a contest misses its ratio; all intervals share it. */
#define CONTEST_FAMILY_ERROR 0.01

/* What is compared, as the command line has it. */
struct contest_arms {
	const char *base, *head;
	const char *list; /* strategies of two builds; NULL: base and head are arms */
	int stage;        /* enum stage; -1: that of the list */
	const char *jobs;
	const char *const *params;
};

struct contest {
	const struct strategy *const *strategies; /* of this program */
	const struct workload *load;              /* the tree */
	/* Makes another tree of the same kind for the second measurement and loads it. NULL: the
	 * tree is only read, so the second is made on the same. drop is called even if it fails. */
	int (*fresh)(void *arg, const struct workload **load, struct err *err);
	void (*drop)(void *arg);
	void *arg; /* of both */
	struct topology *topology;
	const struct progress *progress;
	struct arena *arena;
	double tolerance, limit; /* 0.01, 0.05 */
	uint64_t max_time_ns, timeout_ns;
	const char *control; /* path of a copy of base's program; NULL: no control */
	bool is_selftest;    /* the sides are known: neither identity nor counts decide */
	uint64_t seed;

	/* Filled by contest_cells. */
	struct gate_cell *cells;
	size_t n;
	unsigned jobs; /* most of any cell */
	bool is_list;  /* cells that a program does not know are rows, not mistakes */

	/* Filled by contest_run. */
	const char *base, *head;        /* identity of the first cell's programs */
	struct gate_cell *cells_again;  /* one for each cell; skip: it did not differ */
	struct gate_facts facts, again; /* of the first and the second measurement */
};

/*
 * Fills contest->cells from two arms, and, if there is one, a list of strategies for two builds.
 * -EINVAL in words.
 */
int contest_cells(struct contest *contest, const struct contest_arms *arms, struct err *err);

/* Measures, and measures again what differs. -EINTR; errors of gate_run. */
int contest_run(struct contest *contest, struct err *err);

/* What is to be said of a cell after both measurements. */
struct contest_finding {
	struct evidence evidence; /* of the first */
	enum verdict verdict;     /* by that alone */
	bool differs;             /* so it was measured again */
	bool confirmed;           /* with the same verdict */
	struct estimate again;    /* ratio of the second */
};

struct contest_finding contest_found(const struct contest *contest, size_t cell);

/*
 * What there is to judge a cell of n by: its own interval, and that of the control of its class. If
 * the control is not as fast as base, all cells of its class are invalid. If it was not measured
 * precisely enough, they have no verdict. Otherwise its largest possible difference is added to the
 * tolerance.
 */
struct evidence contest_weigh(const struct contest *contest, const struct gate_cell *cells,
			      size_t n, const struct gate_cell *cell);

/*
 * A copy of the program at path that lives in memory: *fd, and *copy the path under which it can be
 * executed as long as fd is open.
 */
int contest_copy(const char *path, int *fd, const char **copy, struct arena *arena,
		 struct err *err);

#endif
