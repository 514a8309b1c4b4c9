/*
 * A result on a terminal: what was measured where, a row for each cell, the floor, and the plain
 * sentences (summary.h).
 */
#ifndef REPORTS_TABLE_TABLE_H
#define REPORTS_TABLE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/result.h"

enum { TABLE_WIDTH_MIN = 60 };

struct table_style {
	int width;  /* columns; rows fill what they need, at least TABLE_WIDTH_MIN is assumed */
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

#endif
