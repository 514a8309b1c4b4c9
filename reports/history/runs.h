/* The runs in a history: lists them, exports their points, and selects runs for removal. */
#ifndef REPORTS_HISTORY_RUNS_H
#define REPORTS_HISTORY_RUNS_H

#include <stdio.h>

#include "reports/history/store.h"
#include "reports/words/grid.h"

struct runs {
	struct arena *arena;
	struct store_stored *all; /* ordered by start */
	size_t n;
};

/* Which runs are selected. A member that is NULL does not matter; all others must match. */
struct runs_choice {
	char *const *ids;          /* one of these ids; ends with NULL; empty: any */
	const char *commit;        /* this whole commit */
	const char *since, *until; /* days of UTC, inclusive: 2026-01-31 */
};

/* The caller releases it, also after an error. Errors: of the store; -ENOMEM. */
int runs_load(struct runs *runs, struct store *store, const char *path, struct err *err);
void runs_release(struct runs *runs);

/* Prints a line for each run, with its cells below, in that many columns. */
void runs_print(FILE *to, const struct runs *runs, size_t width);

/* A row for each run. -ENOMEM. */
int runs_rows(FILE *to, const struct runs *runs, enum grid_format format);

/*
 * A row for each point of each series; series after series, each ordered by time. Errors: of the
 * store; -ENOMEM.
 */
int runs_point_rows(FILE *to, struct store *store, enum grid_format format, struct err *err);

/* Keeps only the runs that match. -EINVAL: a given id does not exist. */
int runs_choose(struct runs *runs, const struct runs_choice *choice, const char *path,
		struct err *err);

#endif
