/*
 * Counts drawn with characters: a bar for each, or all of them in a handful of columns. Blocks of
 * eighths where the terminal has them, ASCII elsewhere.
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

/* One bar: share, 0 to 1, of so many columns; what is not zero is seen. */
void bars_draw(FILE *out, double share, size_t columns, bool utf8);

/* One character for each count, as high as it is large; what is not zero is seen. */
void bars_spark(FILE *out, const uint64_t *counts, size_t n, bool utf8);

#endif
