/*
 * A row for each cell: its figures, with the intervals of time and ratio drawn on an axis that all
 * rows share. data-v holds the value that a field is sorted by.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/dots.h"
#include "reports/page/parts.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { COLUMNS_OF_FIGURES = 10 };

static const struct dots_marks ratio_marks = {.one = 1, .lo = NAN, .hi = NAN, .limit = NAN};

struct page_table {
	const struct page *p;
	struct chart times, ratios; /* their x axes */
	int time_decimals, ratio_decimals;
	bool has_groups, has_latency;
};

static bool is_drawn(const struct estimate *e)
{
	return estimate_has_median(e) && e->median > 0;
}

static void add(struct chart_axis *axis, const struct estimate *e)
{
	if (!is_drawn(e))
		return;
	axis_add(axis, e->median);
	axis_add(axis, e->lo);
	axis_add(axis, e->hi);
}

static struct page_table table_of(const struct page *p)
{
	const struct chart_axis empty = {.lo = AXIS_LOW, .hi = AXIS_HIGH, .is_log = true};
	struct page_table t = {.p = p,
			       .times = {.to = p->to, .arena = p->arena, .x = empty},
			       .ratios = {.to = p->to, .arena = p->arena, .x = empty},
			       .ratio_decimals = 3};
	axis_add(&t.ratios.x, 1);
	for (size_t i = 0; i < p->n; i++) {
		const struct cell_result *cell = p->cells[i];
		const struct estimate *time = &cell->ns_per_entry, *ratio = &cell->ratio;
		add(&t.times.x, time);
		t.has_latency |= cell->latency.samples > 0;
		t.time_decimals = MAX(t.time_decimals, time->known ? format_decimals(time) : 1);
		if (cell->is_baseline)
			continue;
		add(&t.ratios.x, ratio);
		t.ratio_decimals = MAX(t.ratio_decimals, ratio->known ? format_decimals(ratio) : 0);
	}
	t.time_decimals = MIN(t.time_decimals, 2);
	t.ratio_decimals = MIN(t.ratio_decimals, 4);
	t.has_groups = p->groups.n > 1 || !labels_one_cache(p->result);
	dots_fit(&t.times);
	dots_fit(&t.ratios);
	return t;
}

/* --- Head ------------------------------------------------------------------------------------ */

static void put_head(const struct page_table *t)
{
	const struct page *p = t->p;
	FILE *to = p->to;
	fputs("<thead><tr>\n", to);
	html_put_column(to, "cell", "Cell", 1);
	if (t->has_groups)
		html_put_column(to, "group", "Group", 1);
	html_put_column(to, "jobs", "Jobs", 1);
	html_put_column(to, "time", "ns per entry", 2);
	fputs("<td class=\"axis\">", to);
	dots_put_scale(&t->times);
	fputs("</td>\n", to);
	html_put_column(to, "ratio", "Ratio", 2);
	fputs("<td class=\"axis\">", to);
	dots_put_scale(&t->ratios);
	fputs("</td>\n", to);
	html_put_column(to, "rate", "Entries/s", 1);
	html_put_column(to, "calls", "Calls/entry", 1);
	if (t->has_latency) {
		html_put_column(to, "p50", "p50", 1);
		html_put_column(to, "p99", "p99", 1);
	}
	html_put_column(to, "passes", "Passes", 1);
	fputs("</tr></thead>\n", to);
}

/* --- Rows ------------------------------------------------------------------------------------ */

/* Median, spread and dots: three fields. */
static void put_estimate(const struct page_table *t, const struct chart *c,
			 const struct estimate *e, int decimals, const char *verdict,
			 const char *name)
{
	const struct page *p = t->p;
	if (!is_drawn(e)) {
		html_put(p->to, "<td data-v=\"\" class=\"none\" colspan=\"3\">%s</td>",
			 format_text(p->arena, e->reason));
		return;
	}
	const char *words = arena_print(
		p->arena, "%s: %s", name,
		page_estimate_words(p->arena, e, decimals,
				    c == &t->times ? " ns per entry" : " of the baseline's time"));
	html_put(p->to, "<td class=\"n %s\" data-v=\"%s\">%s</td>", verdict,
		 page_number(p->arena, e), format_fixed(p->arena, e->median, decimals));
	html_put(p->to, "<td class=\"pm\">%s</td>",
		 e->known ? arena_print(p->arena, "\302\261%s",
					format_fixed(p->arena, format_spread(e), decimals))
			  : "few");
	dots_put(c, c == &t->ratios ? &ratio_marks : &dots_no_marks, e, verdict, words);
}

