/* A table of texts made to fit a width: columns that do not fit are left out, by importance. */
#ifndef ENGINE_CMD_PROFILE_GRID_H
#define ENGINE_CMD_PROFILE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"

enum { GRID_COLUMNS_MAX = 12 };

struct grid_column {
	const char *title;
	int rank; /* the highest goes first; 0: never */
};

struct grid {
	struct arena *arena;
	const struct grid_column *columns; /* the first is a label */
	size_t n_columns;
	bool has_path; /* the last column is text of any length, cut to what is left */
	const char **cells;
	size_t n_rows, room;
};

/* A row of n_columns texts, which have to live as long. NULL stands for "-". -ENOMEM. */
int grid_add(struct grid *grid, const char *const *cells);
void grid_print(FILE *to, const struct grid *grid, size_t width);
void grid_free(struct grid *grid);

#endif
