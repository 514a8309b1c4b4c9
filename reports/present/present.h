/*
 * Writes a judgement in each output format: for a terminal, for other programs, as summary and
 * annotations of a GitHub workflow, and as JUnit XML for CI servers. Every format has the worst
 * rows first. Names of cells and reasons may have any bytes and are escaped.
 */
#ifndef REPORTS_PRESENT_PRESENT_H
#define REPORTS_PRESENT_PRESENT_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "reports/verdict/judgement.h"

struct present_style {
	int width;        /* columns of the terminal */
	bool color, utf8; /* else plain ASCII, but for names */
};

struct present_format {
	const char *name;
	int (*write)(FILE *to, const struct judgement *j, const struct present_style *style);
};

/* text, json, markdown, csv, junit, github; the last row's name is NULL. */
extern const struct present_format present_formats[];
const char *present_format_name(unsigned format);

/* NULL: no such format. */
const struct present_format *present_find(const char *name);

/* All return 0 or -ENOMEM; errors of the stream are left to the caller (ferror). */
int present_text(FILE *to, const struct judgement *j, const struct present_style *style);
int present_json(FILE *to, const struct judgement *j, const struct present_style *style);
int present_markdown(FILE *to, const struct judgement *j, const struct present_style *style);
int present_csv(FILE *to, const struct judgement *j, const struct present_style *style);
int present_junit(FILE *to, const struct judgement *j, const struct present_style *style);
int present_github(FILE *to, const struct judgement *j, const struct present_style *style);

/* Texts that several formats share: visible text in the arena, never NULL; "" if unknown. */
const char *present_side(struct arena *arena, const struct judgement *j, bool head);
const char *present_value(struct arena *arena, const struct judged *row, bool head);
const char *present_change(struct arena *arena, const struct judged *row);
const char *present_interval(struct arena *arena, const struct judged *row);
const char *present_seen(struct arena *arena, const struct judged *row);

/* Of all rows in one sentence; that of a gate begins with PASS or FAIL where there is a verdict. */
const char *present_words(struct arena *arena, const struct judgement *j);

/* All of a row in one line. */
const char *present_sentence(struct arena *arena, const struct judged *row);

#endif
