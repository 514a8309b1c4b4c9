/*
 * A result in the formats of other programs: tables, benchmark trackers, monitoring, storage tools.
 * They contain the cells of a run that have figures, without floors, and name the unit. Names come
 * from documents, which may have any bytes: every format escapes them by its own rules.
 */
#ifndef REPORTS_EXPORTS_EXPORTS_H
#define REPORTS_EXPORTS_EXPORTS_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/result.h"

struct export_format {
	const char *name;
	const char *reader; /* the program that it is for */
	/* 0 or -ENOMEM; errors of the stream are left to the caller (ferror). */
	int (*write)(FILE *to, const struct result *result);
};

/* The last row's name is NULL. */
extern const struct export_format export_formats[];

/* NULL: no such format. */
const struct export_format *export_find(const char *name);

/* --- For those that write one ---------------------------------------------------------------- */

/* The next cell with a figure, from *i on, which is moved behind it; NULL: there are no more. */
const struct cell_result *export_next(const struct result *result, size_t *i);

/* The passes that its figures are made of: undisturbed ones, or all if those are too few. */
const struct pass *export_pass(const struct cell_result *cell, size_t *i);

/* Its jobs; of a strategy that chooses the number, the most threads that it used. */
uint32_t export_jobs(const struct cell_result *cell);

/* The table, a row for each cell, and the closing sentences. */
int export_markdown(FILE *to, const struct result *result);

/* The document, as run.json has it. */
int export_json(FILE *to, const struct result *result);

/* Every pass, a row each: for R, pandas and spreadsheets. */
int export_csv(FILE *to, const struct result *result);

/* JSON and text that trackers of benchmarks read. */
int export_google_benchmark(FILE *to, const struct result *result);
int export_go_benchmark(FILE *to, const struct result *result);
int export_hyperfine(FILE *to, const struct result *result);
int export_github_smaller(FILE *to, const struct result *result);
int export_github_bigger(FILE *to, const struct result *result);
int export_bencher(FILE *to, const struct result *result);

/* Metrics that Prometheus scrapes. */
int export_openmetrics(FILE *to, const struct result *result);

/* Lines as fio and IO500 print them. */
int export_fio(FILE *to, const struct result *result);
int export_io500(FILE *to, const struct result *result);

#endif
