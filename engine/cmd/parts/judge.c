#include "engine/cmd/parts/judge.h"

#include <errno.h>
#include <stdio.h>

#include "engine/base/outdir.h"
#include "engine/cmd/parts/formats.h"
#include "reports/page/page.h"
#include "reports/plots/scripts.h"
#include "reports/present/present.h"
#include "reports/verdict/judgement_plot.h"

struct showing {
	const struct output_options *options;
	const struct judgement *judgement;
};

static int check_name(const char *name, struct err *err)
{
	return present_find(name, err) ? 0 : -EINVAL;
}

static int write_one(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct showing *s = arg;
	const struct present_style style = {
		.width = is_file ? 80 : cmd_width(to),
		.color = !is_file && cmd_color(s->options, to),
		.utf8 = !is_file && cmd_utf8(),
	};
	struct err err = {0};
	return present_find(name, &err)->write(to, s->judgement, &style);
}

int judge_check(const struct output_options *options, const struct limit_options *limits,
		struct err *err)
{
	const struct formats formats = {.list = options->format, .check = check_name};
	int error = formats_check(&formats, err);
	if (!error && options->gp_dir)
		error = scripts_check(options->gp_dir, err);
	if (error)
		return error;
	if (limits->tolerance_ppm > limits->limit_ppm)
		return err_set(err, -EINVAL,
			       "--tolerance %g is above --limit %g: a slowdown that is tolerated "
			       "cannot be excluded; raise --limit",
			       (double)limits->tolerance_ppm / 1e4,
			       (double)limits->limit_ppm / 1e4);
	return 0;
}

static enum exit_code exit_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REGRESSED:
		return EXIT_REGRESSED;
	case VERDICT_INVALID:
		return EXIT_FAILED;
	case VERDICT_INCOMPARABLE:
	case VERDICT_INCONCLUSIVE:
		return EXIT_UNSURE;
	default:
		return EXIT_DONE;
	}
}

/* Without gnuplot the verdict stands all the same, and the page needs none. */
static int draw(const struct output_options *options, const struct judgement *judgement,
		struct err *err)
{
	const struct drawing_terms terms = {stderr, options->gp_dir, &cmd_stop, 0};
	struct outdir out;
	cmd_catch_signals();
	int error = outdir_open(&out, options->out, options->force_output, err);
	if (!error)
		error = outdir_lock(&out, err);
	if (!error)
		error = page_write_judgement(&out, judgement, stderr, err);
	if (!error)
		error = judgement_plot(judgement, &out, &terms, err);
	outdir_close(&out);
	if (error != -ENOTSUP)
		return error;
	fprintf(stderr, "statmark: no plot: %s\n", err->text);
	*err = (struct err){0};
	return 0;
}

enum exit_code judge_show(const struct output_options *options, const struct judgement *judgement)
{
	struct showing showing = {options, judgement};
	const struct formats formats = {
		.list = options->format,
		.check = check_name,
		.write = write_one,
		.arg = &showing,
	};
	struct err err = {0};
	int error = formats_write(&formats, &err);
	fflush(stdout);
	if (!error && options->out)
		error = draw(options, judgement, &err);
	return error ? cmd_fail(&err) : exit_of(judgement->overall);
}