static void put_count(const struct page *p, uint64_t count)
{
	const bool known = count != COUNT_UNKNOWN;
	html_put(p->to, "<td class=\"n\" data-v=\"%s\">%s</td>",
		 known ? arena_print(p->arena, "%" PRIu64, count) : "",
		 known ? format_count(p->arena, count) : "\342\200\223");
}

static void put_calls(const struct page *p, const struct cell_result *cell)
{
	const bool known = cell->entries && cell->syscalls_total != COUNT_UNKNOWN;
	const double calls = known ? (double)cell->syscalls_total / (double)cell->entries : 0;
	if (known)
		html_put(p->to, "<td class=\"n\" data-v=\"%s\">%s</td>",
			 arena_print(p->arena, "%.6g", calls), format_fixed(p->arena, calls, 3));
	else
		html_put(p->to, "<td class=\"n\" data-v=\"\" title=\"%s\">\342\200\223</td>",
			 format_text(p->arena, cell->syscalls_reason));
}

static void put_figures(const struct page_table *t, const struct cell_result *cell,
			const char *name)
{
	const struct page *p = t->p;
	const double rate = 1e9 / cell->ns_per_entry.median;
	put_estimate(t, &t->times, &cell->ns_per_entry, t->time_decimals, "plain", name);
	if (cell->is_baseline) {
		fputs("<td class=\"n\" data-v=\"1\">1</td><td class=\"pm\"></td>", p->to);
		dots_put_one(&t->ratios, 1);
	} else {
		put_estimate(t, &t->ratios, &cell->ratio, t->ratio_decimals,
			     page_ratio_class(&cell->ratio), name);
	}
	html_put(p->to, "<td class=\"n\" data-v=\"%s\">%s</td>",
		 arena_print(p->arena, "%.6g", rate), format_si(p->arena, rate));
	put_calls(p, cell);
	if (t->has_latency) {
		put_count(p, cell->latency.samples ? cell->latency.p50 : COUNT_UNKNOWN);
		put_count(p, cell->latency.samples ? cell->latency.p99 : COUNT_UNKNOWN);
	}
	html_put(p->to, "<td class=\"n\" data-v=\"%s\" title=\"%s\">%s</td>",
		 arena_print(p->arena, "%" PRIu32, cell->n_clean),
		 arena_print(p->arena, "%" PRIu32 " of %zu undisturbed", cell->n_clean,
			     cell->n_passes),
		 arena_print(p->arena, "%" PRIu32 "/%zu", cell->n_clean, cell->n_passes));
}

static void put_reason(const struct page_table *t, const struct cell_result *cell)
{
	const bool ran = cell->status == STATUS_OK;
	fprintf(t->p->to, "<td class=\"why %s\" data-v=\"\" colspan=\"%d\">",
		ran ? "ok" : status_name(cell->status),
		COLUMNS_OF_FIGURES - 1 + (t->has_latency ? 2 : 0));
	html_put(t->p->to, "<b>%s</b>: <bdi>%s</bdi></td>",
		 ran ? "no figure" : status_name(cell->status),
		 format_text(t->p->arena, ran ? cell->ns_per_entry.reason : cell->reason));
}

static void put_row(const struct page_table *t, const struct cell_result *cell)
{
	const struct page *p = t->p;
	const size_t at = (size_t)(cell - p->result->cells);
	const char *name = page_cell_name(p, cell);
	const char *status = status_name(cell->status);
	html_put(p->to,
		 "<tr data-status=\"%s\" data-stage=\"%s\" data-cache=\"%s\" data-tree=\"%s\" "
		 "data-jobs=\"%s\"%s>",
		 status, stage_name(cell->stage), cache_state_name(cell->cache),
		 format_tree_label(p->arena, p->result, cell), format_jobs(p->arena, cell),
		 cell->is_baseline ? " class=baseline" : "");
	fprintf(p->to, "<th scope=\"row\"><a href=\"#r%zu-c%zu\">", p->number, at);
	html_put(p->to, "<bdi>%s</bdi></a>%s</th>", label_plain(p->arena, cell),
		 cell->is_baseline ? " (baseline)" : "");
	if (t->has_groups)
		html_put(p->to, "<td class=\"group\" data-v=\"%s\"><bdi>%s</bdi></td>",
			 format_group(p->arena, p->result, cell),
			 format_group(p->arena, p->result, cell));
	html_put(p->to, "<td class=\"n\" data-v=\"%s\">%s</td>",
		 arena_print(p->arena, "%" PRIu32, cell->jobs), format_jobs(p->arena, cell));
	if (is_drawn(&cell->ns_per_entry))
		put_figures(t, cell, name);
	else
		put_reason(t, cell);
	fputs("</tr>\n", p->to);
}

