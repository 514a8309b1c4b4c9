/*
 * The page of a judgement: its sentence and the warnings, a row for each comparison with its
 * interval, the tolerated band and the limit, and the conditions of both sides.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/dots.h"
#include "reports/page/frame.h"
#include "reports/page/parts.h"
#include "reports/present/present.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { CHANGED_MAX = 5 };

struct judgement_page {
	struct page p;
	const struct judgement *j;
	struct chart changes; /* in per cent */
	bool has_cache;       /* some row has a cache state other than warm */
};

/* The colour follows the verdict: a tolerated difference is neither faster nor slower. */
static const char *class_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REGRESSED:
		return "slower";
	case VERDICT_IMPROVED:
		return "faster";
	case VERDICT_INVALID:
		return "failed";
	default:
		return "even";
	}
}

static bool is_news(const struct judged *row)
{
	return row->verdict == VERDICT_REGRESSED || row->verdict == VERDICT_INVALID ||
	       row->verdict == VERDICT_IMPROVED || row->verdict == VERDICT_INCOMPARABLE;
}

/* --- Head ------------------------------------------------------------------------------------ */

/* Describes what changed. The rows are sorted, worst first. */
static void put_changed(const struct judgement_page *s)
{
	size_t n = 0, more = 0;
	for (size_t i = 0; i < s->j->n_rows; i++) {
		const struct judged *row = &s->j->rows[i];
		if (!is_news(row))
			continue;
		if (n++ < CHANGED_MAX)
			html_put(s->p.to, "<p data-code=\"%s\"><bdi>%s</bdi>, %s: %s.</p>\n",
				 verdict_name(row->verdict), format_text(s->p.arena, row->cell),
				 format_text(s->p.arena, row->metric),
				 present_sentence(s->p.arena, row));
		else
			more++;
	}
	if (more)
		html_put(s->p.to, "<p>%s of this kind: see the table.</p>\n",
			 format_counted(s->p.arena, more, "more row"));
}

static void put_answer(const struct judgement_page *s)
{
	const struct page *p = &s->p;
	const struct judgement *j = s->j;
	html_put(p->to,
		 "<header class=\"answer\">\n<h1 id=\"r1-title\"><bdi>%s</bdi> against "
		 "<bdi>%s</bdi></h1>\n",
		 format_text(p->arena, j->head), format_text(p->arena, j->base));
	html_put(p->to,
		 "<p class=\"lede\"><span>base: <bdi>%s</bdi></span> "
		 "<span>head: <bdi>%s</bdi></span> <span>%s joint confidence</span></p>\n",
		 present_side(p->arena, j, false), present_side(p->arena, j, true),
		 arena_print(p->arena, "%.3g %%", 100 * (1 - j->family_error)));
	html_put(p->to, "<div class=\"says\">\n<p class=\"%s\" data-code=\"%s\">%s</p>\n",
		 class_of(j->overall), verdict_name(j->overall), present_words(p->arena, j));
	put_changed(s);
	fputs("</div>\n<p class=\"downloads\"></p>\n</header>\n", p->to);
}

static bool differs(const struct judged_fact *fact)
{
	return !same_text(fact->base, fact->head);
}

static bool is_known(const struct judged_fact *fact)
{
	return (fact->base && *fact->base) || (fact->head && *fact->head);
}

static void put_warnings(const struct judgement_page *s)
{
	const struct page *p = &s->p;
	const struct judgement *j = s->j;
	const char *list = NULL;
	for (size_t i = 0; i < j->n_facts; i++) {
		if (!j->facts[i].names && differs(&j->facts[i]))
			list = arena_print(p->arena, "%s%s%s", list ? list : "", list ? ", " : "",
					   format_text(p->arena, j->facts[i].name));
	}
	if (!list && !j->n_notes)
		return;
	page_begin_section(p, "warnings", "Before believing it");
	fputs("<ul>\n", p->to);
	if (list)
		html_put(p->to, "<li data-code=\"differs\">Base and head differ in: %s.</li>\n",
			 list);
	for (size_t i = 0; i < j->n_notes; i++)
		html_put(p->to, "<li>%s</li>\n", format_text(p->arena, j->notes[i]));
	fputs("</ul>\n", p->to);
	page_end_section(p);
}

/* --- Rows ------------------------------------------------------------------------------------ */

static double percent(double ratio)
{
	return 100 * (ratio - 1);
}

static const char *label_percent(struct arena *arena, double value)
{
	return fabs(value) < 1e-9 ? "0" : arena_print(arena, "%+.4g %%", value);
}

