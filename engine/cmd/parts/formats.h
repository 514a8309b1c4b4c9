/* --format FORMAT[=FILE],..: in which formats something is shown, each on stdout or in a file. */
#ifndef ENGINE_CMD_PARTS_FORMATS_H
#define ENGINE_CMD_PARTS_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "engine/cmd/cmd.h"
#include "engine/result.h"

struct formats {
	const char *list; /* as it was given */
	/* -EINVAL, with words: there is none of that name. */
	int (*check)(const char *name, struct err *err);
	/* 0 or -errno; errors of the stream are left to the caller. is_file: no terminal. */
	int (*write)(void *arg, const char *name, FILE *to, bool is_file);
	void *arg;
};

/* Whether the list can be read and its files be written; to be asked before anything long. */
int formats_check(const struct formats *formats, struct err *err);

/* A check for what is shown as rows: text, markdown, csv or json (reports/words/grid.h). */
int formats_check_rows(const char *name, struct err *err);

/* Writes all, in the order of the list. A file is replaced whole. */
int formats_write(const struct formats *formats, struct err *err);

/* Whether `name` is in a list that formats_check has accepted. */
bool formats_has(const char *list, const char *name);

/* Columns for what is written to `to`: of a file always the same. */
int formats_width(FILE *to, bool is_file);

/* What run, report and lab show of a result: the table, or what --format asks for. */

/* To be asked before anything long begins. -EINVAL, with words; errors of files to be written. */
int show_check(const struct output_options *options, struct err *err);

int show_result(const struct output_options *options, const struct result *result, struct err *err);

#endif
