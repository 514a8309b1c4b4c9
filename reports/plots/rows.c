/* Writes the data of plots of times and ratios with a row for each cell. */
#include "reports/plots/kinds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

/*
 * The most rows that fit on a page; with several groups the fewest of each group, and the most
 * groups. The PNG of many more rows would be higher than Cairo can draw.
 */
enum { PAGE_ROWS = 72, LEAST_ROWS = 4, GROUPS_MAX = 48 };

static const char mark[] = " (baseline)";

struct rows {
	struct plots *p;
	FILE *data;
	size_t row;   /* of the picture, from 1 */
	size_t drawn; /* rows with a figure */
};

/* --- Both plots ------------------------------------------------------------------------------ */

/* Collects the cells of a group, or all cells if there are no groups. */
static void collect(struct plots *p, size_t group)
{
	p->n = 0;
	for (size_t i = 0; i < p->result->n_cells; i++) {
		const struct cell_result *cell = &p->result->cells[i];
		const bool is_in = p->groups.n < 2 || result_baseline_of(p->result, cell) ==
							      p->groups.baselines[group];
		if (!cell->is_floor && is_in)
			p->cells[p->n++] = cell;
	}
}

static size_t most_rows(const struct plots *p)
{
	const size_t each = PAGE_ROWS / MAX(p->groups.n, 1);
	return MAX(each, LEAST_ROWS + 1) - 1;
}

/* A row of words alone. */
static void put_head(struct rows *r, const char *name)
{
	fprintf(r->data, "%zu\t", ++r->row);
	drawing_words(r->p->arena, r->data, name, WORDS_MAX_CHARS);
	fputs("\t3\tNaN\tNaN\tNaN\t0\t?\t \n", r->data);
}

/* Above the cells of one of several groups stands its name, with the number of cells. */
static void put_name(struct rows *r, size_t group, size_t shown, size_t n)
{
	struct plots *p = r->p;
	if (p->groups.n > 1 && shown < n)
		put_head(r, arena_print(p->arena, "%s (%zu of %s)", p->groups.names[group], shown,
					COUNTED(n, "cell")));
	else if (p->groups.n > 1 && n)
		put_head(r, p->groups.names[group]);
	else if (shown < n)
		put_head(r, arena_print(p->arena, "%zu of %s", shown, COUNTED(n, "cell")));
}

struct row_kind {
	int (*compare)(const void *, const void *);
	size_t name_max;
	bool (*is_shown)(const struct cell_result *cell);
	void (*put)(struct rows *r, const struct cell_result *cell, const char *name);
};

static void put_group(struct rows *r, const struct row_kind *kind, size_t group)
{
	struct plots *p = r->p;
	size_t n = 0, shown = 0;
	collect(p, group);
	for (size_t i = 0; i < p->n; i++) {
		if (kind->is_shown(p->cells[i]))
			p->cells[n++] = p->cells[i];
	}
	p->n = n;
	qsort(p->cells, n, sizeof(struct cell_result *), kind->compare);
	name_cells(p, kind->name_max);
	for (size_t i = 0; i < n; i++)
		shown += i < most_rows(p) || p->cells[i]->is_baseline;
	put_name(r, group, shown, n);
	for (size_t i = 0; i < n; i++) {
		if (i < most_rows(p) || p->cells[i]->is_baseline)
			kind->put(r, p->cells[i], p->names[i]);
	}
}

static size_t put_rows(struct plots *p, FILE *data, const struct row_kind *kind)
{
	struct rows r = {.p = p, .data = data};
	const size_t groups = MAX(p->groups.n, 1), most = MIN(groups, GROUPS_MAX);
	for (size_t i = 0; i < most; i++)
		put_group(&r, kind, i);
	if (most < groups)
		put_head(&r, arena_print(p->arena, "%s not drawn",
					 COUNTED(groups - most, "more group")));
	return r.drawn;
}

