/*
 * Writes a result in the formats of other programs: tables, benchmark trackers, monitoring, storage
 * tools. They contain the cells of a run that have figures, without floors, and name the unit.
 * Names come from documents and may contain any bytes; every format escapes them by its own rules.
 */
#ifndef REPORTS_EXPORTS_EXPORTS_H
#define REPORTS_EXPORTS_EXPORTS_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/result.h"

struct export_format {
	const char *name;
	const char *reader; /* the program that reads it */
	/* Returns 0 or -ENOMEM; the caller checks the stream for errors (ferror). */
	int (*write)(FILE *to, const struct result *result);
};

/* Ends with a row whose name is NULL. */
extern const struct export_format export_formats[];

/* NULL: no such format. */
const struct export_format *export_find(const char *name);

/* --- For those that write one ---------------------------------------------------------------- */

/* The next cell with a figure at or after *i, which is set to the index after it; NULL: none. */
const struct cell_result *export_next(const struct result *result, size_t *i);

/* The passes that its figures are computed from: undisturbed ones, or all if those are too few. */
const struct pass *export_pass(const struct cell_result *cell, size_t *i);

/* Its jobs; if the strategy chooses the number, the largest number of threads that it used. */
uint32_t export_jobs(const struct cell_result *cell);

/* The table, a row for each cell, and the closing sentences. */
int export_markdown(FILE *to, const struct result *result);

/* A row for each pass: for R, pandas and spreadsheets. */
int export_csv(FILE *to, const struct result *result);

/* JSON and text that benchmark trackers read. */
int export_google_benchmark(FILE *to, const struct result *result);
int export_go_benchmark(FILE *to, const struct result *result);
int export_hyperfine(FILE *to, const struct result *result);
int export_github_smaller(FILE *to, const struct result *result);
int export_github_bigger(FILE *to, const struct result *result);
int export_bencher(FILE *to, const struct result *result);

/* Metrics that Prometheus scrapes. */
int export_openmetrics(FILE *to, const struct result *result);

/* Lines in the formats of fio and IO500. */
int export_fio(FILE *to, const struct result *result);
int export_io500(FILE *to, const struct result *result);

#endif
