#include "engine/cmd/profile/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"

enum { INDENT = 2, BETWEEN = 2, PATH_LEAST = 16 };

int text_table_add(struct text_table *g, const char *const *cells)
{
	const size_t n = (g->n_rows + 1) * g->n_columns;
	int error = array_grow(&g->cells, &g->room, n, sizeof(*g->cells));
	if (error)
		return error;
	for (size_t i = 0; i < g->n_columns; i++)
		g->cells[g->n_rows * g->n_columns + i] = cells[i] ? cells[i] : "-";
	g->n_rows++;
	return 0;
}

void text_table_free(struct text_table *g)
{
	free(g->cells);
}

static bool is_path(const struct text_table *g, size_t column)
{
	return g->has_path && column == g->n_columns - 1;
}

static size_t width_of(const struct text_table *g, size_t column)
{
	size_t width = text_width(g->columns[column].title);
	if (is_path(g, column))
		return PATH_LEAST;
	for (size_t row = 0; row < g->n_rows; row++)
		width = MAX(width, text_width(g->cells[row * g->n_columns + column]));
	return width;
}

/* Chooses the columns that fit, with their widths; 0: left out. Returns the total width. */
static size_t fit(const struct text_table *g, size_t width, size_t widths[TEXT_TABLE_COLUMNS_MAX])
{
	size_t used = INDENT;
	for (size_t i = 0; i < g->n_columns; i++) {
		widths[i] = width_of(g, i);
		used += widths[i] + (i ? BETWEEN : 0);
	}
	while (used > width) {
		size_t worst = 0;
		for (size_t i = 0; i < g->n_columns; i++) {
			if (widths[i] && g->columns[i].rank > g->columns[worst].rank)
				worst = i;
			else if (!widths[worst] && widths[i])
				worst = i;
		}
		if (g->columns[worst].rank == 0 || !widths[worst])
			break;
		used -= widths[worst] + BETWEEN;
		widths[worst] = 0;
	}
	return used;
}

static void print_cell(FILE *to, const struct text_table *g, size_t column, const char *text,
		       size_t width)
{
	const int pad = (int)(width - MIN(width, text_width(text)));
	if (is_path(g, column)) {
		const char *cut = text_shorten(g->arena, text, width);
		fprintf(to, "%*s%s", BETWEEN, "", or_unknown(cut));
	} else if (column == 0) {
		fprintf(to, "%*s%s%*s", INDENT, "", text, pad, "");
	} else {
		fprintf(to, "%*s%s", BETWEEN + pad, "", text);
	}
}

void text_table_print(FILE *to, const struct text_table *g, size_t width)
{
	size_t widths[TEXT_TABLE_COLUMNS_MAX];
	const size_t used = fit(g, width, widths);
	if (g->has_path && used < width)
		widths[g->n_columns - 1] += width - used;
	for (size_t row = 0; row <= g->n_rows; row++) {
		for (size_t i = 0; i < g->n_columns; i++) {
			const char *text =
				row ? g->cells[(row - 1) * g->n_columns + i] : g->columns[i].title;
			if (widths[i])
				print_cell(to, g, i, text, widths[i]);
		}
		putc('\n', to);
	}
}
