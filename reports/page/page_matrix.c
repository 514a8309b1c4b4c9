/*
 * The ratios of all cells as a matrix. With several groups it has a row for each group and a column
 * for each strategy with its jobs; with one group it has a row for each strategy and a column for
 * each number of jobs.
 */
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/parts.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

struct page_matrix {
	const struct page *p;
	const char **rows, **columns; /* names */
	size_t n_rows, n_columns;
	const struct cell_result **cells; /* n_rows * n_columns */
};

/* --- Which rows and columns ------------------------------------------------------------------ */

static bool fill_groups(struct page_matrix *m)
{
	const struct groups *g = &m->p->groups;
	struct arena *arena = m->p->arena;
	size_t *order = arena_alloc(arena, (g->n_kinds + 1) * sizeof(*order));
	m->columns = arena_alloc(arena, (g->n_kinds + 1) * sizeof(*m->columns));
	m->cells = arena_alloc(arena, (g->n * g->n_kinds + 1) * sizeof(*m->cells));
	if (!order || !m->columns || !m->cells)
		return false;
	groups_rank(g, order);
	m->rows = g->names;
	m->n_rows = g->n;
	m->n_columns = g->n_kinds;
	for (size_t k = 0; k < g->n_kinds; k++) {
		m->columns[k] = g->kinds[order[k]];
		for (size_t i = 0; i < g->n; i++)
			m->cells[i * g->n_kinds + k] = groups_cell(g, i, order[k]);
	}
	return true;
}

/* The index of a name in a list. A new name is appended. */
static size_t place_of(const char **names, size_t *n, const char *name)
{
	size_t i = 0;
	while (i < *n && strcmp(names[i], name) != 0)
		i++;
	if (i == *n)
		names[(*n)++] = name;
	return i;
}

static int by_jobs(const struct cell_result *a, const struct cell_result *b)
{
	if (a->finds_threads || b->finds_threads)
		return a->finds_threads - b->finds_threads;
	return (a->jobs > b->jobs) - (a->jobs < b->jobs);
}

/* "2 jobs"; "auto" if the strategy chooses the number of its threads. */
static const char *jobs_words(const struct page *p, const struct cell_result *cell)
{
	if (cell->finds_threads)
		return format_jobs(p->arena, cell);
	return format_counted(p->arena, cell->jobs, "job");
}

/* The cell with the next larger number of jobs. Strategies that choose the number come last. */
static const struct cell_result *next_jobs(const struct page *p, const struct cell_result *last)
{
	const struct cell_result *next = NULL;
	for (size_t i = 0; i < p->n; i++) {
		const struct cell_result *cell = p->cells[i];
		if ((!last || by_jobs(last, cell) < 0) && (!next || by_jobs(cell, next) < 0))
			next = cell;
	}
	return next;
}

/* Columns by the number of jobs, at least two; rows in the order of the table. */
static bool fill_jobs(struct page_matrix *m)
{
	const struct cell_result *last = NULL, *next;
	const struct page *p = m->p;
	const size_t room = p->n + 1;
	m->rows = arena_alloc(p->arena, room * sizeof(*m->rows));
	m->columns = arena_alloc(p->arena, room * sizeof(*m->columns));
	for (; m->columns && (next = next_jobs(p, last)); last = next)
		m->columns[m->n_columns++] = jobs_words(p, next);
	if (!last || m->n_columns < (last->finds_threads ? 3 : 2))
		return false;
	for (size_t i = 0; m->rows && i < p->n; i++)
		place_of(m->rows, &m->n_rows, label_in(p->arena, p->result, p->cells[i]));
	m->cells = arena_alloc(p->arena, (m->n_rows * m->n_columns + 1) * sizeof(*m->cells));
	if (!m->rows || !m->columns || !m->cells)
		return false;
	for (size_t i = 0; i < p->n; i++) {
		const struct cell_result *cell = p->cells[i];
		const size_t row =
			place_of(m->rows, &m->n_rows, label_in(p->arena, p->result, cell));
		const char *jobs = jobs_words(p, cell);
		size_t column = 0;
		while (column < m->n_columns && strcmp(m->columns[column], jobs) != 0)
			column++;
		if (column < m->n_columns)
			m->cells[row * m->n_columns + column] = cell;
	}
	return true;
}

/* --- Fields ---------------------------------------------------------------------------------- */

/* -4 to 4: blue is faster than the baseline, orange slower; a step is a factor of 1.35. */
static int shade_of(double ratio)
{
	const double steps = log(ratio) / log(1.35);
	return (int)fmax(-4, fmin(4, steps < 0 ? floor(steps) : ceil(steps)));
}

