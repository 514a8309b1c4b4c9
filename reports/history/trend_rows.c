/* Series, their changes and their points as rows for other programs. */
#include <inttypes.h>
#include <string.h>

#include "engine/base/util.h"
#include "reports/history/trend.h"

/* The columns that identify a series; the first columns of all tables. */
#define SERIES_COLUMNS                                                                             \
	{"cell", false}, {"tree", false}, {"digest", false}, {"place", false}, {"fs", false},      \
		{"cache", false}, {"pin", false}, {"baseline", false}, {"host", false},            \
	{                                                                                          \
		"fingerprint", false                                                               \
	}
enum { SERIES_COLUMNS_COUNT = 10, OWN_COLUMNS_MAX = 12 };

static const struct grid_column series_columns[] = {
	SERIES_COLUMNS, {"points", true}, {"from", false}, {"to", false},
	{"last", true}, {"level", true},  {"noise", true}, {"changes", true},
};

static const struct grid_column change_columns[] = {
	SERIES_COLUMNS,
	{"direction", false},
	{"since", false},
	{"ratio", true},
	{"level_before", true},
	{"level_after", true},
	{"p", true},
	{"run_before", false},
	{"run_after", false},
	{"commit_before", false},
	{"commit_after", false},
	{"kernel_before", false},
	{"kernel_after", false},
};

static const struct grid_column point_columns[] = {
	SERIES_COLUMNS,  {"run", false}, {"started", false}, {"commit", false}, {"kernel", false},
	{"ratio", true}, {"lo", true},   {"hi", true},       {"level", true},
};

/* The columns of the series, then those of the table. */
static void put_row(struct grid *g, const struct store_series *s, const char *const *own, size_t n)
{
	const char *values[SERIES_COLUMNS_COUNT + OWN_COLUMNS_MAX] = {
		s->cell,  s->tree, s->digest,   s->place,    s->fs,
		s->cache, s->pin,  s->baseline, s->hostname, s->fingerprint,
	};
	memcpy(values + SERIES_COLUMNS_COUNT, own, n * sizeof(*own));
	grid_row(g, values);
}

static const char *number(struct grid *g, double value)
{
	return arena_print(g->arena, "%.10g", value);
}

static void put_trend(struct grid *g, const struct trend *t)
{
	const char *own[] = {
		arena_print(g->arena, "%zu", t->n),        NULL, NULL, NULL, NULL, NULL,
		arena_print(g->arena, "%zu", t->n_changes)};
	if (t->n) {
		own[1] = t->points[0].started;
		own[2] = t->points[t->n - 1].started;
		own[3] = number(g, t->points[t->n - 1].ratio);
		own[4] = number(g, t->levels[t->n - 1]);
		own[5] = number(g, t->noise);
	}
	put_row(g, t->series, own, ARRAY_LEN(own));
}

static void put_change(struct grid *g, const struct trend *t, const struct change *change)
{
	const struct store_point *old = &t->points[change->at - 1], *new = &t->points[change->at];
	const double ratio = trend_ratio(change);
	const char *const own[] = {
		ratio > 1 ? "slower" : "faster",
		new->started,
		number(g, ratio),
		number(g, t->levels[change->at - 1]),
		number(g, t->levels[change->at]),
		number(g, (double)change->p_ppm / 1e6),
		old->run,
		new->run,
		old->commit,
		new->commit,
		old->kernel,
		new->kernel,
	};
	put_row(g, t->series, own, ARRAY_LEN(own));
}

static void put_changes(struct grid *g, const struct trend *t)
{
	for (size_t i = 0; i < t->n_changes; i++)
		put_change(g, t, &t->changes[i]);
}

static void put_points(struct grid *g, const struct trend *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct store_point *point = &t->points[i];
		const char *const own[] = {
			point->run,           point->started,          point->commit,
			point->kernel,        number(g, point->ratio), number(g, point->lo),
			number(g, point->hi), number(g, t->levels[i]),
		};
		put_row(g, t->series, own, ARRAY_LEN(own));
	}
}

static int put_all(struct grid *g, const struct trends *trends,
		   void (*put)(struct grid *g, const struct trend *t))
{
	for (size_t i = 0; i < trends->n; i++)
		put(g, &trends->all[i]);
	grid_end(g);
	return 0;
}

int trend_rows(FILE *to, const struct trends *trends, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, series_columns, ARRAY_LEN(series_columns));
	return error ? error : put_all(&grid, trends, put_trend);
}

int trend_change_rows(FILE *to, const struct trends *trends, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, change_columns, ARRAY_LEN(change_columns));
	return error ? error : put_all(&grid, trends, put_changes);
}

int trend_point_rows(FILE *to, const struct trends *trends, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, point_columns, ARRAY_LEN(point_columns));
	return error ? error : put_all(&grid, trends, put_points);
}
