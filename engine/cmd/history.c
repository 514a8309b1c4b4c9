/* statmark history: results remembered, and when they changed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/count.h"
#include "engine/base/outdir.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/results.h"
#include "engine/json/json.h"
#include "reports/document/document.h"
#include "reports/history/store.h"
#include "reports/history/trend.h"
#include "reports/page/page.h"
#include "reports/words/format.h"
#include "reports/words/grid.h"

/* statmark history list, export and remove: the runs that the database holds. */

enum { DATE_LENGTH = 10, COMMIT_SHOWN = 12, WIDTH_MIN = 60 };

struct run_list {
	struct store *store;
	struct arena *arena;
	const char *path;
	struct store_stored *runs;
	size_t n;
	struct err *err;
};

static int open_runs(struct run_list *s)
{
	int error = store_open(&s->store, s->path, false, s->err);
	s->arena = error ? NULL : arena_new();
	if (!error && !s->arena)
		error = err_errno(s->err, -ENOMEM, "%s", s->path);
	return error ? error : store_runs(s->store, s->arena, &s->runs, &s->n, s->err);
}

static enum exit_code close_runs(struct run_list *s, int error)
{
	arena_free(s->arena);
	store_close(s->store);
	if (!error)
		return EXIT_DONE;
	err_errno(s->err, error, "history");
	return cmd_fail(s->err);
}

