/*
 * Writes rows of one kind for other programs: the same content as markdown, CSV or JSON (an array
 * of objects).
 */
#ifndef REPORTS_WORDS_GRID_H
#define REPORTS_WORDS_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "engine/base/arena.h"

/* GRID_TEXT: the same for people, which is not made of rows; each output has its own. */
enum grid_format { GRID_TEXT, GRID_MARKDOWN, GRID_CSV, GRID_JSON, GRID_FORMATS };

const char *grid_format_name(unsigned format);

struct grid_column {
	const char *name; /* letters and _ */
	bool number;      /* its values are numbers in JSON's syntax */
};

struct grid {
	FILE *to;
	enum grid_format format;
	const struct grid_column *columns;
	size_t n, rows;
	struct arena *arena;
};

/* GRID_FORMATS: no such format. */
enum grid_format grid_find(const char *name);

/*
 * format: not GRID_TEXT. Errors of the stream are left to the caller (ferror). -ENOMEM; then
 * grid_end is not called.
 */
int grid_begin(struct grid *grid, FILE *to, enum grid_format format,
	       const struct grid_column *columns, size_t n);

/* One value for each column, any bytes; NULL: unknown. */
void grid_row(struct grid *grid, const char *const *values);
void grid_end(struct grid *grid);

#endif
