/*
 * Compares several documents: each cell in every document that has it, and what differs between the
 * runs. It describes and does not judge, because two runs of the same thing differ by more than the
 * interval of each. A verdict needs several documents a side (statmark compare).
 */
#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/parts.h"
#include "reports/verdict/comparable.h"
#include "reports/words/format.h"

struct across {
	FILE *to;
	struct arena *arena;
	const struct page_run *runs;
	size_t n;
};

static const char *short_name(const struct across *a, size_t run)
{
	return text_shorten(a->arena, format_text(a->arena, a->runs[run].name), 40);
}

static const struct cell_result *first_cell(const struct result *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		if (r->cells[i].is_baseline)
			return &r->cells[i];
	}
	return r->n_cells ? &r->cells[0] : NULL;
}

static void put_heads(const struct across *a, const char *first, int span)
{
	html_put(a->to, "<thead><tr><th scope=\"col\">%s</th>", first);
	for (size_t i = 0; i < a->n; i++) {
		fprintf(a->to, "<th scope=\"col\" colspan=\"%d\"><a href=\"#run%zu\">", span,
			i + 1);
		html_put(a->to, "<bdi>%s</bdi></a></th>", short_name(a, i));
	}
	fputs("</tr></thead>\n<tbody>\n", a->to);
}

/* --- What differs ---------------------------------------------------------------------------- */

static const char *value_of(const struct across *a, size_t run, size_t field, const char **name)
{
	const struct result *r = a->runs[run].result;
	const struct document_cell s = {a->runs[run].name, r, first_cell(r)};
	const char *value = NULL;
	*name = NULL;
	if (s.cell)
		*name = comparable_field(field, &s, a->arena, &value);
	return value;
}

/* False: beyond the last field. */
static bool put_difference(const struct across *a, size_t field, size_t *rows)
{
	const char *name = NULL, *first = NULL, *known = NULL;
	bool differs = false, begun = false;
	for (size_t i = 0; i < a->n; i++) {
		const char *value = value_of(a, i, field, &name);
		known = name ? name : known;
		differs |= begun && name && !same_text(first, value);
		first = begun ? first : value;
		begun |= name != NULL;
	}
	if (!known || !differs)
		return known;
	if (!(*rows)++) {
		fputs("<h2>What differs</h2>\n", a->to);
		html_open_table(a->to, "what differs", "small", NULL);
		put_heads(a, "of the first baseline", 1);
	}
	html_put(a->to, "<tr><th scope=\"row\">%s</th>", known);
	for (size_t i = 0; i < a->n; i++) {
		const char *value = value_of(a, i, field, &name);
		html_put(a->to, "<td><bdi>%s</bdi></td>",
			 value ? text_shorten(a->arena, format_text(a->arena, value), 120)
			       : "\342\200\223");
	}
	fputs("</tr>\n", a->to);
	return true;
}

/* The conditions of a run are taken from its first cell. */
static bool all_have_cells(const struct across *a)
{
	for (size_t i = 0; i < a->n; i++) {
		if (!first_cell(a->runs[i].result))
			return false;
	}
	return true;
}

/* The baseline of the nth group that has one; NULL: there are fewer. */
static const struct cell_result *nth_baseline(const struct result *r, size_t n)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		if (r->cells[i].is_baseline && n-- == 0)
			return &r->cells[i];
	}
	return NULL;
}

static bool same_conditions(const struct across *a, size_t run, const struct cell_result *cell,
			    const struct cell_result *first)
{
	const struct document_cell here = {a->runs[run].name, a->runs[run].result, cell};
	const struct document_cell there = {a->runs[0].name, a->runs[0].result, first};
	return !comparable_differences(a->arena, &here, &there, 0);
}

/* Whether every group of every run has the same conditions as in the first run. */
static bool have_same_groups(const struct across *a)
{
	for (size_t run = 1; run < a->n; run++) {
		const struct cell_result *first, *cell;
		size_t n = 0;
		do {
			first = nth_baseline(a->runs[0].result, n);
			cell = nth_baseline(a->runs[run].result, n++);
			if (!first != !cell || (cell && !same_conditions(a, run, cell, first)))
				return false;
		} while (cell);
	}
	return true;
}

