/* Writes the data of heat-map: the ratios of strategies in several groups. */
#include "reports/plots/kinds.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum {
	ROWS_MAX = 64, /* the PNG of many more would be higher than Cairo can draw */
	COLUMNS_MAX = 24,
	ROW_MAX_CHARS = 30,
	COLUMN_MAX_CHARS = 26,
	REASONS_MAX = 6
};

/* The third column of the data: what the field or the text is. NOTE: text below the picture. */
enum map_row_kind { BASELINE, DECIDED, UNDECIDED, NO_FIGURE, NOTE, ROW_NAME, COLUMN_NAME };

struct map {
	struct plots *p;
	FILE *data;
	size_t *order; /* kinds, the best first */
	size_t columns;
	size_t *drawn; /* groups that have a row */
	size_t rows;
	const char **names, **heads; /* of groups, of columns */
	const char *reasons[REASONS_MAX];
	size_t n_reasons;
	bool has_more_reasons;
};

/* The letter of a reason; equal reasons have the same letter. */
static char letter_of(struct map *m, const char *reason)
{
	size_t i = 0;
	while (i < m->n_reasons && strcmp(m->reasons[i], reason) != 0)
		i++;
	if (i == REASONS_MAX) {
		m->has_more_reasons = true;
		return (char)('a' + REASONS_MAX);
	}
	if (i == m->n_reasons)
		m->reasons[m->n_reasons++] = reason;
	return (char)('a' + i);
}

static void put_line(struct map *m, size_t row, size_t column, enum map_row_kind kind, double ratio,
		     bool best)
{
	fprintf(m->data, "%zu\t%zu\t%d\t", row, column, (int)kind);
	fprintf(m->data, kind < NO_FIGURE ? "%.10g" : "NaN", ratio);
	fprintf(m->data, "\t%d\t", best);
}

/* hover: the text shown when the pointer is on it; " ": none. */
static void put_rest(struct map *m, const char *words, size_t max, const char *hover)
{
	drawing_words(m->p->arena, m->data, words, max);
	fputc('\t', m->data);
	drawing_words(m->p->arena, m->data, hover, HOVER_MAX_CHARS);
	fputc('\n', m->data);
}

