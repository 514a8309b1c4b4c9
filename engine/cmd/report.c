/*
 * statmark report: shows and draws saved results again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/outdir.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/results.h"
#include "reports/page/page.h"
#include "reports/plots/plots.h"
#include "reports/plots/scripts.h"

/* The most that a page can show in tabs. */
enum { RUNS_MAX = 32 };

struct report {
	struct page_run runs[RUNS_MAX];
	struct result *results[RUNS_MAX];
	const char *documents[RUNS_MAX]; /* their paths */
	size_t n;
};

static int print(const struct report_command *options, const struct report *r, struct err *err)
{
	int error = 0;
	for (size_t i = 0; i < r->n && !error; i++) {
		if (r->n > 1)
			printf("%s%s\n\n", i ? "\n" : "", r->documents[i]);
		error = show_result(&options->output, r->results[i], err);
	}
	fflush(stdout);
	return error;
}

/* Plots are drawn for a single run only, because several would have the same file names. */
static int draw(const struct report_command *options, const struct report *r, struct err *err)
{
	struct outdir out;
	const struct drawing_terms terms = {stderr, options->output.gp_dir, &cmd_stop, 0,
					    options->output.theme == THEME_DARK};
	int error = results_open_beside(&out, &options->output, r->documents[0],
					r->results[0]->arena, err);
	if (!error)
		error = page_write(&out, r->runs, r->n, stderr, err);
	if (!error && r->n == 1)
		error = plots_draw(r->results[0], &out, &terms, err);
	outdir_close(&out);
	return error;
}

static int read_all(char **operands, struct report *r, struct err *err)
{
	int error = 0;
	for (; operands[r->n] && !error; r->n += !error) {
		const size_t i = r->n;
		if (i == RUNS_MAX)
			return err_set(err, -E2BIG, "report: expected at most %d documents",
				       RUNS_MAX);
		error = results_read(operands[i], &r->results[i], &r->documents[i], err);
		r->runs[i] = (struct page_run){operands[i], r->results[i]};
	}
	return error;
}

static int check(const struct report_command *options, char **operands, struct err *err)
{
	if (!operands[0])
		return err_set(err, -EINVAL,
			       "report: expected a RUN.json; see statmark report --help");
	if (operands[1] && options->output.format &&
	    strcmp(options->output.format, FORMAT_TEXT) != 0)
		return err_set(err, -EINVAL, "report: --format %s takes one document",
			       options->output.format);
	if (operands[1] && !options->output.out && !options->output.no_plots)
		return err_set(
			err, -EINVAL,
			"report: several documents need -o DIR, where their page is written");
	return show_check(&options->output, err);
}

/* With --format, page and plots are made only if -o is given. */
static bool is_drawn(const struct report_command *options)
{
	return !options->output.no_plots &&
	       (options->output.out || formats_has(options->output.format, FORMAT_TEXT));
}

static enum exit_code run(const union options *all, char **operands)
{
	const struct report_command *options = &all->report;
	struct report r = {.n = 0};
	struct err err = {0};
	int error = check(options, operands, &err);
	if (!error && options->output.gp_dir)
		error = scripts_check(options->output.gp_dir, &err);
	if (!error)
		error = read_all(operands, &r, &err);
	if (!error)
		error = print(options, &r, &err);
	if (!error && is_drawn(options)) {
		/*
		 * From here on there are temporary files to remove, so a signal no longer ends the
		 * process at once.
		 */
		cmd_catch_signals();
		error = draw(options, &r, &err);
	}
	for (size_t i = 0; i < RUNS_MAX; i++)
		result_free(r.results[i]);
	return error ? cmd_fail(&err) : EXIT_DONE;
}

const struct command cmd_report = {
	.name = "report",
	.operands = "RUN.json...",
	.ends_at_once = true,
	.summary = "print the table of a saved run, and draw its page and plots",
	.details =
		"RUN.json may also be the directory of a run, or 'latest' for the last run in\n"
		"statmark-out. --output gets index.html, a page in one file, and the plots (SVG\n"
		"and PNG, made by gnuplot). Scripts and data of the plots go into\n"
		"--output/plots. Several documents are compared on one page, without plots.\n",
	.bit = CMD_REPORT,
	.run = run,
};
