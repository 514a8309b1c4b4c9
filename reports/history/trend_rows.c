/* Series and their changes as rows for other programs. */
#include <errno.h>
#include <inttypes.h>

#include "engine/base/util.h"
#include "reports/history/trend.h"

/* What tells one series from another; the first columns of both. */
#define SERIES_COLUMNS                                                                             \
	{"cell", false}, {"tree", false}, {"digest", false}, {"place", false}, {"fs", false},      \
		{"cache", false}, {"pin", false}, {"baseline", false}, {"host", false},            \
	{                                                                                          \
		"fingerprint", false                                                               \
	}
enum { SERIES_COLUMNS_COUNT = 10 };

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

static void put_series(const struct store_series *s, const char **values)
{
	const char *const names[SERIES_COLUMNS_COUNT] = {
		s->cell,  s->tree, s->digest,   s->place,    s->fs,
		s->cache, s->pin,  s->baseline, s->hostname, s->fingerprint,
	};
	for (size_t i = 0; i < SERIES_COLUMNS_COUNT; i++)
		values[i] = names[i];
}

static const char *number(struct grid *g, double value)
{
	return arena_print(g->arena, "%.10g", value);
}

static void put_trend(struct grid *g, const struct trend *t)
{
	const char *values[ARRAY_LEN(series_columns)] = {0};
	const char **own = values + SERIES_COLUMNS_COUNT;
	put_series(t->series, values);
	own[0] = arena_print(g->arena, "%zu", t->n);
	if (t->n) {
		own[1] = t->points[0].started;
		own[2] = t->points[t->n - 1].started;
		own[3] = number(g, t->points[t->n - 1].ratio);
		own[4] = number(g, t->levels[t->n - 1]);
		own[5] = number(g, t->noise);
	}
	own[6] = arena_print(g->arena, "%zu", t->n_changes);
	grid_row(g, values);
}

static void put_change(struct grid *g, const struct trend *t, const struct change *change)
{
	const struct store_point *old = &t->points[change->at - 1], *new = &t->points[change->at];
	const double ratio = trend_ratio(change);
	const char *values[ARRAY_LEN(change_columns)] = {0};
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
	put_series(t->series, values);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		values[SERIES_COLUMNS_COUNT + i] = own[i];
	grid_row(g, values);
}

int trend_rows(FILE *to, const struct trends *trends, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, series_columns, ARRAY_LEN(series_columns));
	if (error)
		return error;
	for (size_t i = 0; i < trends->n; i++)
		put_trend(&grid, &trends->all[i]);
	grid_end(&grid);
	return 0;
}

int trend_change_rows(FILE *to, const struct trends *trends, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, change_columns, ARRAY_LEN(change_columns));
	if (error)
		return error;
	for (size_t i = 0; i < trends->n; i++) {
		for (size_t k = 0; k < trends->all[i].n_changes; k++)
			put_change(&grid, &trends->all[i], &trends->all[i].changes[k]);
	}
	grid_end(&grid);
	return 0;
}

static void put_point(struct grid *g, const struct trend *t, size_t i)
{
	const struct store_point *point = &t->points[i];
	const char *values[ARRAY_LEN(point_columns)] = {0};
	const char *const own[] = {
		point->run,           point->started,          point->commit,
		point->kernel,        number(g, point->ratio), number(g, point->lo),
		number(g, point->hi), number(g, t->levels[i]),
	};
	put_series(t->series, values);
	for (size_t k = 0; k < ARRAY_LEN(own); k++)
		values[SERIES_COLUMNS_COUNT + k] = own[k];
	grid_row(g, values);
}

int trend_point_rows(FILE *to, const struct trends *trends, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, point_columns, ARRAY_LEN(point_columns));
	if (error)
		return error;
	for (size_t i = 0; i < trends->n; i++) {
		for (size_t k = 0; k < trends->all[i].n; k++)
			put_point(&grid, &trends->all[i], k);
	}
	grid_end(&grid);
	return 0;
}
