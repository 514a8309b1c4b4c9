/* Bytes of others in markdown and in CSV, where nothing of them may act on the reader. */
#ifndef REPORTS_WORDS_ESCAPE_H
#define REPORTS_WORDS_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"

/*
 * What would begin something, in markdown or in HTML, as a character reference, which no parser
 * takes for markup; other characters stay as they are, so that the text can be read as it stands.
 * At most max characters of the text. Never NULL; of NULL "".
 */
const char *escape_markdown(struct arena *arena, const char *text, size_t max);

/*
 * A field of CSV, in quotes (RFC 4180): visible text. One that a spreadsheet would take for a
 * formula begins with an apostrophe. Of NULL nothing between the quotes.
 */
void escape_csv(FILE *to, struct arena *arena, const char *text);

#endif
