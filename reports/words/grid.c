#include "reports/words/grid.h"

#include <errno.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/word.h"
#include "reports/words/escape.h"

enum { MARKDOWN_MAX = 300 }; /* characters of a value; CSV and JSON have it whole */

/* NULL for values outside the enum. */
const char *grid_format_name(unsigned format)
{
	static const char *const names[GRID_FORMATS] = {[GRID_TEXT] = "text",
							[GRID_MARKDOWN] = "markdown",
							[GRID_CSV] = "csv",
							[GRID_JSON] = "json"};
	return word_of(names, GRID_FORMATS, format);
}

enum grid_format grid_find(const char *name)
{
	const int format = word_find(grid_format_name, name);
	return format < 0 ? GRID_FORMATS : (enum grid_format)format;
}

static void put_head(const struct grid *g)
{
	for (size_t i = 0; i < g->n && g->format != GRID_JSON; i++)
		fprintf(g->to, g->format == GRID_CSV ? "%s%s" : "%s%s ",
			g->format == GRID_MARKDOWN ? "| "
			: i                        ? ","
						   : "",
			g->columns[i].name);
	if (g->format == GRID_MARKDOWN) {
		fputs("|\n", g->to);
		for (size_t i = 0; i < g->n; i++)
			fputs(g->columns[i].number ? "|---:" : "|---", g->to);
		fputc('|', g->to);
	}
	fputs(g->format == GRID_JSON ? "[" : "\n", g->to);
}

int grid_begin(struct grid *grid, FILE *to, enum grid_format format,
	       const struct grid_column *columns, size_t n)
{
	*grid = (struct grid){
		.to = to, .format = format, .columns = columns, .n = n, .arena = arena_new()};
	if (!grid->arena)
		return -ENOMEM;
	put_head(grid);
	return 0;
}

static void put_quoted(const struct grid *g, const char *text)
{
	char *out = arena_alloc(g->arena, TEXT_SPELLED_MAX(strlen(text)));
	if (out)
		fwrite(out, 1, text_spell(out, text, TEXT_QUOTED), g->to);
	else
		fputs("null", g->to);
}

static void put_value(const struct grid *g, size_t i, const char *value)
{
	const bool plain = g->columns[i].number;
	if (g->format == GRID_MARKDOWN) {
		fprintf(g->to, "| %s ", escape_markdown(g->arena, value, MARKDOWN_MAX));
	} else if (g->format == GRID_CSV) {
		fputs(i ? "," : "", g->to);
		if (plain)
			fputs(value ? value : "", g->to);
		else
			escape_csv(g->to, g->arena, value);
	} else {
		fprintf(g->to, "%s\"%s\": ", i ? ", " : "", g->columns[i].name);
		if (!value || plain)
			fputs(value ? value : "null", g->to);
		else
			put_quoted(g, value);
	}
}

void grid_row(struct grid *grid, const char *const *values)
{
	if (grid->format == GRID_JSON)
		fputs(grid->rows ? ",\n {" : "\n {", grid->to);
	for (size_t i = 0; i < grid->n; i++)
		put_value(grid, i, values[i]);
	fputs(grid->format == GRID_JSON       ? "}"
	      : grid->format == GRID_MARKDOWN ? "|\n"
					      : "\n",
	      grid->to);
	grid->rows++;
}

void grid_end(struct grid *grid)
{
	if (grid->format == GRID_JSON)
		fputs(grid->rows ? "\n]\n" : "]\n", grid->to);
	arena_free(grid->arena);
}