static void fit_axes(struct judgement_page *s)
{
	struct chart_axis *x = &s->changes.x;
	*x = (struct chart_axis){.lo = AXIS_LOW, .hi = AXIS_HIGH, .label = label_percent};
	s->changes.to = s->p.to;
	s->changes.arena = s->p.arena;
	for (size_t i = 0; i < s->j->n_rows; i++) {
		const struct judged *row = &s->j->rows[i];
		s->has_cache |= row->has_cache && row->cache != CACHE_WARM;
		if (!row->ratio.known)
			continue;
		axis_add(x, percent(row->ratio.lo));
		axis_add(x, percent(row->ratio.hi));
		axis_add(x, -100 * row->tolerance);
		axis_add(x, 100 * row->limit);
	}
	dots_fit(&s->changes);
}

static void put_head(const struct judgement_page *s)
{
	FILE *to = s->p.to;
	fputs("<thead><tr>\n", to);
	html_put_column(to, "cell", "Cell", 1);
	html_put_column(to, "verdict", "Verdict", 1);
	if (s->has_cache)
		html_put_column(to, "cache", "Cache", 1);
	html_put_column(to, "base", "Base", 1);
	html_put_column(to, "head", "Head", 1);
	html_put_column(to, "unit", "Unit", 1);
	html_put_column(to, "change", "Change", 1);
	html_put_column(to, "interval", "Interval", 1);
	fputs("<td class=\"axis\">", to);
	dots_put_scale(&s->changes);
	fputs("</td>\n", to);
	html_put_column(to, "tolerance", "Tolerance", 1);
	html_put_column(to, "limit", "Limit", 1);
	html_put_column(to, "seen", "Could see", 1);
	html_put_column(to, "reason", "Reason", 1);
	fputs("</tr></thead>\n", to);
}

/* Prints "" for an unknown number. */
static void put_number(const struct judgement_page *s, const char *class, bool known, double value,
		       const char *words)
{
	html_put_number(s->p.to, class, known ? value : NAN, words);
}

static void put_change(const struct judgement_page *s, const struct judged *row)
{
	const struct estimate *e = &row->ratio;
	const char *change = present_change(s->p.arena, row), *class = class_of(row->verdict);
	const bool has_figures = row->has_base && row->has_head && row->base > 0;
	const double ratio = e->known ? e->median : has_figures ? row->head / row->base : 1;
	put_number(s, class, *change, ratio, change);
	put_number(s, "", e->known, e->hi, present_interval(s->p.arena, row));
	if (!e->known) {
		fputs("<td class=\"axis\"></td>", s->p.to);
		return;
	}
	const struct estimate shown = {.known = true,
				       .median = percent(e->median),
				       .lo = percent(e->lo),
				       .hi = percent(e->hi)};
	const struct dots_marks marks = {.one = 0,
					 .lo = -100 * row->tolerance,
					 .hi = 100 * row->tolerance,
					 .limit = 100 * row->limit};
	dots_put(&s->changes, &marks, &shown, class,
		 arena_print(s->p.arena, "%s: %s (%s), n = %" PRIu32 "; %s",
			     format_text(s->p.arena, row->cell), change,
			     present_interval(s->p.arena, row), e->n, verdict_name(row->verdict)));
}

static void put_row(const struct judgement_page *s, const struct judged *row)
{
	const struct page *p = &s->p;
	const char *verdict = verdict_name(row->verdict);
	const char *cache = row->has_cache ? cache_state_name(row->cache) : "";
	const char *cell = row->has_cache ? label_without(p->arena, row->cell, row->cache)
					  : format_text(p->arena, row->cell);
	html_put(p->to, "<tr data-verdict=\"%s\" data-metric=\"%s\" data-cache=\"%s\">", verdict,
		 format_text(p->arena, row->metric), cache);
	html_put(p->to, "<th scope=\"row\"><bdi>%s</bdi></th>", cell);
	html_put(p->to, "<td class=\"verdict %s\" data-v=\"%s\">%s</td>", class_of(row->verdict),
		 arena_print(p->arena, "%d", verdict_severity(row->verdict)), verdict);
	if (s->has_cache)
		html_put(p->to, "<td>%s</td>", cache);
	put_number(s, "", row->has_base, row->base, present_value(p->arena, row, false));
	put_number(s, "", row->has_head, row->head, present_value(p->arena, row, true));
	html_put(p->to, "<td class=\"unit\">%s</td>", format_text(p->arena, row->unit));
	put_change(s, row);
	put_number(s, "", row->has_tolerance, row->tolerance,
		   judgement_percent(p->arena, row->tolerance));
	put_number(s, "", row->estimated, row->limit, judgement_percent(p->arena, row->limit));
	put_number(s, "", row->ratio.known, row->seen, present_seen(p->arena, row));
	html_put(p->to, "<td class=\"reason\"><bdi>%s</bdi></td></tr>\n",
		 format_text(p->arena, row->reason));
}

