#include "engine/cmd/parts/runs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/parts/formats.h"
#include "reports/history/store.h"
#include "reports/words/format.h"
#include "reports/words/grid.h"

enum { DATE_LENGTH = 10, COMMIT_SHOWN = 12, WIDTH_MIN = 60 };

struct shown {
	struct store *store;
	struct arena *arena;
	const char *path;
	struct store_stored *runs;
	size_t n;
	struct err *err;
};

static int open_runs(struct shown *s)
{
	int error = store_open(&s->store, s->path, false, s->err);
	s->arena = error ? NULL : arena_new();
	if (!error && !s->arena)
		error = err_errno(s->err, -ENOMEM, "%s", s->path);
	return error ? error : store_runs(s->store, s->arena, &s->runs, &s->n, s->err);
}

static enum exit_code close_runs(struct shown *s, int error)
{
	arena_free(s->arena);
	store_close(s->store);
	if (!error)
		return EXIT_DONE;
	err_errno(s->err, error, "history");
	return cmd_fail(s->err);
}

static int write_with(const struct history_command *o, struct shown *s,
		      int (*write)(void *, const char *, FILE *, bool))
{
	const struct formats formats = {
		.list = o->output.format, .check = formats_check_rows, .write = write, .arg = s};
	int error = formats_check(&formats, s->err);
	if (!error)
		error = open_runs(s);
	return error ? error : formats_write(&formats, s->err);
}

static int refuse_operand(const char *verb, char **operands, struct err *err)
{
	return operands[0] ? err_set(err, -EINVAL, "history %s: expected no operand, got '%s'",
				     verb, operands[0])
			   : 0;
}

/* --- list ------------------------------------------------------------------------------------ */

static const char *shown_text(struct arena *arena, const char *text)
{
	return text && *text ? format_text(arena, text) : "-";
}

/* "2026-01-02  c1  2 cells of flat  ID", and the cells below it. */
static void put_run(const struct shown *s, const struct store_stored *run, FILE *to, size_t width)
{
	struct arena *a = s->arena;
	const char *line = arena_print(
		a, "%.*s  %s  %s of %s  %s", DATE_LENGTH, shown_text(a, run->started),
		text_shorten(a, shown_text(a, run->commit), COMMIT_SHOWN),
		COUNTED(run->cells, "cell"), shown_text(a, run->trees), shown_text(a, run->id));
	const char *cells = text_shorten(a, shown_text(a, run->names), 3 * width);
	wrap_print(to, line ? line : "?", 0, 4, width);
	fputs("\n    ", to);
	wrap_print(to, cells ? cells : "?", 4, 4, width);
	fputc('\n', to);
}

static int list_text(const struct shown *s, FILE *to, size_t width)
{
	fprintf(to, "%s: %s\n", format_text(s->arena, s->path), COUNTED(s->n, "run"));
	for (size_t i = 0; i < s->n; i++)
		put_run(s, &s->runs[i], to, width);
	return 0;
}

static const struct grid_column list_columns[] = {
	{"run", false},   {"started", false}, {"commit", false}, {"kernel", false},
	{"trees", false}, {"cells", true},    {"names", false},
};

static int list_one(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct shown *s = arg;
	struct grid grid;
	if (strcmp(name, "text") == 0)
		return list_text(s, to, (size_t)MAX(is_file ? 80 : cmd_width(to), WIDTH_MIN));
	int error = grid_begin(&grid, to, grid_find(name), list_columns, ARRAY_LEN(list_columns));
	for (size_t i = 0; i < s->n && !error; i++) {
		const struct store_stored *r = &s->runs[i];
		const char *const values[ARRAY_LEN(list_columns)] = {
			r->id,     r->started, r->commit,
			r->kernel, r->trees,   arena_print(s->arena, "%" PRIu64, r->cells),
			r->names,
		};
		grid_row(&grid, values);
	}
	if (!error)
		grid_end(&grid);
	return error;
}

enum exit_code runs_list(const struct history_command *options, const char *path, char **operands)
{
	struct err err = {0};
	struct shown s = {.path = path, .err = &err};
	int error = refuse_operand("list", operands, &err);
	return close_runs(&s, error ? error : write_with(options, &s, list_one));
}

/* --- export ---------------------------------------------------------------------------------- */

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

