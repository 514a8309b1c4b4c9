/* statmark report: show and draw again what a run has saved. */
#include <errno.h>
#include <stdio.h>

#include "engine/base/outdir.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/results.h"
#include "engine/cmd/parts/show.h"
#include "reports/plots/plots.h"

static enum exit_code show(const struct options *options, const struct result *result)
{
	struct err err = {0};
	return show_result(options, result, &err) ? cmd_fail(&err) : EXIT_DONE;
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

/* Who asks for another format wants no plots, unless it is said where. */
static bool is_drawn(const struct options *options)
{
	return !options->no_plots && (options->out || formats_has(options->format, "text"));
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
	if (show_check(options, &err) || results_read(operands[0], &result, &document, &err)) {
		result_free(result);
		return cmd_fail(&err);
	}
	enum exit_code code = show(options, result);
	fflush(stdout);
	if (code == EXIT_DONE && is_drawn(options))
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