static int write_with(const struct history_command *o, struct run_list *s,
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
static void put_run(const struct run_list *s, const struct store_stored *run, FILE *to,
		    size_t width)
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

static int list_text(const struct run_list *s, FILE *to, size_t width)
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
	const struct run_list *s = arg;
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

/* path is the database's; operands follow the verb. */
static enum exit_code runs_list(const struct history_command *options, const char *path,
				char **operands)
{
	struct err err = {0};
	struct run_list s = {.path = path, .err = &err};
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
	const struct run_list *s = arg;
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

static enum exit_code runs_export(const struct history_command *options, const char *path,
				  char **operands)
{
	struct err err = {0};
	struct run_list s = {.path = path, .err = &err};
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
			       "history remove: expected run ids, --commit, --since or --until; "
			       "statmark history list shows them");
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

static int check_ids(const struct run_list *s, char **ids)
{
	for (; *ids; ids++) {
		size_t i = 0;
		while (i < s->n && strcmp(s->runs[i].id, *ids) != 0)
			i++;
		if (i == s->n)
			return err_set(s->err, -EINVAL, "%s: no run '%s'; nothing was removed",
				       s->path, *ids);
	}
	return 0;
}

static int remove_chosen(const struct history_command *o, struct run_list *s, char **ids)
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
		puts("no run matches; nothing was removed");
	else if (o->history.yes)
		printf("%s removed\n", COUNTED(n, "run"));
	else
		printf("%s would be removed; add --yes to do it\n", COUNTED(n, "run"));
	return 0;
}

static enum exit_code runs_remove(const struct history_command *options, const char *path,
				  char **operands)
{
	struct err err = {0};
	struct run_list s = {.path = path, .err = &err};
	int error = check_removal(options, operands, &err);
	if (!error)
		error = open_runs(&s);
	if (!error)
		error = remove_chosen(options, &s, operands);
	return close_runs(&s, error);
}

/* A document as text and as what it says. */
struct stored_document {
	char *text;
	size_t size;
	struct result *result;
	struct points kept;
};

static void release(struct stored_document *pages, size_t n)
{
	for (size_t i = 0; pages && i < n; i++) {
		free(pages[i].text);
		result_free(pages[i].result);
	}
	free(pages);
}

static int read_page(struct stored_document *page, const char *path, const char *commit,
		     struct err *err)
{
	struct err here = {0};
	int error = json_read_text(path, &page->text, &page->size, err);
	if (!error)
		error = document_parse(path, page->text, page->size, &page->result, err);
	if (error)
		return error;
	error = points_make(&page->kept, page->result, commit, &here);
	page->kept.run.document = page->text;
	page->kept.run.size = page->size;
	return error ? err_set(err, error, "%s: %s", path, here.text) : 0;
}

/* What is said of a document is said once it is safe. */
static int add_page(struct store *store, const struct stored_document *page, const char *path,
		    struct err *err)
{
	const struct points *r = &page->kept;
	bool added;
	int error = store_add(store, &r->run, r->series, r->points, r->n, &added, err);
	if (error)
		return error;
	char *shown = text_visible(page->result->arena, path);
	if (added)
		printf("%s: added, %s", shown ? shown : "?", COUNTED(r->n, "cell"));
	else
		printf("%s: already stored", shown ? shown : "?");
	if (added && r->left_out)
		printf("; %s without a ratio to the baseline left out", GROUPED(r->left_out));
	putchar('\n');
	fflush(stdout);
	return 0;
}

/* All documents are read before the first is added: a mistake adds nothing. */
static enum exit_code add(const struct history_command *o, const char *path, char **files,
			  struct err *err)
{
	struct store *store = NULL;
	size_t n = 0;
	while (files[n])
		n++;
	if (!n) {
		err_set(err, -EINVAL, "history add: expected RUN.json...");
		return cmd_fail(err);
	}
	struct stored_document *pages = calloc(n, sizeof(*pages));
	int error = pages ? 0 : err_errno(err, -ENOMEM, "reading");
	struct arena *arena = arena_new();
	for (size_t i = 0; i < n && !error; i++) {
		const char *file = arena ? results_find(files[i], arena) : NULL;
		error = file ? read_page(&pages[i], file, o->history.commit, err)
			     : err_errno(err, -ENOMEM, "%s", files[i]);
	}
	if (!error)
		error = store_open(&store, path, true, err);
	for (size_t i = 0; i < n && !error; i++)
		error = add_page(store, &pages[i], files[i], err);
	store_close(store);
	release(pages, n);
	arena_free(arena);
	return error ? cmd_fail(err) : EXIT_DONE;
}

/* From here on there is something to tidy up: a signal no longer ends the process at once. */
static int draw(const struct history_command *o, const struct trends *trends, const char *path,
		struct err *err)
{
	struct outdir out;
	const struct drawing_terms terms = {stderr, o->output.gp_dir, &cmd_stop, 0};
	cmd_catch_signals();
	int error = outdir_open(&out, o->output.history_out, o->output.force_output, err);
	if (!error)
		error = outdir_lock(&out, err);
	if (!error)
		error = page_write_trends(&out, trends, path, stderr, err);
	if (!error)
		error = trend_plot(trends, path, &out, &terms, err);
	outdir_close(&out);
	return error;
}

/* What show and check print. */
struct trend_view {
	const struct trends *trends;
	const char *path;
	bool changes; /* only these */
};

static int write_shown(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct trend_view *s = arg;
	if (strcmp(name, "text") != 0)
		return s->changes ? trend_change_rows(to, s->trends, grid_find(name))
				  : trend_rows(to, s->trends, grid_find(name));
	return s->changes ? trend_report(to, s->trends,
					 !is_file && isatty(fileno(to)) ? cmd_width(to) : 0)
			  : trend_table(to, s->trends, s->path, is_file ? 80 : cmd_width(to),
					is_file || cmd_utf8());
}

/* Shows what there is, or what has changed. */
static int show_trends(const struct history_command *o, const char *path, const char *cells,
		       bool check, size_t *slower, struct err *err)
{
	struct trend_view shown = {.path = path, .changes = check};
	const struct formats formats = {
		.list = o->output.format,
		.check = formats_check_rows,
		.write = write_shown,
		.arg = &shown,
	};
	const struct trend_terms terms = {
		.cells = cells,
		.window = (size_t)o->history.window,
		.seed = o->tree.has_seed ? o->tree.seed : 1,
		.magnitude = (double)o->history.magnitude_ppm / 1e6,
		.with_origins = !check && !o->output.no_plots,
	};
	struct trends trends = {0};
	struct store *store = NULL;
	int error = formats_check(&formats, err);
	if (!error)
		error = store_open(&store, path, false, err);
	if (!error)
		error = trends_load(&trends, store, &terms, err);
	shown.trends = &trends;
	*slower = error ? 0 : trend_slower(&trends);
	if (!error && cells && !trends.n)
		error = err_set(err, -EINVAL, "%s has no cell like '%s'", path, cells);
	if (!error)
		error = formats_write(&formats, err);
	fflush(stdout);
	if (!error && !check && !o->output.no_plots)
		error = draw(o, &trends, path, err);
	trends_release(&trends);
	store_close(store);
	return error;
}

static enum exit_code show_or_check(const struct history_command *o, const char *path,
				    char **operands, bool check, struct err *err)
{
	size_t slower = 0;
	int error = 0;
	if (operands[0] && operands[1])
		error = err_set(err, -EINVAL, "history: expected one CELL, also got '%s'",
				operands[1]);
	if (!error)
		error = show_trends(o, path, operands[0], check, &slower, err);
	if (error) {
		err_errno(err, error, "history");
		return cmd_fail(err);
	}
	return check && o->history.strict && slower ? EXIT_REGRESSED : EXIT_DONE;
}

/* As the XDG base directories have it: a relative path there is to be ignored. */
static int find_db(const struct history_command *o, char *path, size_t size, struct err *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int length;
	if (o->history.db)
		length = snprintf(path, size, "%s", o->history.db);
	else if (state && *state == '/')
		length = snprintf(path, size, "%s/statmark/history.db", state);
	else if (home && *home == '/')
		length = snprintf(path, size, "%s/.local/state/statmark/history.db", home);
	else
		return err_set(err, -EINVAL,
			       "no home directory is known; name the database with --db");
	if (length < 0 || (size_t)length >= size)
		return err_errno(err, -ENAMETOOLONG, "%.100s", path);
	return 0;
}

static const char *const verbs[] = {"add", "show", "check", "list", "export", "remove"};

static const char *verb_name(size_t i, const void *arg)
{
	(void)arg;
	return verbs[i];
}

static enum exit_code run(const union options *all, char **operands)
{
	const struct history_command *options = &all->history;
	struct err err = {0};
	char path[4096];
	const char *verb = operands[0] ? operands[0] : "";
	if (find_db(options, path, sizeof(path), &err))
		return cmd_fail(&err);
	if (strcmp(verb, "add") == 0)
		return add(options, path, operands + 1, &err);
	if (strcmp(verb, "show") == 0)
		return show_or_check(options, path, operands + 1, false, &err);
	if (strcmp(verb, "check") == 0)
		return show_or_check(options, path, operands + 1, true, &err);
	if (strcmp(verb, "list") == 0)
		return runs_list(options, path, operands + 1);
	if (strcmp(verb, "export") == 0)
		return runs_export(options, path, operands + 1);
	if (strcmp(verb, "remove") == 0)
		return runs_remove(options, path, operands + 1);
	const char *near = nearest(verb, ARRAY_LEN(verbs), verb_name, NULL);
	err_set(&err, -EINVAL,
		"history: expected add, show, check, list, export or remove%s%s%s%s%s%s",
		*verb ? ", got '" : "", verb, *verb ? "'" : "", near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	return cmd_fail(&err);
}

const struct command cmd_history = {
	.name = "history",
	.operands =
		"add RUN.json... | show [CELL] | check [CELL] | list | export | remove [RUN...]",
	.summary = "store results, and find when they changed",
	.ends_at_once = true,
	.details =
		"Documents are kept in a database, with the ratio of every cell to its baseline:\n"
		"one series for each cell on each machine, tree, filesystem and cache state.\n"
		"'show' prints and plots them; 'check' finds changes of level and the commits\n"
		"between which each change happened. CELL is a glob such as 'statx*'.\n"
		"'list' shows the runs that are stored, 'export' every point of them. 'remove'\n"
		"takes ids that list shows, --commit, --since and --until; a run goes if all of\n"
		"these hold. It says what would go, and removes it only with --yes.\n",
	.bit = CMD_HISTORY,
	.run = run,
};
