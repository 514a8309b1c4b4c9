/* What surrounds the results on every page: head, style, script, footer. Writes a page. */
#ifndef REPORTS_PAGE_FRAME_H
#define REPORTS_PAGE_FRAME_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"

/* Prints everything before the results. The title is escaped here. */
void frame_open(FILE *to, const char *title);

/* Prints everything after the results. version: of the program that measured, or NULL. */
void frame_close(FILE *to, const char *version);

/*
 * PAGE_FILE, or `own` if the directory holds the document of a run: then PAGE_FILE is that run's
 * page, and is kept.
 */
const char *frame_name(const struct outdir *out, const char *own);

/*
 * Writes a page into a file of a directory, whole or not at all; a line to `log` (may be NULL).
 * print returns 0 or -ENOMEM.
 */
int frame_write(const struct outdir *out, const char *name, int (*print)(FILE *to, const void *arg),
		const void *arg, FILE *log, struct err *err);

#endif