/* Series after series, each in the order of time: tidy, a row for a point. */
static int export_one(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct shown *s = arg;
	const bool plain = strcmp(name, "text") == 0;
	struct store_series *series;
	struct grid grid;
	uint64_t runs;
	size_t n = 0;
	(void)is_file;
	int error = store_list(s->store, s->arena, &series, &n, &runs, s->err);
	if (error)
		return error;
	error = grid_begin(&grid, to, plain ? GRID_CSV : grid_find(name), point_columns,
			   ARRAY_LEN(point_columns));
	if (error)
		return error;
	for (size_t i = 0; i < n && !error; i++) {
		struct store_point *points;
		size_t n_points = 0;
		error = store_points(s->store, series[i].id, (size_t)runs, grid.arena, &points,
				     &n_points, s->err);
		for (size_t k = 0; k < n_points && !error; k++)
			put_point(&grid, &series[i], &points[k]);
	}
	grid_end(&grid);
	return error;
}

enum exit_code runs_export(const struct history_command *options, const char *path, char **operands)
{
	struct err err = {0};
	struct shown s = {.path = path, .err = &err};
	int error = refuse_operand("export", operands, &err);
	return close_runs(&s, error ? error : write_with(options, &s, export_one));
}

/* --- remove ---------------------------------------------------------------------------------- */

static bool is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	size_t i = 0;
	for (; form[i] && text[i]; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return !form[i] && !text[i];
}

static int check_removal(const struct history_command *o, char **ids, struct err *err)
{
	if (!ids[0] && !o->history.commit && !o->history.since && !o->history.until)
		return err_set(err, -EINVAL,
			       "history remove: name what is to go: run ids, --commit, --since or "
			       "--until; statmark history list shows them");
	if (o->history.since && !is_date(o->history.since))
		return err_set(err, -EINVAL, "--since: expected a date like 2026-01-31, got '%s'",
			       o->history.since);
	if (o->history.until && !is_date(o->history.until))
		return err_set(err, -EINVAL, "--until: expected a date like 2026-01-31, got '%s'",
			       o->history.until);
	return 0;
}

static bool is_named(const struct store_stored *run, char **ids)
{
	bool named = !ids[0];
	for (; *ids && !named; ids++)
		named = strcmp(run->id, *ids) == 0;
	return named;
}

/* All that is told has to hold; dates are of UTC, and both ends belong to the range. */
static bool is_chosen(const struct history_command *o, const struct store_stored *run, char **ids)
{
	return is_named(run, ids) &&
	       (!o->history.commit || same_text(run->commit, o->history.commit)) &&
	       (!o->history.since || strncmp(run->started, o->history.since, DATE_LENGTH) >= 0) &&
	       (!o->history.until || strncmp(run->started, o->history.until, DATE_LENGTH) <= 0);
}

static int check_ids(const struct shown *s, char **ids)
{
	for (; *ids; ids++) {
		size_t i = 0;
		while (i < s->n && strcmp(s->runs[i].id, *ids) != 0)
			i++;
		if (i == s->n)
			return err_set(s->err, -EINVAL, "%s has no run '%s'; nothing was removed",
				       s->path, *ids);
	}
	return 0;
}

static int remove_chosen(const struct history_command *o, struct shown *s, char **ids)
{
	int64_t *rows = arena_alloc(s->arena, (s->n + 1) * sizeof(*rows));
	size_t n = 0;
	int error = rows ? check_ids(s, ids) : -ENOMEM;
	if (error)
		return error;
	const size_t width = (size_t)MAX(cmd_width(stdout), WIDTH_MIN);
	for (size_t i = 0; i < s->n; i++) {
		if (!is_chosen(o, &s->runs[i], ids))
			continue;
		put_run(s, &s->runs[i], stdout, width);
		rows[n++] = s->runs[i].row;
	}
	fflush(stdout);
	if (n && o->history.yes)
		error = store_remove(s->store, rows, n, s->err);
	if (error)
		return error;
	if (!n)
		puts("no run is like that: nothing was removed");
	else if (o->history.yes)
		printf("%s removed\n", COUNTED(n, "run"));
	else
		printf("%s would be removed: to do it, add --yes\n", COUNTED(n, "run"));
	return 0;
}

enum exit_code runs_remove(const struct history_command *options, const char *path, char **operands)
{
	struct err err = {0};
	struct shown s = {.path = path, .err = &err};
	int error = check_removal(options, operands, &err);
	if (!error)
		error = open_runs(&s);
	if (!error)
		error = remove_chosen(options, &s, operands);
	return close_runs(&s, error);
}
