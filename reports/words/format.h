/*
 * Formats numbers and facts for people, in the same way in the table, the sentences and the plots.
 * All text is in the arena, has no control characters, and is never NULL: "?" means unknown (or out
 * of memory).
 */
#ifndef REPORTS_WORDS_FORMAT_H
#define REPORTS_WORDS_FORMAT_H

#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/result.h"

const char *format_count(struct arena *arena, uint64_t count); /* 12,345 */
const char *format_counted(struct arena *arena, uint64_t count,
			   const char *one); /* 1 entry, 2,000 entries */
const char *format_fixed(struct arena *arena, double number, int decimals); /* 1,204.9 */
const char *format_si(struct arena *arena, double number);                  /* 1.23 M */
const char *format_duration(struct arena *arena, double ns);                /* 4.21 ms */
const char *format_text(struct arena *arena, const char *text);             /* any bytes */

/* "±", or "+-" if the output is not UTF-8; and a text in which it is replaced. */
const char *format_plus_minus(bool utf8);
const char *format_signs(struct arena *arena, const char *text, bool utf8);

/* A confidence in whole per cent, rounded down, so that it is never overstated. */
int format_confidence(double confidence);

/* The distance to the farther end of an interval: "median ± spread" covers all of it. */
double format_spread(const struct estimate *estimate);

/* The number of decimals, 0 to 5, that the spread needs to show a digit other than 0. */
int format_decimals(const struct estimate *estimate);

/* The lowest confidence of all cells, in whole per cent; 99 if there are no figures. */
int format_common_confidence(const struct result *result);

/* Jobs of a cell: "2"; "auto" if the strategy chooses the number. */
const char *format_jobs(struct arena *arena, const struct cell_result *cell);

/* The label of a cell's tree, "xfs,10k", or its name if the run has one tree. */
const char *format_tree_label(struct arena *arena, const struct result *result,
			      const struct cell_result *cell);

/*
 * "xfs, cold": the facts that distinguish a cell's group from the others of this run; "" if there
 * is only one group.
 */
const char *format_group(struct arena *arena, const struct result *result,
			 const struct cell_result *cell);

/* "threaded with 2 jobs": the cell's name below a heading with the name of the group. */
const char *format_cell_in_group(struct arena *arena, const struct result *result,
				 const struct cell_result *cell);

/* "fstatat", "threaded with 2 jobs"; the cell belongs to the result */
const char *format_cell(struct arena *arena, const struct result *result,
			const struct cell_result *cell);

/* "a walk by system calls", "mostly a walk by system calls": of result_other_way. */
const char *format_other_way(struct arena *arena, const struct extra_fact *fact);

/* The conditions of a run, one line each; if the run has several trees, those of the given one. */
const char *format_tree(struct arena *arena, const struct tree_facts *tree);
const char *format_fs(struct arena *arena, const struct fs_facts *fs);
const char *format_host(struct arena *arena, const struct result *result);
const char *format_guest(struct arena *arena, const struct guest_facts *guest);
const char *format_state(struct arena *arena, const struct result *result); /* cache and pins */
/* Which trees were measured together; NULL: all of them. */
const char *format_sittings(struct arena *arena, const struct result *result);

const char *format_rounds(struct arena *arena, const struct result *result);

/* "3 of 168 passes were disturbed: 2 x ..., 1 x ..."; NULL when none was. */
const char *format_disturbed(struct arena *arena, const struct result *result);

/* Columns: the least width of a terminal; the width of a file. */
enum { WIDTH_MIN = 60, WIDTH_OF_FILE = 80 };

/*
 * Prints text in lines of `width` columns. The cursor is in column `at`; further lines begin in
 * column `indent`. Lines break at spaces only, and not before a %, so a long word may exceed the
 * width. At least 20 columns behind the indent are assumed. The last line has no line feed.
 */
void wrap_print(FILE *to, const char *text, size_t at, size_t indent, size_t width);

/*
 * Prints text in a column: at its right end, or, if width is negative, at its left end, as %*s and
 * %-*s of printf do. But the width is in characters, not in bytes.
 */
void pad_print(FILE *to, const char *text, int width);

#endif
