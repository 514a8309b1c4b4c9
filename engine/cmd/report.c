/* statmark report: show and draw again what a run has saved. */
#include <errno.h>
#include <stdio.h>

#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "reports/document/document.h"
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

static enum exit_code draw(const struct options *options, const struct result *result)
{
	struct err err = {0};
	int error = make_dirs(options->out);
	if (error)
		err_errno(&err, error, "%s", options->out);
	else
		error = plots_draw(result, options->out, stderr, &err);
	return error ? cmd_fail(&err) : EXIT_DONE;
}

static enum exit_code run(const struct options *options, char **operands)
{
	struct result *result;
	struct err err = {0};
	if (!operands[0] || operands[1]) {
		err_set(&err, -EINVAL, "report takes one RUN.json; --help tells more");
		return cmd_fail(&err);
	}
	if (document_read(operands[0], &result, &err))
		return cmd_fail(&err);
	enum exit_code code = show(options, result);
	fflush(stdout);
	if (code == EXIT_DONE && !options->no_plots)
		code = draw(options, result);
	result_free(result);
	return code;
}

const struct command cmd_report = {
	.name = "report",
	.operands = "RUN.json",
	.summary = "show what a run has saved, and draw its plots",
	.details = "Prints the table of a result document and draws its plots (SVG and PNG, by\n"
		   "gnuplot) into --output; their scripts and data go into --output/plots.\n",
	.bit = CMD_REPORT,
	.run = run,
};