/*
 * With several trees it shows the range from the lowest floor to the highest, as the table on a
 * terminal does.
 */
static void put_floor(const struct page *p)
{
	double least = INFINITY, most = 0;
	for (size_t i = 0; i < p->result->n_cells; i++) {
		const struct cell_result *cell = &p->result->cells[i];
		if (!cell->is_floor || !estimate_has_median(&cell->ns_per_entry))
			continue;
		least = fmin(least, cell->ns_per_entry.median);
		most = fmax(most, cell->ns_per_entry.median);
	}
	if (least > most)
		return;
	const char *from = format_fixed(p->arena, least, 2), *to = format_fixed(p->arena, most, 2);
	const bool is_one = from && to && strcmp(from, to) == 0;
	html_put(p->to, " The harness itself costs %s%s%s ns per entry (floor).", from,
		 is_one ? "" : " to ", is_one ? "" : to);
}

static void put_caption(const struct page_table *t)
{
	const struct page *p = t->p;
	html_put(p->to,
		 "<p class=\"note\">%s, \302\261 reaches to the farther end of an interval "
		 "of %s. Ratio: time against the baseline's. Dots are medians, bars intervals; "
		 "both axes are logarithmic.%s",
		 format_counted(p->arena, p->n, "cell"),
		 arena_print(p->arena, "%d %%", format_common_confidence(p->result)),
		 t->has_latency ? " p50 and p99 are of single entries, in ns." : "");
	put_floor(p);
	fputs("</p>\n", p->to);
}

void page_put_table(const struct page *p)
{
	const struct page_table t = table_of(p);
	page_begin_section(p, "cells", "All cells");
	if (!p->n) {
		fputs("<p>No cell was measured.</p>\n", p->to);
		page_end_section(p);
		return;
	}
	put_caption(&t);
	fputs("<div class=\"filter\"></div>\n", p->to);
	html_open_table(p->to, "all cells", "cells", NULL);
	put_head(&t);
	fputs("<tbody>\n", p->to);
	for (size_t i = 0; i < p->n; i++)
		put_row(&t, p->cells[i]);
	html_close_table(p->to);
	page_end_section(p);
}

/* --- Speed-ups of one number of jobs: as rows, because two points make no line ---------------- */

static bool is_sped_up(const struct cell_result *cell)
{
	return cell->jobs > 1 && cell->scaling.known;
}

static void put_speedup(const struct page_table *t, const struct cell_result *cell)
{
	const struct page *p = t->p;
	const struct estimate *e = &cell->scaling;
	const char *name = format_cell(p->arena, p->result, cell);
	const char *state = labels_one_tree(p->result) || labels_one_cache(p->result)
				    ? ""
				    : arena_print(p->arena, ", %s", cache_state_name(cell->cache));
	html_put(p->to,
		 "<tr><th scope=\"row\"><bdi>%s%s</bdi></th><td class=\"n\">%s</td>"
		 "<td class=\"pm\">\302\261%s</td>",
		 name, state, format_fixed(p->arena, e->median, 2),
		 format_fixed(p->arena, format_spread(e), 2));
	/* A larger speed-up is better, so the colours of ratios would be wrong. */
	dots_put(&t->ratios, &ratio_marks, e,
		 e->lo > 1   ? "faster"
		 : e->hi < 1 ? "slower"
			     : "even",
		 arena_print(p->arena, "%s: %s", name,
			     page_estimate_words(p->arena, e, 2, " times as fast as with one")));
	fputs("</tr>\n", p->to);
}

void page_put_speedups(const struct page *p)
{
	const struct chart_axis empty = {.lo = AXIS_LOW, .hi = AXIS_HIGH, .is_log = true};
	struct page_table t = {.p = p, .ratios = {.to = p->to, .arena = p->arena, .x = empty}};
	axis_add(&t.ratios.x, 1);
	for (size_t i = 0; i < p->n; i++) {
		if (is_sped_up(p->cells[i]))
			add(&t.ratios.x, &p->cells[i]->scaling);
	}
	dots_fit(&t.ratios);
	html_open_table(p->to, "more jobs", "speedups", NULL);
	fputs("<thead><tr><th scope=\"col\">Cell</th>"
	      "<th scope=\"col\" colspan=\"2\" class=\"n\">Times as fast</th><td "
	      "class=\"axis\">",
	      p->to);
	dots_put_scale(&t.ratios);
	fputs("</td></tr></thead>\n<tbody>\n", p->to);
	for (size_t i = 0; i < p->n; i++) {
		if (is_sped_up(p->cells[i]))
			put_speedup(&t, p->cells[i]);
	}
	html_close_table(p->to);
}