/* A field has room for three digits: "0.53", "12.4", "124". */
static const char *ratio_words(struct map *m, double ratio)
{
	return format_fixed(m->p->arena, ratio, ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
}

static const char *reason_of(struct map *m, const struct cell_result *cell)
{
	const bool lacks_ratio = cell->status == STATUS_OK && cell->ratio.reason;
	if (lacks_ratio)
		return arena_print(m->p->arena, "no ratio: %s",
				   format_text(m->p->arena, cell->ratio.reason));
	return why_not(m->p, cell);
}

/* "flat, statx/j2: 0.532 of the baseline's time (0.521 to 0.544; n = 22)" */
static const char *hover_of(struct map *m, size_t row, size_t column, const char *says)
{
	const struct groups *g = &m->p->groups;
	return arena_print(m->p->arena, "%s, %s: %s", g->names[m->drawn[row]],
			   g->kinds[m->order[column]], says);
}

static const char *says_ratio(struct map *m, const struct cell_result *cell)
{
	struct arena *arena = m->p->arena;
	const struct estimate *e = &cell->ratio;
	if (cell->is_baseline)
		return "the baseline";
	return arena_print(arena, "%s of the baseline's time (%s to %s; n = %" PRIu32 ")",
			   format_fixed(arena, e->median, 3), format_fixed(arena, e->lo, 3),
			   format_fixed(arena, e->hi, 3), e->n);
}

static void put_field(struct map *m, size_t row, size_t column)
{
	const size_t group = m->drawn[row];
	const struct cell_result *cell = groups_cell(&m->p->groups, group, m->order[column]);
	const char *words, *says;
	if (!cell)
		return;
	const bool has_ratio = cell->status == STATUS_OK &&
			       (cell->is_baseline || estimate_has_median(&cell->ratio));
	if (has_ratio) {
		const struct estimate *e = &cell->ratio;
		const double ratio = cell->is_baseline ? 1 : e->median;
		const bool decided = e->known && (e->hi < 1 || e->lo > 1);
		put_line(m, row + 1, column + 1,
			 cell->is_baseline ? BASELINE
			 : decided         ? DECIDED
					   : UNDECIDED,
			 ratio, groups_best(&m->p->groups, group) == cell);
		words = ratio_words(m, ratio);
		if (!cell->is_baseline && !decided)
			words = arena_print(m->p->arena, "(%s)", words);
		says = says_ratio(m, cell);
	} else {
		const char *reason = reason_of(m, cell);
		put_line(m, row + 1, column + 1, NO_FIGURE, NAN, false);
		says = reason ? reason : "?";
		words = arena_print(m->p->arena, "\342\200\223 %c", letter_of(m, says));
	}
	put_rest(m, words, COLUMN_MAX_CHARS, hover_of(m, row, column, says));
}

static void put_note(struct map *m, size_t *n, const char *words)
{
	put_line(m, ++*n, 0, NOTE, NAN, false);
	put_rest(m, words, LINE_MAX_CHARS, " ");
}

static void put_notes(struct map *m)
{
	const size_t columns = m->p->groups.n_kinds - m->columns, rows = m->p->groups.n - m->rows;
	size_t n = 0;
	for (size_t i = 0; i < m->n_reasons; i++)
		put_note(m, &n,
			 arena_print(m->p->arena, "(%c) %s", (char)('a' + i), m->reasons[i]));
	if (m->has_more_reasons)
		put_note(m, &n,
			 arena_print(m->p->arena, "(%c) for other reasons: run.json has them",
				     (char)('a' + REASONS_MAX)));
	if (columns)
		put_note(m, &n,
			 arena_print(m->p->arena, "%s, the slowest, not drawn",
				     COUNTED(columns, "more column")));
	if (rows)
		put_note(m, &n,
			 arena_print(m->p->arena, "%s not drawn", COUNTED(rows, "more row")));
}

static bool has_field(const struct map *m, size_t group)
{
	for (size_t column = 0; column < m->columns; column++) {
		if (groups_cell(&m->p->groups, group, m->order[column]))
			return true;
	}
	return false;
}

/* A group whose cells are all in columns that are not drawn has no row. */
static void choose_rows(struct map *m)
{
	for (size_t group = 0; group < m->p->groups.n && m->rows < ROWS_MAX; group++) {
		if (has_field(m, group))
			m->drawn[m->rows++] = group;
	}
}

static bool name_all(struct map *m)
{
	const struct groups *g = &m->p->groups;
	m->order = arena_alloc(m->p->arena, (g->n_kinds + 1) * sizeof(*m->order));
	m->drawn = arena_alloc(m->p->arena, (g->n + 1) * sizeof(*m->drawn));
	m->names = arena_alloc(m->p->arena, (g->n + 1) * sizeof(*m->names));
	m->heads = arena_alloc(m->p->arena, (g->n_kinds + 1) * sizeof(*m->heads));
	if (!m->order || !m->drawn || !m->names || !m->heads)
		return false;
	groups_rank(g, m->order);
	choose_rows(m);
	for (size_t i = 0; i < m->rows; i++)
		m->names[i] = g->names[m->drawn[i]];
	for (size_t i = 0; i < g->n_kinds; i++)
		m->heads[i] = g->kinds[m->order[i]];
	labels_fit(m->p->arena, m->names, m->rows, ROW_MAX_CHARS);
	labels_fit(m->p->arena, m->heads, g->n_kinds, COLUMN_MAX_CHARS);
	return true;
}

static void put_names(struct map *m)
{
	for (size_t i = 0; i < m->rows; i++) {
		put_line(m, i + 1, 0, ROW_NAME, NAN, false);
		put_rest(m, m->names[i], ROW_MAX_CHARS, " ");
	}
	for (size_t i = 0; i < m->columns; i++) {
		put_line(m, 0, i + 1, COLUMN_NAME, NAN, false);
		put_rest(m, m->heads[i], COLUMN_MAX_CHARS, " ");
	}
}

static bool has_ratio(const struct result *result)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->status == STATUS_OK && estimate_has_median(&cell->ratio))
			return true;
	}
	return false;
}

const char *heat_map_write(struct plots *p, FILE *data)
{
	const struct groups *g = &p->groups;
	struct map m = {.p = p, .data = data, .columns = MIN(g->n_kinds, COLUMNS_MAX)};
	if (g->n < 2)
		return "";
	if (!name_all(&m))
		return "memory ran out";
	if (!has_ratio(p->result))
		return "no cell has a ratio to its baseline";
	fputs("row\tcolumn\tkind\tratio\tbest\twords\thover\n", data);
	put_names(&m);
	for (size_t row = 0; row < m.rows; row++) {
		for (size_t column = 0; column < m.columns; column++)
			put_field(&m, row, column);
	}
	put_notes(&m);
	return NULL;
}
