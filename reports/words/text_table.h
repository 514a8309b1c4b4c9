/*
 * Prints a table of texts that fits a width: columns that do not fit are left out, by rank.
 */
#ifndef REPORTS_WORDS_TEXT_TABLE_H
#define REPORTS_WORDS_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"

enum { TEXT_TABLE_COLUMNS_MAX = 12 };

struct text_table_column {
	const char *title;
	int rank; /* columns with the highest rank are left out first; 0: never */
};

struct text_table {
	struct arena *arena;
	const struct text_table_column *columns; /* the first is a label */
	size_t n_columns;
	bool has_path; /* the last column is text of any length, cut to the space left */
	const char **cells;
	size_t n_rows, room;
};

/*
 * Adds a row of n_columns texts, which must outlive the table. NULL is shown as "-". 0 or -ENOMEM.
 */
int text_table_add(struct text_table *table, const char *const *cells);
void text_table_print(FILE *to, const struct text_table *table, size_t width);
void text_table_free(struct text_table *table);

#endif
