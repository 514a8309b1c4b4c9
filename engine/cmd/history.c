/* statmark history: results remembered, and when they changed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/outdir.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/results.h"
#include "engine/cmd/parts/runs.h"
#include "engine/json/json.h"
#include "reports/document/document.h"
#include "reports/history/points.h"
#include "reports/history/store.h"
#include "reports/history/trend.h"
#include "reports/page/page.h"

/* A document as text and as what it says. */
struct page {
	char *text;
	size_t size;
	struct result *result;
	struct points kept;
};

static void release(struct page *pages, size_t n)
{
	for (size_t i = 0; pages && i < n; i++) {
		free(pages[i].text);
		result_free(pages[i].result);
	}
	free(pages);
}

static int read_page(struct page *page, const char *path, const char *commit, struct err *err)
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
static int add_page(struct store *store, const struct page *page, const char *path, struct err *err)
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
	struct page *pages = calloc(n, sizeof(*pages));
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
struct shown {
	const struct trends *trends;
	const char *path;
	bool changes; /* only these */
};

static int write_shown(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct shown *s = arg;
	if (strcmp(name, "text") != 0)
		return s->changes ? trend_change_rows(to, s->trends, grid_find(name))
				  : trend_rows(to, s->trends, grid_find(name));
	return s->changes ? trend_report(to, s->trends)
			  : trend_table(to, s->trends, s->path, is_file ? 80 : cmd_width(to),
					is_file || cmd_utf8());
}

/* Shows what there is, or what has changed. */
static int look(const struct history_command *o, const char *path, const char *cells, bool check,
		size_t *slower, struct err *err)
{
	struct shown shown = {.path = path, .changes = check};
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
		error = look(o, path, operands[0], check, &slower, err);
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
			       "there is no home directory; name the database with --db");
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
