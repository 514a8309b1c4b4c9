/*
 * --format FORMAT[=FILE],..: the formats of an output, each on stdout or in a file.
 */
#ifndef ENGINE_CMD_PARTS_FORMATS_H
#define ENGINE_CMD_PARTS_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/word.h"
#include "engine/cmd/line/terminal.h"
#include "engine/result.h"

/* The output for people, the default of --format. */
#define FORMAT_TEXT "text"

struct formats {
	const char *list; /* as given by the user */
	word_name *names; /* of the formats that there are */
	/* 0 or -errno; errors of the stream are handled by the caller. is_file: not a terminal. */
	int (*write)(void *arg, const char *name, FILE *to, bool is_file);
	void *arg;
};

/* Checks that the list is valid and its files can be written; to be called before long work. */
int formats_check(const struct formats *formats, struct err *err);

/* Writes all formats, in the order of the list. A file is replaced as a whole. */
int formats_write(const struct formats *formats, struct err *err);

/* Whether `name` is in a list that was checked by formats_check. */
bool formats_has(const char *list, const char *name);

/* The number of columns for `to`; the same for all files. */
int formats_width(FILE *to, bool is_file);

/* The output of run, report and lab: the table, or the formats of --format. */

/* To be called before long work. -EINVAL, with a message, or an error of a file to be written. */
int show_check(const struct output_options *options, struct err *err);

int show_result(const struct output_options *options, const struct result *result, struct err *err);

#endif
