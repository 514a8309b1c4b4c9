#include "engine/cmd/parts/show.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/cmd/parts/formats.h"
#include "reports/exports/exports.h"
#include "reports/table/table.h"

#define TABLE "text"

struct showing {
	const struct output_options *options;
	const struct result *result;
};

/* The table is the first. */
static const char *name_at(size_t i, const void *arg)
{
	(void)arg;
	return i ? export_formats[i - 1].name : TABLE;
}

static int check_name(const char *name, struct err *err)
{
	char all[400] = TABLE;
	size_t n = 1, used = strlen(all);
	if (strcmp(name, TABLE) == 0 || export_find(name))
		return 0;
	for (; export_formats[n - 1].name; n++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, ", %s",
					 export_formats[n - 1].name);
	const char *near = nearest(name, n, name_at, NULL);
	if (near)
		return err_set(err, -EINVAL,
			       "--format: there is no '%s'; did you mean '%s'? There are: %s", name,
			       near, all);
	return err_set(err, -EINVAL, "--format: there is no '%s'; there are: %s", name, all);
}

static int write_one(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct showing *s = arg;
	const struct table_style style = {
		.width = is_file ? 80 : cmd_width(to),
		.color = !is_file && cmd_color(s->options, to),
		.utf8 = !is_file && cmd_utf8(),
		.bars = !is_file && isatty(fileno(to)),
	};
	const struct export_format *format = export_find(name);
	return format ? format->write(to, s->result) : table_print(to, s->result, &style);
}

int show_check(const struct output_options *options, struct err *err)
{
	const struct formats formats = {.list = options->format, .check = check_name};
	return formats_check(&formats, err);
}

int show_result(const struct output_options *options, const struct result *result, struct err *err)
{
	struct showing showing = {options, result};
	const struct formats formats = {
		.list = options->format,
		.check = check_name,
		.write = write_one,
		.arg = &showing,
	};
	return formats_write(&formats, err);
}
