#include "reports/words/text_table.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

enum { INDENT = 2, BETWEEN = 2, PATH_LEAST = 16 };

int text_table_add(struct text_table *table, const char *const *cells)
{
	const size_t n = (table->n_rows + 1) * table->n_columns;
	int error = array_grow(&table->cells, &table->room, n, sizeof(*table->cells));
	if (error)
		return error;
	for (size_t i = 0; i < table->n_columns; i++)
		table->cells[table->n_rows * table->n_columns + i] = cells[i] ? cells[i] : "-";
	table->n_rows++;
	return 0;
}

void text_table_free(struct text_table *table)
{
	free(table->cells);
}

static bool is_path(const struct text_table *table, size_t column)
{
	return table->has_path && column == table->n_columns - 1;
}

static size_t width_of(const struct text_table *table, size_t column)
{
	size_t width = text_width(table->columns[column].title);
	if (is_path(table, column))
		return PATH_LEAST;
	for (size_t row = 0; row < table->n_rows; row++)
		width = MAX(width, text_width(table->cells[row * table->n_columns + column]));
	return width;
}

/* Chooses the columns that fit, with their widths; 0: left out. Returns the total width. */
static size_t fit(const struct text_table *table, size_t width,
		  size_t widths[TEXT_TABLE_COLUMNS_MAX])
{
	size_t used = INDENT;
	for (size_t i = 0; i < table->n_columns; i++) {
		widths[i] = width_of(table, i);
		used += widths[i] + (i ? BETWEEN : 0);
	}
	while (used > width) {
		size_t worst = 0;
		for (size_t i = 0; i < table->n_columns; i++) {
			if (widths[i] && table->columns[i].rank > table->columns[worst].rank)
				worst = i;
			else if (!widths[worst] && widths[i])
				worst = i;
		}
		if (table->columns[worst].rank == 0 || !widths[worst])
			break;
		used -= widths[worst] + BETWEEN;
		widths[worst] = 0;
	}
	return used;
}

static void print_cell(FILE *to, const struct text_table *table, size_t column, const char *text,
		       size_t width)
{
	fprintf(to, "%*s", column ? BETWEEN : INDENT, "");
	if (is_path(table, column))
		fputs(or_unknown(text_shorten(table->arena, text, width)), to);
	else
		pad_print(to, text, column ? (int)width : -(int)width);
}

void text_table_print(FILE *to, const struct text_table *table, size_t width)
{
	size_t widths[TEXT_TABLE_COLUMNS_MAX];
	const size_t used = fit(table, width, widths);
	if (table->has_path && used < width)
		widths[table->n_columns - 1] += width - used;
	for (size_t row = 0; row <= table->n_rows; row++) {
		for (size_t i = 0; i < table->n_columns; i++) {
			const char *text = row ? table->cells[(row - 1) * table->n_columns + i]
					       : table->columns[i].title;
			if (widths[i])
				print_cell(to, table, i, text, widths[i]);
		}
		putc('\n', to);
	}
}
