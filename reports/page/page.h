/*
 * The page of a run: one HTML file that needs no network and no other files. Sentences, tables and
 * the plots of all cells are in the HTML, so that it can be read, searched and printed without a
 * script. page.js adds sorting, filtering, the plots of single cells and downloads. The document is
 * in the page as JSON. page.css and page.js are embedded in the program.
 */
#ifndef REPORTS_PAGE_PAGE_H
#define REPORTS_PAGE_PAGE_H

#include <stdio.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/result.h"

struct judgement;
struct trends;

#define PAGE_FILE "index.html"

struct page_run {
	const char *name; /* the document's path as the user wrote it; distinguishes several runs */
	const struct result *result;
};

/*
 * Several runs become tabs, with a comparison in front. Returns 0 or -ENOMEM; the caller checks the
 * stream for errors (ferror).
 */
int page_print(FILE *to, const struct page_run *runs, size_t n);

/*
 * Writes the page to PAGE_FILE in a directory, whole or not at all, and a line to `log` (may be
 * NULL).
 */
int page_write(const struct outdir *out, const struct page_run *runs, size_t n, FILE *log,
	       struct err *err);

/*
 * The pages of a finished judgement and of series of the history; path: the database. If the
 * directory holds the document of a run, and so its page, the file is named judgement.html or
 * history.html.
 */
int page_print_judgement(FILE *to, const struct judgement *j);
int page_write_judgement(const struct outdir *out, const struct judgement *j, FILE *log,
			 struct err *err);
int page_print_trends(FILE *to, const struct trends *trends, const char *path);
int page_write_trends(const struct outdir *out, const struct trends *trends, const char *path,
		      FILE *log, struct err *err);

#endif
