/* Prints the ratios of several trees side by side. */
#include "reports/table/table.h"

#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/groups/groups.h"
#include "reports/words/color.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { GAP = 2, NAME_WIDTH = 20, KINDS_BESIDE = 64 };

/* Groups are rows, as there may be many of them, and kinds of cells columns. */
struct matrix {
	FILE *to;
	const struct table_style *style;
	struct arena *arena;
	struct groups groups;
	const char **names; /* of kinds, shortened to fit */
	size_t group_width;
};

static bool fill(struct matrix *m, const struct result *result)
{
	struct groups *g = &m->groups;
	if (!groups_make(m->arena, result, g))
		return false;
	m->names = arena_alloc(m->arena, (g->n_kinds + 1) * sizeof(*m->names));
	for (size_t i = 0; m->names && i < g->n_kinds; i++)
		m->names[i] = g->kinds[i];
	if (m->names) {
		labels_keep_values(m->arena, m->names, g->n_kinds, NAME_WIDTH);
		labels_fit(m->arena, m->names, g->n_kinds, NAME_WIDTH);
	}
	for (size_t i = 0; i < g->n; i++)
		m->group_width = MAX(m->group_width, text_width(g->names[i]));
	return m->names;
}

static const char *ratio_text(const struct matrix *m, const struct cell_result *cell)
{
	if (!cell || cell->status != STATUS_OK)
		return cell ? status_name(cell->status) : "";
	if (!estimate_has_median(&cell->ratio))
		return "-";
	return format_fixed(m->arena, cell->ratio.median, 3);
}

static void put_ratio(const struct matrix *m, const struct cell_result *cell, bool wins,
		      size_t width)
{
	const char *text = ratio_text(m, cell);
	const bool marked = wins && !m->style->color;
	fprintf(m->to, "%*s%s", (int)(GAP + width - text_width(text) - marked), "",
		marked ? "*" : "");
	color_put(m->to, m->style->color, wins ? COLOR_BOLD : "", text);
}

static void put_group(const struct matrix *m, size_t group, size_t first, size_t n,
		      const size_t *widths)
{
	const struct cell_result *best = groups_best(&m->groups, group);
	pad_print(m->to, m->groups.names[group], -(int)m->group_width);
	for (size_t i = 0; i < n; i++) {
		const struct cell_result *cell = groups_cell(&m->groups, group, first + i);
		put_ratio(m, cell, cell && cell == best, widths[i]);
	}
	fputc('\n', m->to);
}

/* Kinds from `first` on, as many as fit beside each other; how many. */
static size_t put_block(const struct matrix *m, size_t first)
{
	const size_t room = (size_t)MAX(m->style->width, WIDTH_MIN);
	size_t widths[KINDS_BESIDE], n = 0, used = m->group_width;
	for (size_t i = first; i < m->groups.n_kinds && n < KINDS_BESIDE; i++, n++) {
		widths[n] = MAX(text_width(m->names[i]), strlen("skipped"));
		if (n && used + GAP + widths[n] > room)
			break;
		used += GAP + widths[n];
	}
	fprintf(m->to, "%*s", (int)m->group_width, "");
	for (size_t i = 0; i < n; i++)
		pad_print(m->to, m->names[first + i], (int)(GAP + widths[i]));
	fputc('\n', m->to);
	for (size_t group = 0; group < m->groups.n; group++)
		put_group(m, group, first, n, widths);
	return n;
}

void matrix_print(FILE *to, const struct result *result, const struct table_style *style,
		  struct arena *arena)
{
	struct matrix m = {.to = to, .style = style, .arena = arena};
	if (labels_one_tree(result) || !fill(&m, result) || !m.groups.n)
		return;
	fprintf(to, "\ntime against the baseline of the row; smallest %s\n",
		style->color ? "in bold" : "marked *");
	for (size_t first = 0; first < m.groups.n_kinds;)
		first += put_block(&m, first);
}
