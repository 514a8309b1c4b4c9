/*
 * Escapes text from outside for markdown and CSV, so that no byte of it acts as markup or as a
 * formula.
 */
#ifndef REPORTS_WORDS_ESCAPE_H
#define REPORTS_WORDS_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"

/*
 * Writes each character that begins markup in markdown or HTML as a character reference, which no
 * parser takes for markup. Other characters stay, so that the source is readable. At most max
 * characters of the text. Never returns NULL; "" for NULL.
 */
const char *escape_markdown(struct arena *arena, const char *text, size_t max);

/*
 * A quoted field of CSV (RFC 4180): visible text. If a spreadsheet would take it for a formula, it
 * begins with an apostrophe. For NULL the quotes are empty.
 */
void escape_csv(FILE *to, struct arena *arena, const char *text);

#endif
