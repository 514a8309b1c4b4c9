/*
 * Draws counts with characters: a bar for each, or all as a sparkline. Uses eighths of blocks if
 * the locale is UTF-8, else ASCII.
 */
#ifndef REPORTS_WORDS_BARS_H
#define REPORTS_WORDS_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct bar {
	char label[48];
	uint64_t count;
};

/* A line for each: label, count, share of the sum, bar. width: columns for the whole line. */
void bars_print(FILE *out, const struct bar *bars, size_t n, int width, bool utf8);

/* One bar: share (0 to 1) of this many columns; a share above 0 is always visible. */
void bars_draw(FILE *out, double share, size_t columns, bool utf8);

/*
 * A sparkline: one character for each count, its height in proportion; a count above 0 is always
 * visible.
 */
void bars_spark(FILE *out, const uint64_t *counts, size_t n, bool utf8);

#endif
