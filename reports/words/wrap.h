/* Sentences broken into lines, for all that is read on a terminal. */
#ifndef REPORTS_WORDS_WRAP_H
#define REPORTS_WORDS_WRAP_H

#include <stddef.h>
#include <stdio.h>

/*
 * Prints text from column `at` on, further lines beginning at `indent`; breaks at spaces only, and
 * ends no line.
 */
void wrap_print(FILE *to, const char *text, size_t at, size_t indent, size_t width);

#endif
