/* The runs that a history holds: listed, exported with their points, chosen to be removed. */
#ifndef REPORTS_HISTORY_RUNS_H
#define REPORTS_HISTORY_RUNS_H

#include <stdio.h>

#include "reports/history/store.h"
#include "reports/words/grid.h"

struct runs {
	struct arena *arena;
	struct store_stored *all; /* in the order in which they began */
	size_t n;
};

/* Which runs are meant: all that is not NULL has to hold. */
struct runs_choice {
	char *const *ids;          /* one of these; ends with NULL; none: any */
	const char *commit;        /* this one, whole */
	const char *since, *until; /* days of UTC, both of them included: 2026-01-31 */
};

/* The caller releases it, also after an error. Errors: of the store; -ENOMEM. */
int runs_load(struct runs *runs, struct store *store, const char *path, struct err *err);
void runs_release(struct runs *runs);

/* For a terminal of so many columns: a line for each run, and its cells below it. */
void runs_print(FILE *to, const struct runs *runs, size_t width);

/* A row for each run. -ENOMEM. */
int runs_rows(FILE *to, const struct runs *runs, enum grid_format format);

/*
 * A row for each point of each series, series after series, each in the order of time. Errors: of
 * the store; -ENOMEM.
 */
int runs_point_rows(FILE *to, struct store *store, enum grid_format format, struct err *err);

/* Leaves only the runs that are chosen. -EINVAL: there is no run of a given id. */
int runs_choose(struct runs *runs, const struct runs_choice *choice, const char *path,
		struct err *err);

#endif
