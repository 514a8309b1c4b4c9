/*
 * Prints a result on a terminal: what was measured where, a row for each cell, the floor, and the
 * sentences (summary.h).
 */
#ifndef REPORTS_TABLE_TABLE_H
#define REPORTS_TABLE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/result.h"

struct table_style {
	int width;  /* columns; rows fill what they need, at least WIDTH_MIN is assumed */
	bool color; /* a few SGR colours */
	bool utf8;  /* else ASCII only, but for names */
	/*
	 * Print bars if there is room: lengths in proportion to times, the slowest of each group
	 * longest.
	 */
	bool bars;
};

/*
 * Prints the table. The baseline's row comes first, then the others from fast to slow, then cells
 * without a figure, with the reason. Returns 0 or -ENOMEM; the caller checks the stream (ferror).
 */
int table_print(FILE *to, const struct result *result, const struct table_style *style);

/*
 * The table of latencies of single entries, for the cells that were sampled. It shows tails, which
 * the median of whole passes cannot show.
 */

/* Prints nothing if nothing was sampled. Strings are allocated in the arena. */
void latencies_print(FILE *to, const struct result *result, const struct table_style *style,
		     struct arena *arena);

/*
 * The ratios of all cells of a run over several trees: a row for each tree and cache state, a
 * column for each kind of cell.
 */

/* Prints nothing about a run with one tree. */
void matrix_print(FILE *to, const struct result *result, const struct table_style *style,
		  struct arena *arena);

#endif
