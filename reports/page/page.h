/*
 * The page of a run: one HTML file that needs nothing else, neither network nor files beside it.
 * Sentences, tables and the plots of all cells are in the HTML, so that it can be read, searched
 * and printed without a script; page.js adds sorting, filtering, the plots of single cells and
 * downloads. The document travels in it as JSON. page.css and page.js are embedded in the program.
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
	const char *name; /* of the document, as the user called it; tells several apart */
	const struct result *result;
};

/* Several runs become tabs, with a comparison before them. 0 or -ENOMEM; the stream's errors are
 * left to the caller (ferror). */
int page_print(FILE *to, const struct page_run *runs, size_t n);

/* The same into PAGE_FILE of a directory, whole or not at all; a line to `log` (may be NULL). */
int page_write(const struct outdir *out, const struct page_run *runs, size_t n, FILE *log,
	       struct err *err);

/*
 * The same of what several runs say: a judgement that is finished, and series of the history, where
 * path is the database's. Where the directory holds a run's document, and so its page, the file is
 * judgement.html or history.html.
 */
int page_print_judgement(FILE *to, const struct judgement *j);
int page_write_judgement(const struct outdir *out, const struct judgement *j, FILE *log,
			 struct err *err);
int page_print_trends(FILE *to, const struct trends *trends, const char *path);
int page_write_trends(const struct outdir *out, const struct trends *trends, const char *path,
		      FILE *log, struct err *err);

#endif
