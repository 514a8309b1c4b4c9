/* statmark report: show and draw again what a run has saved. */
#include <errno.h>
#include <stdio.h>

#include "engine/base/outdir.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/results.h"
#include "reports/plots/plots.h"
#include "reports/table/table.h"

static enum exit_code show(const struct options *options, const struct result *result)
{
	const struct table_style style = {
		.width = cmd_width(stdout),
		.color = cmd_color(options, stdout),
		.utf8 = cmd_utf8(),
	};
	struct err err = {0};
	int error = table_print(stdout, result, &style);
	if (!error)
		return EXIT_DONE;
	err_errno(&err, error, "showing the table");
	return cmd_fail(&err);
}

/* From here on there is something to tidy up: a signal no longer ends the process at once. */
static enum exit_code draw(const struct options *options, const struct result *result,
			   const char *document)
{
	struct err err = {0};
	struct outdir out;
	cmd_catch_signals();
	int error = results_open_beside(&out, options, document, result->arena, &err);
	if (!error)
		error = plots_draw(result, &out, stderr, &cmd_stop, 0, &err);
	outdir_close(&out);
	return error ? cmd_fail(&err) : EXIT_DONE;
}

static enum exit_code run(const struct options *options, char **operands)
{
	struct result *result = NULL;
	struct err err = {0};
	const char *document;
	if (!operands[0] || operands[1]) {
		err_set(&err, -EINVAL, "report: expected one RUN.json; see statmark report --help");
		return cmd_fail(&err);
	}
	if (results_read(operands[0], &result, &document, &err)) {
		result_free(result);
		return cmd_fail(&err);
	}
	enum exit_code code = show(options, result);
	fflush(stdout);
	if (code == EXIT_DONE && !options->no_plots)
		code = draw(options, result, document);
	result_free(result);
	return code;
}

const struct command cmd_report = {
	.name = "report",
	.operands = "RUN.json",
	.ends_at_once = true,
	.summary = "print the table of a saved run, and draw its plots",
	.details = "RUN.json may also be the directory of a run, or latest: the last run written\n"
		   "into statmark-out. The plots (SVG and PNG, made by gnuplot) go into --output,\n"
		   "their scripts and data into --output/plots.\n",
	.bit = CMD_REPORT,
	.run = run,
};