static void put_table(const struct judgement_page *s)
{
	const struct page *p = &s->p;
	page_begin_section(p, "cells", "All comparisons");
	if (!s->j->n_rows) {
		fputs("<p>Nothing was compared.</p>\n", p->to);
		page_end_section(p);
		return;
	}
	fputs("<p class=\"note\">Change: head over base, less is better. In the plot a dot is the "
	      "median and the bar its interval. The band is what is tolerated, and the dashed line "
	      "is the limit: a slowdown that a pass excludes. Could see: the smallest slowdown "
	      "that an interval of this width can detect.</p>\n"
	      "<div class=\"filter\"></div>\n",
	      p->to);
	html_open_table(p->to, "all comparisons", "cells", "comparison");
	put_head(s);
	fputs("<tbody>\n", p->to);
	for (size_t i = 0; i < s->j->n_rows; i++)
		put_row(s, &s->j->rows[i]);
	html_close_table(p->to);
	page_end_section(p);
}

/* --- Conditions of both sides --------------------------------------------------------------- */

static void put_facts(const struct judgement_page *s)
{
	const struct page *p = &s->p;
	const struct judgement *j = s->j;
	size_t known = 0;
	for (size_t i = 0; i < j->n_facts; i++)
		known += is_known(&j->facts[i]);
	if (!known)
		return;
	page_begin_section(p, "environment", "Environment");
	html_open_table(p->to, "the environment", "facts-of-sides", NULL);
	fputs("<thead><tr>"
	      "<th scope=\"col\">Fact</th><th scope=\"col\">Base</th><th scope=\"col\">Head</th>"
	      "</tr></thead>\n<tbody>\n",
	      p->to);
	for (size_t i = 0; i < j->n_facts; i++) {
		const struct judged_fact *f = &j->facts[i];
		if (!is_known(f))
			continue;
		html_put(p->to, "<tr class=\"%s\"><th scope=\"row\"><bdi>%s</bdi></th>",
			 differs(f) ? "differs" : "same", format_text(p->arena, f->name));
		html_put(p->to, "<td><bdi>%s</bdi></td><td><bdi>%s</bdi></td></tr>\n",
			 format_text(p->arena, f->base), format_text(p->arena, f->head));
	}
	html_close_table(p->to);
	page_end_section(p);
}

static void put_method(const struct judgement_page *s)
{
	const struct page *p = &s->p;
	page_begin_section(p, "method", "Method");
	html_put(p->to,
		 "<ul>\n<li>All intervals together have a confidence of %s; each alone has more. "
		 "What is sampled: %s.</li>\n",
		 arena_print(p->arena, "%.3g %%", 100 * (1 - s->j->family_error)),
		 format_text(p->arena, s->j->unit));
	fputs("<li>REGRESSED: the whole interval lies above the tolerance. IMPROVED: the whole "
	      "interval lies below it. OK: a slowdown of the limit is excluded. INCONCLUSIVE: the "
	      "interval is too wide for any of these; measure more.</li>\n"
	      "<li>INVALID: a side failed, or its answers were wrong. INCOMPARABLE: the sides "
	      "differ in more than what is compared. IDENTICAL: both are the same.</li>\n"
	      "<li>Head's time is base's median times the paired ratio, so the change is the same "
	      "in every format.</li>\n</ul>\n",
	      p->to);
	page_end_section(p);
}

/* --- The whole ------------------------------------------------------------------------------- */

static int write_json(FILE *to, const void *judgement)
{
	return present_json(to, judgement, NULL);
}

static int put_page(struct judgement_page *s)
{
	fit_axes(s);
	page_begin_alone(&s->p,
			 arena_print(s->p.arena, "%s: %s", judgement_kind_name(s->j->kind),
				     verdict_name(s->j->overall)),
			 "judgement");
	put_answer(s);
	put_warnings(s);
	put_table(s);
	put_facts(s);
	put_method(s);
	const int error = page_put_json(&s->p, write_json, s->j);
	page_end_alone(&s->p);
	return error;
}

int page_print_judgement(FILE *to, const struct judgement *j)
{
	struct judgement_page s = {.p = {.to = to, .arena = arena_new(), .number = 1, .level = 1},
				   .j = j};
	const int error = s.p.arena ? put_page(&s) : -ENOMEM;
	arena_free(s.p.arena);
	return error;
}

static int print(FILE *to, const void *arg)
{
	return page_print_judgement(to, arg);
}

int page_write_judgement(const struct outdir *out, const struct judgement *j, FILE *log,
			 struct err *err)
{
	return frame_write(out, frame_name(out, "judgement.html"), print, j, log, err);
}
