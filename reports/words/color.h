/* Colours text on a terminal (SGR). */
#ifndef REPORTS_WORDS_COLOR_H
#define REPORTS_WORDS_COLOR_H

#include <stdbool.h>
#include <stdio.h>

#define COLOR_BOLD   "\033[1m"
#define COLOR_DIM    "\033[2m"
#define COLOR_RED    "\033[31m"
#define COLOR_GREEN  "\033[32m"
#define COLOR_YELLOW "\033[33m"
#define COLOR_PLAIN  "\033[0m"

/*
 * Begins text in a colour and returns what has to be written after it. Writes nothing and returns
 * "" if the output is not colored, or if color is "".
 */
static inline const char *color_begin(FILE *to, bool colored, const char *color)
{
	colored = colored && *color;
	fputs(colored ? color : "", to);
	return colored ? COLOR_PLAIN : "";
}

/* Writes text in a colour. */
static inline void color_put(FILE *to, bool colored, const char *color, const char *text)
{
	const char *end = color_begin(to, colored && *text, color);
	fprintf(to, "%s%s", text, end);
}

#endif
