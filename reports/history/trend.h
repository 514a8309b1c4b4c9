/* Series of the history with what can be said of them: their levels, changes and noise. */
#ifndef REPORTS_HISTORY_TREND_H
#define REPORTS_HISTORY_TREND_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/outdir.h"
#include "reports/history/change.h"
#include "reports/history/store.h"
#include "reports/plots/drawing.h"
#include "reports/words/grid.h"

struct trend_terms {
	const char *cells; /* a glob over ids of cells; NULL: all */
	size_t window;     /* the latest points that are looked at */
	uint64_t seed;
	double magnitude; /* smaller changes are left out: 0.02 */
};

struct trend {
	const struct store_series *series;
	const struct store_point *points; /* in the order of time */
	size_t n;
	struct change changes[CHANGES_MAX];
	size_t n_changes;
	const double *levels; /* the median ratio of the level that each point belongs to */
	double noise;         /* nine in ten points lie so near to their level: 0.01 */
};

struct trends {
	struct arena *arena;
	uint64_t runs;
	struct trend *all;
	size_t n;
	size_t n_short; /* with too few points for any change */
};

/*
 * Reads the series and finds their changes; the error of finding one where there is none is 1 % for
 * all of them together. The caller releases it. Errors: of the store; -ENOMEM.
 */
int trends_load(struct trends *trends, struct store *store, const struct trend_terms *terms,
		struct err *err);
void trends_release(struct trends *trends);

/* A change as a ratio of levels: above 1 is slower. */
double trend_ratio(const struct change *change);

/* "fstatat/j1 on flat, tmpfs (rw), vm"; visible text, never NULL. */
const char *trend_name(const struct trend *t, struct arena *arena);

/* What happened between the last point of the old level and the first of the new one. */
const char *trend_range(const struct trend *t, const struct change *change, struct arena *arena);

/*
 * All series, by what they stand on. path is the database's; columns, and whether it shows UTF-8,
 * are the terminal's. -ENOMEM.
 */
int trend_table(FILE *to, const struct trends *trends, const char *path, int columns, bool utf8);

/* The changes only. -ENOMEM. */
int trend_report(FILE *to, const struct trends *trends);

/* How many changes are to slower. */
size_t trend_slower(const struct trends *trends);

/* A row for each series, and one for each change, for other programs. -ENOMEM. */
int trend_rows(FILE *to, const struct trends *trends, enum grid_format format);
int trend_change_rows(FILE *to, const struct trends *trends, enum grid_format format);

/* Draws OUT/history.svg and .png; errors as of drawing_make. */
int trend_plot(const struct trends *trends, const char *path, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err);

#endif
