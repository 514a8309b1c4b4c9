/*
 * A result on a terminal: what was measured where, a row for each cell, the floor, and the plain
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
	/* Where the width leaves room: times as lengths, the slowest of each group the longest. */
	bool bars;
};

/*
 * The baseline's row comes first, then the others from fast to slow, then what has no figure, with
 * the reason. 0 or -ENOMEM; errors of the stream are left to the caller (ferror).
 */
int table_print(FILE *to, const struct result *result, const struct table_style *style);

/*
 * The small table below the table: how long single entries took, for the cells in which that was
 * sampled. A line of it is about a tail, which no median per pass can show.
 */

/* Prints nothing when nothing was sampled. Strings it needs go to the arena. */
void latencies_print(FILE *to, const struct result *result, const struct table_style *style,
		     struct arena *arena);

/*
 * Of a run over several trees: the ratios of all cells side by side, a row for each tree and cache
 * state, a column for each way of asking.
 */

/* Prints nothing about a run with one tree. */
void matrix_print(FILE *to, const struct result *result, const struct table_style *style,
		  struct arena *arena);

#endif
