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
 * Which stage a run measures: a run is of one stage, because the cells of two answer different
 * questions. Without --stage the lists (of names and globs, as select_cells takes
 * them; NULL-terminated, some may be NULL) decide, as far as they name strategies of one stage
 * only; else it is fetch. -EINVAL: names of both; -ENOMEM.
 */
int stage_choose(const struct strategy *const *strategies, const char *const lists[2],
		 enum stage *stage, struct err *err);

struct cell_spec {
	const struct strategy *strategy;
	int64_t params[PARAMS_MAX];
	unsigned jobs;
	bool is_floor; /* of a strategy that asks nothing */
	bool is_baseline;
	bool is_asked;     /* among the names, not only added */
	const char *label; /* "statx[mask=size]": parameters that differ from their initial value */
	const char *id;    /* "statx[mask=size]/j2" */
	const char *command;     /* of an outside program, whole; else NULL */
	bool is_output_verified; /* of an outside program */
};

struct select_request {
	const struct strategy *const *strategies; /* NULL-terminated, baseline of a stage first */
	enum stage stage;
	const char *names; /* comma list of NAME, GLOB, NAME[param=value,..], each also with /jN;
			      NULL: all */
	const char *jobs;  /* comma list of counts, NULL: 1 (or all CPUs, by strategy) */
	const char *const *params; /* NULL-terminated, each "name=value[,value..]" */
	const char *baseline;      /* NAME[..][/jN], NULL: the stage's first strategy, one job */
	unsigned cpus;             /* allowed ones */
};

struct selection {
	struct cell_spec *cells; /* floor first, then the baseline, then as asked for */
	size_t n;
	unsigned max_jobs;
};

enum { JOBS_MAX = 1024, CELLS_MAX = 512 };

/*
 * Everything lies in the arena. -EINVAL with one line and the nearest valid name: unknown strategy,
 * parameter or value, bad number of jobs; -E2BIG: more than CELLS_MAX cells.
 */
int select_cells(const struct select_request *request, struct arena *arena,
		 struct selection *selection, struct err *err);

/*
 * Exactly one cell: what NAME[param=value,..][/jN] names, of whichever stage it is. Of the request
 * strategies, jobs and cpus count. what: the option, for messages. -EINVAL as above.
 */
int select_cell(const struct select_request *request, const char *text, const char *what,
		struct arena *arena, struct cell_spec *spec, struct err *err);

/* A parameter's value as a person writes it. */
const char *param_text(const struct param *param, int64_t value, struct arena *arena);

#endif
