#include "engine/cmd/parts/judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/output.h"
#include "engine/base/util.h"
#include "reports/present/present.h"

/* One of --format: "junit=out.xml", file NULL on stdout. */
struct output {
	const struct present_format *format;
	char file[4096];
};

/* Reads the first of a list and moves behind it; -ENOENT at its end. */
static int next_output(const char **list, struct output *output, struct err *err)
{
	char word[64];
	size_t length = strcspn(*list, ","), name = MIN(strcspn(*list, "="), length);
	if (!length)
		return **list ? err_set(err, -EINVAL, "--format has an empty name") : -ENOENT;
	snprintf(word, sizeof(word), "%.*s", (int)MIN(name, sizeof(word)), *list);
	output->format = present_find(word, err);
	if (!output->format)
		return -EINVAL;
	output->file[0] = '\0';
	if (name < length) {
		size_t size = length - name - 1;
		if (size == 0 || size >= sizeof(output->file))
			return err_set(err, -EINVAL, "--format: %s= needs a file name", word);
		snprintf(output->file, sizeof(output->file), "%.*s", (int)size, *list + name + 1);
	}
	*list += length + ((*list)[length] == ',');
	return 0;
}

int judge_check(const struct options *options, struct err *err)
{
	const char *list = options->format;
	struct output output;
	int error;
	do {
		error = next_output(&list, &output, err);
		if (!error && *output.file)
			error = output_check(output.file, err);
	} while (!error);
	if (error != -ENOENT || err->code)
		return error;
	if (options->tolerance_ppm > options->limit_ppm)
		return err_set(err, -EINVAL,
			       "--tolerance %g is above --limit %g: a slowdown that is tolerated "
			       "cannot be excluded; raise --limit",
			       (double)options->tolerance_ppm / 1e4,
			       (double)options->limit_ppm / 1e4);
	return 0;
}

static int write_file(const struct output *output, const struct judgement *judgement,
		      struct err *err)
{
	const struct present_style style = {.width = 80};
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		return err_errno(err, -ENOMEM, "%s", output->file);
	int error = output->format->write(to, judgement, &style);
	if (fclose(to) && !error)
		error = -ENOMEM;
	if (!error)
		error = fflush(stdout) ? -errno : output_write(output->file, text, size, err);
	free(text);
	return error ? err_errno(err, error, "%s", output->file) : 0;
}

static int write_stdout(const struct options *options, const struct output *output,
			const struct judgement *judgement, struct err *err)
{
	const struct present_style style = {
		.width = cmd_width(stdout),
		.color = cmd_color(options, stdout),
		.utf8 = cmd_utf8(),
	};
	int error = output->format->write(stdout, judgement, &style);
	return error ? err_errno(err, error, "showing the judgement") : 0;
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
	const char *list = options->format;
	struct err err = {0};
	struct output output;
	int error = 0;
	while (!error && !next_output(&list, &output, &err))
		error = *output.file ? write_file(&output, judgement, &err)
				     : write_stdout(options, &output, judgement, &err);
	return error ? cmd_fail(&err) : exit_of(judgement->overall);
}
