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
 * parser takes for markup. Other characters are unchanged, so that the source stays readable. At
 * most max characters of the text are written. Never returns NULL; "" for NULL.
 */
const char *escape_markdown(struct arena *arena, const char *text, size_t max);

/*
 * Writes a quoted field of CSV (RFC 4180) with visible text. A text that a spreadsheet would take
 * for a formula gets an apostrophe in front. NULL gives an empty quoted field.
 */
void escape_csv(FILE *to, struct arena *arena, const char *text);

#endif
