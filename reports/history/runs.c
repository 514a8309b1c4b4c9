#include "reports/history/runs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

int runs_load(struct runs *runs, struct store *store, const char *path, struct err *err)
{
	*runs = (struct runs){.arena = arena_new()};
	if (!runs->arena)
		return err_errno(err, -ENOMEM, "%s", path);
	return store_runs(store, runs->arena, &runs->all, &runs->n, err);
}

void runs_release(struct runs *runs)
{
	arena_free(runs->arena);
	*runs = (struct runs){.n = 0};
}

/* --- In words -------------------------------------------------------------------------------- */

enum { DATE_LENGTH = 10, COMMIT_SHOWN = 12 };

static const char *shown_text(struct arena *arena, const char *text)
{
	return text && *text ? format_text(arena, text) : "-";
}

/* "2026-01-02  c1  2 cells of flat  ID", and the cells below it. */
static void put_run(FILE *to, const struct store_stored *run, struct arena *a, size_t width)
{
	const char *line = arena_print(
		a, "%.*s  %s  %s of %s  %s", DATE_LENGTH, shown_text(a, run->started),
		text_shorten(a, shown_text(a, run->commit), COMMIT_SHOWN),
		COUNTED(run->cells, "cell"), shown_text(a, run->trees), shown_text(a, run->id));
	const char *cells = text_shorten(a, shown_text(a, run->names), 3 * width);
	wrap_print(to, or_unknown(line), 0, 4, width);
	fputs("\n    ", to);
	wrap_print(to, or_unknown(cells), 4, 4, width);
	fputc('\n', to);
}

void runs_print(FILE *to, const struct runs *runs, size_t width)
{
	for (size_t i = 0; i < runs->n; i++)
		put_run(to, &runs->all[i], runs->arena, width);
}

/* --- As rows for other programs -------------------------------------------------------------- */

static const struct grid_column run_columns[] = {
	{"run", false},   {"started", false}, {"commit", false}, {"kernel", false},
	{"trees", false}, {"cells", true},    {"names", false},
};

int runs_rows(FILE *to, const struct runs *runs, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, run_columns, ARRAY_LEN(run_columns));
	if (error)
		return error;
	for (size_t i = 0; i < runs->n; i++) {
		const struct store_stored *r = &runs->all[i];
		const char *const values[ARRAY_LEN(run_columns)] = {
			r->id,     r->started, r->commit,
			r->kernel, r->trees,   arena_print(grid.arena, "%" PRIu64, r->cells),
			r->names,
		};
		grid_row(&grid, values);
	}
	grid_end(&grid);
	return 0;
}

static const struct grid_column point_columns[] = {
	{"run", false},      {"started", false},     {"commit", false}, {"kernel", false},
	{"host", false},     {"fingerprint", false}, {"tree", false},   {"digest", false},
	{"place", false},    {"fs", false},          {"cache", false},  {"pin", false},
	{"baseline", false}, {"cell", false},        {"ratio", true},   {"lo", true},
	{"hi", true},        {"ns_per_entry", true},
};

static void put_point(struct grid *g, const struct store_series *s, const struct store_point *p)
{
	struct arena *a = g->arena;
	const char *const values[ARRAY_LEN(point_columns)] = {
		p->run,
		p->started,
		p->commit,
		p->kernel,
		s->hostname,
		s->fingerprint,
		s->tree,
		s->digest,
		s->place,
		s->fs,
		s->cache,
		s->pin,
		s->baseline,
		s->cell,
		arena_print(a, "%.10g", p->ratio),
		arena_print(a, "%.10g", p->lo),
		arena_print(a, "%.10g", p->hi),
		arena_print(a, "%.10g", p->ns),
	};
	grid_row(g, values);
}

int runs_point_rows(FILE *to, struct store *store, enum grid_format format, struct err *err)
{
	struct store_series *series;
	struct grid grid;
	uint64_t runs;
	size_t n = 0;
	int error = grid_begin(&grid, to, format, point_columns, ARRAY_LEN(point_columns));
	if (error)
		return error;
	error = store_list(store, grid.arena, &series, &n, &runs, err);
	for (size_t i = 0; i < n && !error; i++) {
		struct store_point *points;
		size_t n_points = 0;
		error = store_points(store, series[i].id, (size_t)runs, grid.arena, &points,
				     &n_points, err);
		for (size_t k = 0; k < n_points && !error; k++)
			put_point(&grid, &series[i], &points[k]);
	}
	grid_end(&grid);
	return error;
}

/* --- Choosing -------------------------------------------------------------------------------- */

static bool is_one_of(const struct store_stored *run, char *const *ids)
{
	bool named = !ids[0];
	for (; *ids && !named; ids++)
		named = strcmp(run->id, *ids) == 0;
	return named;
}

static bool is_chosen(const struct store_stored *run, const struct runs_choice *c)
{
	return is_one_of(run, c->ids) && (!c->commit || same_text(run->commit, c->commit)) &&
	       (!c->since || strncmp(run->started, c->since, DATE_LENGTH) >= 0) &&
	       (!c->until || strncmp(run->started, c->until, DATE_LENGTH) <= 0);
}

static int check_ids(const struct runs *runs, char *const *ids, const char *path, struct err *err)
{
	for (; *ids; ids++) {
		size_t i = 0;
		while (i < runs->n && strcmp(runs->all[i].id, *ids) != 0)
			i++;
		if (i == runs->n)
			return err_set(err, -EINVAL, "%s: no run '%s'; nothing was removed", path,
				       *ids);
	}
	return 0;
}

int runs_choose(struct runs *runs, const struct runs_choice *choice, const char *path,
		struct err *err)
{
	size_t chosen = 0;
	int error = check_ids(runs, choice->ids, path, err);
	for (size_t i = 0; i < runs->n && !error; i++) {
		if (is_chosen(&runs->all[i], choice))
			runs->all[chosen++] = runs->all[i];
	}
	if (!error)
		runs->n = chosen;
	return error;
}
