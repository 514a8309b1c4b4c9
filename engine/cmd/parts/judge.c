#include "engine/cmd/parts/judge.h"

#include <errno.h>
#include <stdio.h>

#include "engine/cmd/parts/formats.h"
#include "reports/present/present.h"

struct showing {
	const struct options *options;
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

int judge_check(const struct options *options, struct err *err)
{
	const struct formats formats = {.list = options->format, .check = check_name};
	int error = formats_check(&formats, err);
	if (error)
		return error;
	if (options->tolerance_ppm > options->limit_ppm)
		return err_set(err, -EINVAL,
			       "--tolerance %g is above --limit %g: a slowdown that is tolerated "
			       "cannot be excluded; raise --limit",
			       (double)options->tolerance_ppm / 1e4,
			       (double)options->limit_ppm / 1e4);
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

enum exit_code judge_show(const struct options *options, const struct judgement *judgement)
{
	struct showing showing = {options, judgement};
	const struct formats formats = {
		.list = options->format,
		.check = check_name,
		.write = write_one,
		.arg = &showing,
	};
	struct err err = {0};
	return formats_write(&formats, &err) ? cmd_fail(&err) : exit_of(judgement->overall);
}
