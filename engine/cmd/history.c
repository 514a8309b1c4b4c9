/*
 * statmark history: stores results and finds when they changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/count.h"
#include "engine/base/outdir.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/results.h"
#include "engine/json/json.h"
#include "reports/document/document.h"
#include "reports/history/runs.h"
#include "reports/history/store.h"
#include "reports/history/trend.h"
#include "reports/page/page.h"
#include "reports/words/format.h"
#include "reports/words/grid.h"

/* One invocation: a verb, its operands, and the database. */
struct call {
	const struct history_command *options;
	const char *path;
	char **operands;
	enum exit_code code; /* used if there is no error */
	struct err *err;
};

/* --- add ------------------------------------------------------------------------------------- */

/* A document as text and as parsed data. */
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

/* The message about a document is printed when it has been stored. */
static int add_page(struct store *store, const struct stored_document *page, const char *path,
		    struct err *err)
{
	const struct points *r = &page->kept;
	bool added;
	int error = store_add(store, &r->run, r->series, r->points, r->n, &added, err);
	if (error)
		return error;
	const char *shown = or_unknown(text_visible(page->result->arena, path));
	if (added)
		printf("%s: added, %s", shown, COUNTED(r->n, "cell"));
	else
		printf("%s: already stored", shown);
	if (added && r->left_out)
		printf("; %s without a ratio to the baseline left out", GROUPED(r->left_out));
	putchar('\n');
	fflush(stdout);
	return 0;
}

/* All documents are read before the first is added, so that an error adds nothing. */
static int add(struct call *call)
{
	struct store *store = NULL;
	char **files = call->operands;
	struct err *err = call->err;
	size_t n = 0;
	while (files[n])
		n++;
	if (!n)
		return err_set(err, -EINVAL, "history add: expected RUN.json...");
	struct stored_document *pages = calloc(n, sizeof(*pages));
	int error = pages ? 0 : err_errno(err, -ENOMEM, "cannot read documents");
	struct arena *arena = arena_new();
	for (size_t i = 0; i < n && !error; i++) {
		const char *file = arena ? results_find(files[i], arena) : NULL;
		error = file ? read_page(&pages[i], file, call->options->history.commit, err)
			     : err_errno(err, -ENOMEM, "%s", files[i]);
	}
	if (!error)
		error = store_open(&store, call->path, true, err);
	for (size_t i = 0; i < n && !error; i++)
		error = add_page(store, &pages[i], files[i], err);
	store_close(store);
	release(pages, n);
	arena_free(arena);
	return error;
}

/* --- show, check ----------------------------------------------------------------------------- */

/*
 * From here on there are temporary files to remove, so a signal no longer ends the process at once.
 */