static void put_ratio(const struct page_matrix *m, const struct cell_result *cell, double ratio,
		      bool best)
{
	const struct page *p = m->p;
	const bool decided = cell->is_baseline || page_ratio_side(&cell->ratio) != RATIO_EVEN;
	const char *text = format_fixed(p->arena, ratio, ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
	const char *words =
		cell->is_baseline ? "baseline" : page_estimate_words(p->arena, &cell->ratio, 3, "");
	const int shade = decided ? shade_of(ratio) : 0;
	fprintf(p->to, "<td class=\"h%s%d%s\"", shade < 0 ? "f" : "s", shade < 0 ? -shade : shade,
		best ? " best" : "");
	html_put(p->to, " title=\"%s: %s\">", format_cell(p->arena, p->result, cell), words);
	fprintf(p->to, "<a href=\"#r%zu-c%zu\">", p->number, (size_t)(cell - p->result->cells));
	html_put(p->to, decided ? "%s" : "(%s)", text);
	fputs(best ? "<span class=\"vh\">, the smallest</span></a></td>" : "</a></td>", p->to);
}

static void put_field(const struct page_matrix *m, const struct cell_result *cell, bool best)
{
	const struct page *p = m->p;
	if (!cell) {
		fputs("<td></td>", p->to);
		return;
	}
	if (cell->status == STATUS_OK && (cell->is_baseline || estimate_has_median(&cell->ratio))) {
		put_ratio(m, cell, cell->is_baseline ? 1 : cell->ratio.median, best);
		return;
	}
	const bool ran = cell->status == STATUS_OK;
	html_put(p->to, "<td class=\"none\" title=\"%s\">%s</td>",
		 format_text(p->arena, ran ? cell->ratio.reason : cell->reason),
		 ran ? "no ratio" : status_name(cell->status));
}

static const struct cell_result *best_of(const struct page_matrix *m, size_t row)
{
	const struct groups *g = &m->p->groups;
	return g->n ? groups_best(g, g->n > 1 ? row : 0) : NULL;
}

/* In a narrow column a name is broken before its jobs: "fstatat" and "/j2". */
static void put_column_name(const struct page_matrix *m, const char *name)
{
	const char *jobs = strrchr(name, '/');
	const bool has_jobs = jobs && jobs[1] == 'j' && isdigit((unsigned char)jobs[2]);
	html_put(m->p->to, "<th scope=\"col\"><bdi>%s",
		 has_jobs ? arena_print(m->p->arena, "%.*s", (int)(jobs - name), name) : name);
	if (has_jobs)
		html_put(m->p->to, "<wbr>%s", jobs);
	fputs("</bdi></th>", m->p->to);
}

static void put_rows(const struct page_matrix *m)
{
	FILE *to = m->p->to;
	fputs("<thead><tr><td></td>", to);
	for (size_t k = 0; k < m->n_columns; k++)
		put_column_name(m, m->columns[k]);
	fputs("</tr></thead>\n<tbody>\n", to);
	for (size_t i = 0; i < m->n_rows; i++) {
		const struct cell_result *best = best_of(m, i);
		html_put(to, "<tr><th scope=\"row\"><bdi>%s</bdi></th>", m->rows[i]);
		for (size_t k = 0; k < m->n_columns; k++) {
			const struct cell_result *cell = m->cells[i * m->n_columns + k];
			put_field(m, cell, cell && cell == best);
		}
		fputs("</tr>\n", to);
	}
}

void page_put_matrix(const struct page *p)
{
	struct page_matrix m = {.p = p};
	const bool several = p->groups.n > 1;
	if (!p->n || !p->groups.n || !(several ? fill_groups(&m) : fill_jobs(&m)))
		return;
	if (m.n_rows < 2 || m.n_columns < 2)
		return;
	page_begin_section(p, "matrix", "Time against the baseline");
	html_put(p->to,
		 "<p class=\"note\">Below 1 (<span class=\"key hf3\">blue</span>) is faster "
		 "than the baseline%s, above 1 (<span class=\"key hs3\">orange</span>) slower. "
		 "Framed: the smallest of those that return at least as much as the baseline. "
		 "In brackets: no interval excludes 1.</p>\n",
		 several ? " of the row" : "");
	html_open_table(p->to, "ratios", "matrix", NULL);
	put_rows(&m);
	html_close_table(p->to);
	page_end_section(p);
}
