/*
 * Makes the list of cells from the user's options: strategies by name or glob, each with its
 * parameters, at each number of jobs. The floor and the baseline of the stage are always in the
 * list.
 */
#ifndef ENGINE_MEASURE_CHOOSE_SELECT_H
#define ENGINE_MEASURE_CHOOSE_SELECT_H

#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/strategy.h"

/*
 * Chooses the stage of a run. A run has one stage, because the cells of two stages are not
 * comparable. Without --stage the lists (of names and globs, as select_cells takes them;
 * NULL-terminated, each may be NULL) decide, if they name strategies of one stage only; otherwise
 * it is fetch. -EINVAL: they name strategies of both; -ENOMEM.
 */
int stage_choose(const struct strategy *const *strategies, const char *const lists[2],
		 enum stage *stage, struct err *err);

struct cell_spec {
	const struct strategy *strategy;
	int64_t params[PARAMS_MAX];
	unsigned jobs;
	bool is_floor; /* its strategy makes no metadata call */
	bool is_baseline;
	bool is_asked; /* named by the user, not only added */
	/* Name with parameters that differ from their initial value: "statx[mask=size]". */
	const char *label;
	const char *id;          /* "statx[mask=size]/j2" */
	const char *command;     /* the whole command line of an outside program; else NULL */
	bool is_output_verified; /* of an outside program */
};

struct select_request {
	/* NULL-terminated; of each stage the baseline first. */
	const struct strategy *const *strategies;
	enum stage stage;
	const char *names; /* comma list of NAME, GLOB, NAME[param=value,..], each also with /jN;
			      NULL: all */
	const char *jobs;  /* comma list of counts, NULL: 1 (or all CPUs, by strategy) */
	const char *const *params; /* NULL-terminated, each "name=value[,value..]" */
	const char *baseline;      /* NAME[..][/jN], NULL: the stage's first strategy, one job */
	unsigned cpus;             /* the number of CPUs allowed */
};

struct selection {
	struct cell_spec *cells; /* floor first, then the baseline, then in the user's order */
	size_t n;
	unsigned max_jobs;
};

enum { JOBS_MAX = 1024, CELLS_MAX = 512 };

/*
 * The list and its strings are in the arena. Errors, each with a one-line message: -EINVAL: unknown
 * strategy (with the nearest valid name), parameter or value, bad number of jobs; -E2BIG: more than
 * CELLS_MAX cells; -ENOMEM.
 */
int select_cells(const struct select_request *request, struct arena *arena,
		 struct selection *selection, struct err *err);

/*
 * Selects exactly one cell, named by NAME[param=value,..][/jN], of either stage. Of the request
 * only strategies, jobs and cpus are used. what: the option, for messages. -EINVAL as above.
 */
int select_cell(const struct select_request *request, const char *text, const char *what,
		struct arena *arena, struct cell_spec *spec, struct err *err);

/* A parameter's value as in the options: one of its words, or a number. In the arena. */
const char *param_text(const struct param *param, int64_t value, struct arena *arena);

#endif
