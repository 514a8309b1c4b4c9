#include "engine/cmd/parts/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/output.h"
#include "engine/base/util.h"
#include "reports/exports/exports.h"
#include "reports/table/table.h"
#include "reports/words/format.h"
#include "reports/words/grid.h"

/* One item: "junit=out.xml"; file "": stdout. */
struct format_item {
	char name[64], file[4096];
};

/* Reads the first item of a list and advances *list; -ENOENT: the list is empty. */
static int next_word(const char **list, struct format_item *word, struct err *err)
{
	const size_t length = strcspn(*list, ","), name = MIN(strcspn(*list, "="), length);
	if (!**list)
		return -ENOENT;
	snprintf(word->name, sizeof(word->name), "%.*s", (int)MIN(name, sizeof(word->name)), *list);
	word->file[0] = '\0';
	if (name < length) {
		const size_t size = length - name - 1;
		if (size == 0 || size >= sizeof(word->file))
			return err_set(err, -EINVAL, "--format: expected %s=FILE, got '%s='",
				       word->name, word->name);
		snprintf(word->file, sizeof(word->file), "%.*s", (int)size, *list + name + 1);
	}
	*list += length + ((*list)[length] == ',');
	return 0;
}

int formats_check(const struct formats *f, struct err *err)
{
	const char *list = f->list;
	struct format_item word;
	int error;
	do {
		error = next_word(&list, &word, err);
		if (!error)
			error = MIN(word_parse(f->names, "--format", word.name, err), 0);
		if (!error && *word.file)
			error = output_check(word.file, err);
	} while (!error);
	return error == -ENOENT && !err->code ? 0 : error;
}

static int write_file(const struct formats *f, const struct format_item *word, struct err *err)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		return err_errno(err, -ENOMEM, "%s", word->file);
	int error = f->write(f->arg, word->name, to, true);
	if (fclose(to) && !error)
		error = -ENOMEM;
	if (!error)
		error = fflush(stdout) ? -errno : output_write(word->file, text, size, err);
	free(text);
	return error ? err_errno(err, error, "cannot write %s", word->file) : 0;
}

int formats_write(const struct formats *f, struct err *err)
{
	const char *list = f->list;
	struct format_item word;
	int error = 0;
	while (!error && !next_word(&list, &word, err)) {
		if (*word.file)
			error = write_file(f, &word, err);
		else
			error = f->write(f->arg, word.name, stdout, false);
	}
	return error ? err_errno(err, error, "--format %s", word.name) : 0;
}

bool formats_has(const char *list, const char *name)
{
	struct err err = {0};
	struct format_item word;
	while (!next_word(&list, &word, &err)) {
		if (strcmp(word.name, name) == 0)
			return true;
	}
	return false;
}

int formats_width(FILE *to, bool is_file)
{
	return is_file ? WIDTH_OF_FILE : cmd_width(to);
}

struct result_output {
	const struct output_options *options;
	const struct result *result;
};

/* The first name is that of the table. */
static const char *result_format_name(unsigned format)
{
	return format ? export_formats[format - 1].name : FORMAT_TEXT;
}

static int write_one(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct result_output *s = arg;
	const struct table_style style = {
		.width = formats_width(to, is_file),
		.color = !is_file && cmd_color(s->options, to),
		.utf8 = !is_file && cmd_utf8(),
		.bars = !is_file && isatty(fileno(to)),
	};
	const struct export_format *format = export_find(name);
	return format ? format->write(to, s->result) : table_print(to, s->result, &style);
}

int show_check(const struct output_options *options, struct err *err)
{
	const struct formats formats = {.list = options->format, .names = result_format_name};
	return formats_check(&formats, err);
}

int show_result(const struct output_options *options, const struct result *result, struct err *err)
{
	struct result_output showing = {options, result};
	const struct formats formats = {
		.list = options->format,
		.names = result_format_name,
		.write = write_one,
		.arg = &showing,
	};
	return formats_write(&formats, err);
}
