/* What every page has around its results: head, style, script, footer; and how one is written. */
#ifndef REPORTS_PAGE_FRAME_H
#define REPORTS_PAGE_FRAME_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"

/* Up to the results. The title is escaped here. */
void frame_open(FILE *to, const char *title);

/* From the results on; version: of the program that measured, or NULL. */
void frame_close(FILE *to, const char *version);

/*
 * PAGE_FILE, or `own` where that is the page of a run whose document lies there: it stays what it
 * is.
 */
const char *frame_name(const struct outdir *out, const char *own);

/*
 * Writes a page into a file of a directory, whole or not at all; a line to `log` (may be NULL).
 * print returns 0 or -ENOMEM.
 */
int frame_write(const struct outdir *out, const char *name, int (*print)(FILE *to, const void *arg),
		const void *arg, FILE *log, struct err *err);

#endif
