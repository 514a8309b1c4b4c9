/* A table of texts made to fit a width: columns that do not fit are left out, by importance. */
#ifndef ENGINE_CMD_PROFILE_TEXT_TABLE_H
#define ENGINE_CMD_PROFILE_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"

enum { TEXT_TABLE_COLUMNS_MAX = 12 };

struct text_table_column {
	const char *title;
	int rank; /* the highest goes first; 0: never */
};

struct text_table {
	struct arena *arena;
	const struct text_table_column *columns; /* the first is a label */
	size_t n_columns;
	bool has_path; /* the last column is text of any length, cut to what is left */
	const char **cells;
	size_t n_rows, room;
};

/* A row of n_columns texts, which have to live as long. NULL stands for "-". -ENOMEM. */
int text_table_add(struct text_table *grid, const char *const *cells);
void text_table_print(FILE *to, const struct text_table *grid, size_t width);
void text_table_free(struct text_table *grid);

#endif
