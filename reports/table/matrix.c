#include "reports/table/matrix.h"

#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/color.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { GAP = 2, NAME_WIDTH = 20, KINDS_BESIDE = 64 };

/* Groups are rows, as there may be many of them, and kinds of cells columns. */
struct matrix {
	FILE *to;
	const struct table_style *style;
	const struct result *result;
	struct arena *arena;
	const struct cell_result **groups; /* their baselines */
	const struct cell_result **kinds;  /* the first cell of each */
	const char **names;                /* of kinds */
	size_t n_groups, n_kinds, group_width;
};

/* The same way of asking, on whatever tree and in whatever cache state. */
static bool is_alike(const struct matrix *m, const struct cell_result *a,
		     const struct cell_result *b)
{
	return a->jobs == b->jobs &&
	       strcmp(label_plain(m->arena, a), label_plain(m->arena, b)) == 0;
}

static const struct cell_result *find_cell(const struct matrix *m, size_t group, size_t kind)
{
	for (size_t i = 0; i < m->result->n_cells; i++) {
		const struct cell_result *cell = &m->result->cells[i];
		if (is_alike(m, cell, m->kinds[kind]) &&
		    result_baseline_of(m->result, cell) == m->groups[group])
			return cell;
	}
	return NULL;
}

static void add_kind(struct matrix *m, const struct cell_result *cell)
{
	for (size_t i = 0; i < m->n_kinds; i++) {
		if (is_alike(m, m->kinds[i], cell))
			return;
	}
	const char *name = label_plain(m->arena, cell);
	if (cell->jobs > 1)
		name = arena_print(m->arena, "%s/j%u", name, (unsigned)cell->jobs);
	m->names[m->n_kinds] = name ? name : "?";
	m->kinds[m->n_kinds++] = cell;
}

static bool fill(struct matrix *m)
{
	const size_t n = m->result->n_cells;
	m->groups = arena_alloc(m->arena, (n + 1) * sizeof(*m->groups));
	m->kinds = arena_alloc(m->arena, (n + 1) * sizeof(*m->kinds));
	m->names = arena_alloc(m->arena, (n + 1) * sizeof(*m->names));
	if (!m->groups || !m->kinds || !m->names)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct cell_result *cell = &m->result->cells[i];
		if (cell->is_baseline)
			m->groups[m->n_groups++] = cell;
		if (!cell->is_floor)
			add_kind(m, cell);
	}
	labels_fit(m->arena, m->names, m->n_kinds, NAME_WIDTH);
	for (size_t i = 0; i < m->n_groups; i++)
		m->group_width = MAX(m->group_width,
				     text_width(format_group(m->arena, m->result, m->groups[i])));
	return true;
}

/* The least ratio of a group: 1, the baseline's, when no other is below it. */
static double best_of(const struct matrix *m, size_t group)
{
	double best = 1;
	for (size_t i = 0; i < m->n_kinds; i++) {
		const struct cell_result *cell = find_cell(m, group, i);
		if (cell && cell->is_rival && estimate_has_median(&cell->ratio))
			best = MIN(best, cell->ratio.median);
	}
	return best;
}

static const char *ratio_text(const struct matrix *m, const struct cell_result *cell)
{
	if (!cell || cell->status != STATUS_OK)
		return cell ? status_name(cell->status) : "";
	if (!estimate_has_median(&cell->ratio))
		return "-";
	return format_fixed(m->arena, cell->ratio.median, 3);
}

static void put_ratio(const struct matrix *m, const struct cell_result *cell, double best,
		      size_t width)
{
	const bool wins = cell && cell->status == STATUS_OK && estimate_has_median(&cell->ratio) &&
			  (cell->is_rival || cell->is_baseline) && cell->ratio.median <= best;
	const char *text = ratio_text(m, cell);
	const bool marked = wins && !m->style->color;
	fprintf(m->to, "%*s", (int)(GAP + width - text_width(text) - marked), "");
	fprintf(m->to, "%s%s%s%s", wins && !marked ? COLOR_BOLD : "", marked ? "*" : "", text,
		wins && !marked ? COLOR_PLAIN : "");
}

static void put_group(const struct matrix *m, size_t group, size_t first, size_t n,
		      const size_t *widths)
{
	const char *name = format_group(m->arena, m->result, m->groups[group]);
	const double best = best_of(m, group);
	fprintf(m->to, "%s%*s", name, (int)(m->group_width - text_width(name)), "");
	for (size_t i = 0; i < n; i++)
		put_ratio(m, find_cell(m, group, first + i), best, widths[i]);
	fputc('\n', m->to);
}

/* Kinds from `first` on, as many as fit beside each other; how many. */
static size_t put_block(const struct matrix *m, size_t first)
{
	const size_t room = (size_t)MAX(m->style->width, TABLE_WIDTH_MIN);
	size_t widths[KINDS_BESIDE], n = 0, used = m->group_width;
	for (size_t i = first; i < m->n_kinds && n < KINDS_BESIDE; i++, n++) {
		widths[n] = MAX(text_width(m->names[i]), strlen("skipped"));
		if (n && used + GAP + widths[n] > room)
			break;
		used += GAP + widths[n];
	}
	fprintf(m->to, "%*s", (int)m->group_width, "");
	for (size_t i = 0; i < n; i++)
		fprintf(m->to, "%*s%s", (int)(GAP + widths[i] - text_width(m->names[first + i])),
			"", m->names[first + i]);
	fputc('\n', m->to);
	for (size_t group = 0; group < m->n_groups; group++)
		put_group(m, group, first, n, widths);
	return n;
}

void matrix_print(FILE *to, const struct result *result, const struct table_style *style,
		  struct arena *arena)
{
	struct matrix m = {.to = to, .style = style, .result = result, .arena = arena};
	if (labels_one_tree(result) || !fill(&m) || !m.n_groups)
		return;
	fprintf(to, "\ntime against the baseline of the row; smallest %s\n",
		style->color ? "in bold" : "marked *");
	for (size_t first = 0; first < m.n_kinds;)
		first += put_block(&m, first);
}