static void put_differences(const struct across *a)
{
	const bool same = have_same_groups(a);
	size_t rows = 0;
	for (size_t field = 0; put_difference(a, field, &rows); field++)
		;
	if (rows)
		html_close_table(a->to);
	else if (all_have_cells(a))
		html_put(a->to,
			 "<p>The runs%s have the same machine, kernel, build, tree and "
			 "filesystem.%s</p>\n",
			 same ? "" : "' first baselines",
			 same ? "" : " The baselines of other trees or states differ.");
}

/* --- Cells ----------------------------------------------------------------------------------- */

/* Whether a document before this one has a cell of that id. */
static bool is_known(const struct across *a, size_t run, const char *id)
{
	for (size_t i = 0; i < run; i++) {
		if (result_cell(a->runs[i].result, id))
			return true;
	}
	return false;
}

static void put_time(const struct across *a, const struct cell_result *cell, double from)
{
	const struct estimate *e = &cell->ns_per_entry;
	const double change = from > 0 ? 100 * (e->median / from - 1) : 0;
	html_put(a->to, "<td class=\"n\" data-v=\"%s\" title=\"%s\">%s", page_number(a->arena, e),
		 page_estimate_words(a->arena, e, 1, " ns per entry"),
		 format_fixed(a->arena, e->median, 1));
	if (from > 0)
		html_put(a->to, " <small>%s</small>", arena_print(a->arena, "%+.1f %%", change));
	fputs("</td>", a->to);
}

static void put_pair(const struct across *a, const struct cell_result *cell, double from)
{
	if (!cell) {
		fputs("<td colspan=\"2\" class=\"none\">not there</td>", a->to);
		return;
	}
	if (!estimate_has_median(&cell->ns_per_entry)) {
		html_put(a->to, "<td colspan=\"2\" class=\"none\" title=\"%s\">%s</td>",
			 format_text(a->arena,
				     cell->reason ? cell->reason : cell->ns_per_entry.reason),
			 cell->status == STATUS_OK ? "no figure" : status_name(cell->status));
		return;
	}
	put_time(a, cell, from);
	if (cell->is_baseline)
		fputs("<td class=\"n\">baseline</td>", a->to);
	else if (estimate_has_median(&cell->ratio))
		html_put(a->to, "<td class=\"n %s\" title=\"%s\">%s</td>",
			 page_ratio_class(&cell->ratio),
			 page_estimate_words(a->arena, &cell->ratio, 3, ""),
			 format_fixed(a->arena, cell->ratio.median, 3));
	else
		fputs("<td class=\"n\">\342\200\223</td>", a->to);
}

static void put_row(const struct across *a, const char *id)
{
	double from = 0;
	html_put(a->to, "<tr><th scope=\"row\"><bdi>%s</bdi></th>", format_text(a->arena, id));
	for (size_t i = 0; i < a->n; i++) {
		const struct cell_result *cell = result_cell(a->runs[i].result, id);
		put_pair(a, cell, from);
		if (cell && estimate_has_median(&cell->ns_per_entry) && from <= 0)
			from = cell->ns_per_entry.median;
	}
	fputs("</tr>\n", a->to);
}

void page_put_across(FILE *to, struct arena *arena, const struct page_run *runs, size_t n)
{
	const struct across a = {to, arena, runs, n};
	fputs("<section id=\"across\" class=\"across\" aria-label=\"Comparison\">\n"
	      "<h2>Cells side by side</h2>\n"
	      "<p class=\"note\">Time per entry in ns, with its change against the first run that "
	      "has the cell, and time against the run's own baseline. One document per side gives "
	      "no verdict: two runs of the same build differ by more than either interval. "
	      "<code>statmark compare</code> judges several.</p>\n",
	      to);
	html_open_table(to, "cells side by side", "small wide", NULL);
	put_heads(&a, "cell", 2);
	for (size_t run = 0; run < n; run++) {
		const struct result *r = runs[run].result;
		for (size_t i = 0; i < r->n_cells; i++) {
			if (!r->cells[i].is_floor && !is_known(&a, run, r->cells[i].id))
				put_row(&a, r->cells[i].id);
		}
	}
	html_close_table(to);
	put_differences(&a);
	fputs("</section>\n", to);
}
