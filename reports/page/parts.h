/* The parts of the page of a run, in the order of the page. */
#ifndef REPORTS_PAGE_PARTS_H
#define REPORTS_PAGE_PARTS_H

#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/result.h"
#include "reports/groups/groups.h"
#include "reports/page/html.h"
#include "reports/page/page.h"

struct page {
	FILE *to;
	const struct page_run *run;
	const struct result *result;
	struct arena *arena;
	size_t number; /* of the document on this page, from 1; part of every id */
	int level;     /* of its heading; h1 if it is the only run */
	struct groups groups;
	const struct cell_result **cells; /* all except floors, in the order of the table */
	size_t n;
};

/* Opens a <section> with its heading, one level below that of the run; page_end_section ends it. */
void page_begin_section(const struct page *p, const char *id, const char *title);
void page_end_section(const struct page *p);

void page_put_answer(const struct page *p);   /* heading, sentences, warnings */
void page_put_matrix(const struct page *p);   /* ratios of all cells side by side */
void page_put_table(const struct page *p);    /* a row for each cell, with its interval drawn */
void page_put_speedups(const struct page *p); /* speed-ups of more jobs; part of the next */
void page_put_figures(const struct page *p);  /* scaling, latency and sizes, drawn */
void page_put_cells(const struct page *p);    /* the details of each cell */
void page_put_facts(const struct page *p);    /* environment and method */

/* With several documents: the same cell in each of them. */
void page_put_across(FILE *to, struct arena *arena, const struct page_run *runs, size_t n);

/* Prints the document as JSON in a script element that is not executed. 0 or -ENOMEM. */
int page_put_document(const struct page *p);

/* Prints JSON, which print writes, in such an element. Returns what print returns: 0 or -ENOMEM. */
int page_put_json(const struct page *p, int (*print)(FILE *to, const void *arg), const void *arg);

/*
 * Opens a page that does not show runs, such as that of a judgement. kind: tells page.js what it
 * is.
 */
void page_begin_alone(const struct page *p, const char *title, const char *kind);
void page_end_alone(const struct page *p);

/* "source-tree on ext4" */
const char *page_title(struct arena *arena, const struct result *result);

/* "fstatat with 2 jobs", without what the group's name says. */
const char *page_cell_name(const struct page *p, const struct cell_result *cell);

/* "806.2 ns per entry (99 % interval 755.8 to 885.8, n = 75)"; the range of few rounds. */
const char *page_estimate_words(struct arena *arena, const struct estimate *e, int decimals,
				const char *unit);

/* The difference that the interval of a ratio shows; without an interval nothing is decided. */
enum ratio_side { RATIO_EVEN, RATIO_FASTER, RATIO_SLOWER };
enum ratio_side page_ratio_side(const struct estimate *ratio);

/* The class of page.css for it: "even", "faster", "slower". */
const char *page_ratio_class(const struct estimate *ratio);

/* The number in JavaScript's syntax; "" if it is unknown. */
const char *page_number(struct arena *arena, const struct estimate *e);

#endif
