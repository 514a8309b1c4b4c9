/*
 * Base against head, from arms to a judgement: what `statmark gate` does once its command line is
 * read, and what `statmark selftest` has to go through to prove it.
 */
#ifndef ENGINE_CMD_PARTS_CONTEST_H
#define ENGINE_CMD_PARTS_CONTEST_H

#include "engine/cmd/line/options.h"
#include "engine/cmd/parts/subject.h"
#include "engine/gate/arm/arm.h"
#include "engine/gate/gate.h"
#include "reports/verdict/judgement.h"

/* The chance that any interval of a judgement misses: all of them share it. */
#define CONTEST_FAMILY_ERROR 0.01

struct contest {
	const struct options *options; /* of trees, tolerance, limit, seed, time */
	const char *word;              /* the operand TREE, NULL: the usual one */
	const struct subject *subject; /* that tree, loaded */
	struct topology *topology;
	const struct progress *progress;
	struct arena *arena;
	struct gate_cell *cells;
	size_t n;
	unsigned jobs;       /* most of any cell */
	const char *control; /* path of a copy of base's program */
	bool is_list;        /* cells that a program does not know are rows, not mistakes */
	bool is_selftest;    /* the sides are known: neither identity nor counts decide */
	uint64_t seed;
};

/*
 * Fills contest->cells from two arms, and, if there is one, a list of strategies for two builds.
 * -EINVAL in words.
 */
int contest_cells(struct contest *contest, const char *base, const char *head, const char *list,
		  struct err *err);

/* Measures, judges, confirms what is flagged, and fills the judgement. -EINTR; errors of gate_run.
 */
int contest_run(struct contest *contest, struct judgement *judgement, struct err *err);

/*
 * What there is to judge a cell of n by: its own interval, and that of the control of its class. A
 * control that is not as fast as base makes all of its class invalid, one that is not known well
 * enough leaves it without a verdict, and what it may be off by is tolerated in others.
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