static int draw(const struct history_command *o, const struct trends *trends, const char *path,
		struct err *err)
{
	struct outdir out;
	const struct drawing_terms terms = {stderr, o->output.gp_dir, &cmd_stop, 0,
					    o->output.theme == THEME_DARK};
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

/* The data that show and check print. */
struct trend_view {
	const struct trends *trends;
	const char *path;
	bool changes; /* only changes */
};

static int write_shown(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct trend_view *s = arg;
	const enum grid_format format = grid_find(name);
	if (format != GRID_TEXT)
		return s->changes ? trend_change_rows(to, s->trends, format)
				  : trend_rows(to, s->trends, format);
	return s->changes ? trend_report(to, s->trends,
					 !is_file && isatty(fileno(to)) ? cmd_width(to) : 0)
			  : trend_table(to, s->trends, s->path, formats_width(to, is_file),
					is_file || cmd_utf8());
}

/* Prints all trends, or only those with changes. */
static int show_trends(const struct history_command *o, const char *path, const char *cells,
		       bool check, size_t *slower, struct err *err)
{
	struct trend_view shown = {.path = path, .changes = check};
	const struct formats formats = {
		.list = o->output.format,
		.names = grid_format_name,
		.write = write_shown,
		.arg = &shown,
	};
	const struct trend_terms terms = {
		.cells = cells,
		.window = (size_t)o->history.window,
		.seed = o->tree.has_seed ? o->tree.seed : 1,
		.magnitude = (double)o->history.magnitude_ppm / 1e6,
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
		error = err_set(err, -EINVAL, "%s: no cell matches '%s'", path, cells);
	if (!error)
		error = formats_write(&formats, err);
	fflush(stdout);
	if (!error && !check && !o->output.no_plots)
		error = draw(o, &trends, path, err);
	trends_release(&trends);
	store_close(store);
	return error;
}

static int show_or_check(struct call *call, bool check)
{
	const struct history_command *o = call->options;
	size_t slower = 0;
	if (call->operands[0] && call->operands[1])
		return err_set(call->err, -EINVAL, "history: expected one CELL, also got '%s'",
			       call->operands[1]);
	int error = show_trends(o, call->path, call->operands[0], check, &slower, call->err);
	if (check && o->history.strict && slower)
		call->code = EXIT_REGRESSED;
	return error;
}

static int show(struct call *call)
{
	return show_or_check(call, false);
}

static int check(struct call *call)
{
	return show_or_check(call, true);
}

/* --- list, export, remove -------------------------------------------------------------------- */

/* The data that list and export print, from an open store. */
struct stored_view {
	const char *path;
	struct store *store;
	struct runs runs;
	struct err *err;
};

static int open_view(struct stored_view *view, struct call *call)
{
	*view = (struct stored_view){.path = call->path, .err = call->err};
	int error = store_open(&view->store, call->path, false, call->err);
	return error ? error : runs_load(&view->runs, view->store, call->path, call->err);
}

static void close_view(struct stored_view *view)
{
	runs_release(&view->runs);
	store_close(view->store);
}

static int print_view(struct call *call, int (*write)(void *, const char *, FILE *, bool))
{
	struct stored_view view = {0};
	const struct formats formats = {
		.list = call->options->output.format,
		.names = grid_format_name,
		.write = write,
		.arg = &view,
	};
	int error = 0;
	if (call->operands[0])
		error = err_set(call->err, -EINVAL, "history %s: expected no operand, got '%s'",
				call->operands[-1], call->operands[0]);
	if (!error)
		error = formats_check(&formats, call->err);
	if (!error)
		error = open_view(&view, call);
	if (!error)
		error = formats_write(&formats, call->err);
	close_view(&view);
	return error;
}

static int write_runs(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct stored_view *view = arg;
	const enum grid_format format = grid_find(name);
	if (format != GRID_TEXT)
		return runs_rows(to, &view->runs, format);
	fprintf(to, "%s: %s\n", format_text(view->runs.arena, view->path),
		COUNTED(view->runs.n, "run"));
	runs_print(to, &view->runs, (size_t)formats_width(to, is_file));
	return 0;
}

static int list(struct call *call)
{
	return print_view(call, write_runs);
}

static int write_points(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct stored_view *view = arg;
	const enum grid_format format = grid_find(name);
	(void)is_file;
	return runs_point_rows(to, view->store, format == GRID_TEXT ? GRID_CSV : format, view->err);
}

static int export(struct call *call)
{
	return print_view(call, write_points);
}

static int check_removal(const struct runs_choice *c, struct err *err)
{
	if (!c->ids[0] && !c->commit && !c->since && !c->until)
		return err_set(err, -EINVAL,
			       "history remove: expected run ids, --commit, --since or --until; "
			       "statmark history list shows them");
	return 0;
}

/* What will be removed is printed before it is removed. */
static int remove_chosen(struct stored_view *view, bool yes)
{
	const size_t n = view->runs.n;
	runs_print(stdout, &view->runs, (size_t)cmd_width(stdout));
	fflush(stdout);
	int error = n && yes ? store_remove(view->store, view->runs.all, n, view->err) : 0;
	if (error)
		return error;
	if (!n)
		puts("no run matches; nothing was removed");
	else if (yes)
		printf("%s removed\n", COUNTED(n, "run"));
	else
		printf("%s would be removed; add --yes to remove\n", COUNTED(n, "run"));
	return 0;
}

static int remove_runs(struct call *call)
{
	const struct history_command *o = call->options;
	const struct runs_choice choice = {
		.ids = call->operands,
		.commit = o->history.commit,
		.since = o->history.since,
		.until = o->history.until,
	};
	struct stored_view view = {0};
	int error = check_removal(&choice, call->err);
	if (!error)
		error = open_view(&view, call);
	if (!error)
		error = runs_choose(&view.runs, &choice, call->path, call->err);
	if (!error)
		error = remove_chosen(&view, o->history.yes);
	close_view(&view);
	return error;
}

/* --- the command ----------------------------------------------------------------------------- */

/* As in the XDG base directory specification, a relative path there is ignored. */
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

/* 0 or -errno */
static int (*const verbs[])(struct call *call) = {
	[HISTORY_ADD] = add,   [HISTORY_SHOW] = show,     [HISTORY_CHECK] = check,
	[HISTORY_LIST] = list, [HISTORY_EXPORT] = export, [HISTORY_REMOVE] = remove_runs,
};

static enum exit_code run(const union options *all, char **operands)
{
	struct err err = {0};
	char path[4096];
	struct call call = {.options = &all->history, .path = path, .err = &err};
	int error = find_db(call.options, path, sizeof(path), &err);
	const int verb =
		error ? error : word_parse(history_verb_name, "history", operands[0], &err);
	if (verb < 0)
		return cmd_fail(&err);
	call.operands = operands + 1;
	error = verbs[verb](&call);
	if (!error)
		return call.code;
	err_errno(&err, error, "history");
	return cmd_fail(&err);
}

const struct command cmd_history = {
	.name = "history",
	.operands =
		"add RUN.json... | show [CELL] | check [CELL] | list | export | remove [RUN...]",
	.summary = "store results, and detect changes",
	.ends_at_once = true,
	.details =
		"Documents are kept in a database, with the ratio of every cell to its baseline:\n"
		"one series for each cell on each machine, tree, filesystem and cache state.\n"
		"'show' prints and plots them; 'check' finds changes of level and the commits\n"
		"between which each change happened. CELL is a glob such as 'statx*'.\n"
		"'list' shows the runs that are stored, 'export' every point of them. 'remove'\n"
		"selects runs by id (see 'list'), --commit, --since and --until; a run has to\n"
		"match all that are given. It lists them, and removes them only with --yes.\n",
	.bit = CMD_HISTORY,
	.run = run,
};