/*
 * The text shown when the pointer is on it: "statx: 812.4 ns per entry (804.3 to 820.5; n = 22)".
 * Ends the row.
 */
static void put_tip(struct rows *r, const char *name, const struct estimate *e, const char *unit,
		    int decimals)
{
	struct arena *arena = r->p->arena;
	fputc('\t', r->data);
	if (estimate_has_median(e))
		drawing_words(r->p->arena, r->data,
			      arena_print(arena, "%s: %s %s (%s to %s; n = %" PRIu32 ")", name,
					  format_fixed(arena, e->median, decimals), unit,
					  format_fixed(arena, e->lo, decimals),
					  format_fixed(arena, e->hi, decimals), e->n),
			      LINE_MAX_CHARS);
	fputs(estimate_has_median(e) ? "\n" : " \n", r->data);
}

/* --- ns-per-entry.tsv ------------------------------------------------------------------------ */

static int by_cost(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	const bool has_x = estimate_has_median(&x->ns_per_entry);
	if (has_x != estimate_has_median(&y->ns_per_entry))
		return has_x ? -1 : 1;
	if (x->ns_per_entry.median != y->ns_per_entry.median)
		return x->ns_per_entry.median < y->ns_per_entry.median ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool is_any(const struct cell_result *cell)
{
	(void)cell;
	return true;
}

static void put_cost(struct rows *r, const struct cell_result *cell, const char *name)
{
	struct plots *p = r->p;
	const struct estimate *e = &cell->ns_per_entry;
	const bool drawn = estimate_has_median(e);
	r->drawn += drawn;
	if (cell->is_baseline)
		name = arena_print(p->arena, "%s%s", name, mark);
	fprintf(r->data, "%zu\t", ++r->row);
	drawing_words(p->arena, r->data, name, NAME_MAX_CHARS);
	fprintf(r->data, "\t%d", !drawn ? 2 : !cell->is_baseline);
	put_estimate(r->data, e);
	drawing_words(p->arena, r->data, drawn ? figure(p, e, 1) : why_not(p, cell),
		      WORDS_MAX_CHARS);
	put_tip(r, name, e, "ns per entry", 1);
}

const char *rows_write_costs(struct plots *p, FILE *data)
{
	const struct row_kind kind = {by_cost, NAME_MAX_CHARS - strlen(mark), is_any, put_cost};
	fputs("row\tcell\tkind\tmedian\tlo\thi\tn\twords\thover\n", data);
	return put_rows(p, data, &kind) ? NULL : "no cell has a figure";
}

/* --- ratio.tsv ------------------------------------------------------------------------------- */

static int by_ratio(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	if (x->ratio.median != y->ratio.median)
		return x->ratio.median < y->ratio.median ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool has_ratio(const struct cell_result *cell)
{
	return estimate_has_median(&cell->ratio) && !cell->is_baseline;
}

static void put_ratio(struct rows *r, const struct cell_result *cell, const char *name)
{
	const struct estimate *e = &cell->ratio;
	r->drawn++;
	fprintf(r->data, "%zu\t", ++r->row);
	drawing_words(r->p->arena, r->data, name, NAME_MAX_CHARS);
	fprintf(r->data, "\t%d", e->seen ? 0 : e->hi < 1 ? -1 : e->lo > 1);
	put_estimate(r->data, e);
	drawing_words(r->p->arena, r->data, figure(r->p, e, 3), WORDS_MAX_CHARS);
	put_tip(r, name, e, "of the baseline's time", 3);
}

const char *rows_write_ratios(struct plots *p, FILE *data)
{
	const struct row_kind kind = {by_ratio, NAME_MAX_CHARS, has_ratio, put_ratio};
	fputs("row\tcell\tverdict\tmedian\tlo\thi\tn\twords\thover\n", data);
	return put_rows(p, data, &kind) ? NULL : "no cell has a ratio to the baseline";
}
