/* Analyses series of the history: their levels, changes and noise. */
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
	size_t window;     /* the number of latest points that are analysed */
	uint64_t seed;
	double magnitude; /* smaller changes are omitted: 0.02 */
};

struct trend {
	const struct store_series *series;
	const struct store_point *points; /* ordered by time */
	size_t n;
	struct change changes[CHANGES_MAX];
	size_t n_changes;
	const double *levels; /* the median ratio of the level that each point belongs to */
	double noise;         /* nine in ten points are no farther from their level: 0.01 */
};

struct trends {
	struct arena *arena;
	uint64_t runs;
	struct trend *all;
	size_t n;
	size_t n_short;                     /* too short for any change */
	const struct store_origin *origins; /* of the runs that have a point */
	size_t n_origins;
};

/*
 * Reads the series and finds their changes. The probability of finding a change where there is none
 * is 1 % for all of them together; with more than 2,000 series it is CHANGE_ERROR_LEAST_PPM for
 * each. The caller releases it. Errors: of the store; -ENOMEM.
 */
int trends_load(struct trends *trends, struct store *store, const struct trend_terms *terms,
		struct err *err);
void trends_release(struct trends *trends);

/* A change as a ratio of levels: above 1 is slower. */
double trend_ratio(const struct change *change);

/* "fstatat/j1 on flat, tmpfs (rw), vm"; visible text, never NULL. */
const char *trend_name(const struct trend *t, struct arena *arena);

/* The commits or times between the last point of the old level and the first of the new one. */
const char *trend_range(const struct trend *t, const struct change *change, struct arena *arena);

/* "+3.2 % since 2026-02-01: commits a..b (0.500 to 0.516, p = 0.0010)" */
const char *trend_change_words(const struct trend *t, const struct change *change,
			       struct arena *arena);

/* "3 series, 1 change, 1 to slower; 2 not checked, with fewer than 8 points" */
const char *trend_summary(const struct trends *trends, struct arena *arena);

/* "2026-02-01, commit a: 0.516 of the baseline's time (0.510 to 0.522), seed 7" */
const char *trend_point_words(const struct store_point *point, struct arena *arena);

/* The day of a time. */
const char *trend_day(const char *started, struct arena *arena);

/* The conditions of a series in one line, and whether two series have the same. */
const char *trend_conditions(const struct store_series *s, struct arena *arena);
bool trend_same_conditions(const struct store_series *a, const struct store_series *b);

/*
 * Series with points, those with changes first, because these are the ones to draw. NULL: there is
 * none.
 */
const struct trend *trend_nth(const struct trends *trends, size_t wanted);

/* The change that begins at a point, or NULL. */
const struct change *trend_change_at(const struct trend *t, size_t i);

/*
 * All series, grouped by their conditions. path: the database; columns and UTF-8: of the terminal.
 * -ENOMEM.
 */
int trend_table(FILE *to, const struct trends *trends, const char *path, int columns, bool utf8);

/* The changes only, wrapped to that many columns; 0: one line each, for programs. -ENOMEM. */
int trend_report(FILE *to, const struct trends *trends, int columns);

/* The number of changes to slower. */
size_t trend_slower(const struct trends *trends);

/* A row for each series, and one for each change, for other programs. -ENOMEM. */
int trend_rows(FILE *to, const struct trends *trends, enum grid_format format);
int trend_change_rows(FILE *to, const struct trends *trends, enum grid_format format);

/* A row for each point that was analysed. -ENOMEM. */
int trend_point_rows(FILE *to, const struct trends *trends, enum grid_format format);

/* Draws OUT/history.svg and .png. Errors: those of drawing_make. */
int trend_plot(const struct trends *trends, const char *path, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err);

#endif
