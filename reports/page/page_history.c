/*
 * The page of series of the history: their changes in sentences, a row for each series, and a plot
 * of its points by run, with levels, noise and changes.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "reports/history/trend.h"
#include "reports/page/dots.h"
#include "reports/page/frame.h"
#include "reports/page/parts.h"
#include "reports/verdict/judgement.h"
#include "reports/words/format.h"

enum { CHANGES_TOLD = 8, PANELS_MAX = 24 };

struct series_page {
	struct page p;
	const struct trends *trends;
	const char *path; /* of the database */
	struct chart ratios;
};

/* By the last change, which set the present level. */
static const char *class_of(const struct trend *t)
{
	if (!t->n_changes)
		return "even";
	return trend_ratio(&t->changes[t->n_changes - 1]) > 1 ? "slower" : "faster";
}

/* --- Head ------------------------------------------------------------------------------------ */

static void put_changes(const struct series_page *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->trends->n; i++) {
		const struct trend *t = &s->trends->all[i];
		for (size_t k = 0; k < t->n_changes; k++) {
			const bool up = trend_ratio(&t->changes[k]) > 1;
			if (n++ >= CHANGES_TOLD)
				continue;
			html_put(s->p.to, "<p data-code=\"%s\"><bdi>%s</bdi>: %s.</p>\n",
				 up ? "slower" : "faster", trend_name(t, s->p.arena),
				 trend_change_words(t, &t->changes[k], s->p.arena));
		}
	}
	if (n > CHANGES_TOLD)
		html_put(s->p.to, "<p>%s: see the table.</p>\n",
			 format_counted(s->p.arena, n - CHANGES_TOLD, "more change"));
}

static void put_answer(const struct series_page *s)
{
	const struct page *p = &s->p;
	const struct trend *first = trend_nth(s->trends, 0);
	html_put(p->to,
		 "<header class=\"answer\">\n<h1 id=\"r1-title\">History of %s</h1>\n"
		 "<p class=\"lede\"><span><bdi>%s</bdi></span> <span>%s</span>",
		 format_counted(p->arena, s->trends->n, "series"), format_text(p->arena, s->path),
		 format_counted(p->arena, s->trends->runs, "run"));
	if (first)
		html_put(p->to, " <span><bdi>%s</bdi></span>",
			 format_text(p->arena, first->series->hostname));
	html_put(p->to, "</p>\n<div class=\"says\">\n<p class=\"%s\">%s.</p>\n",
		 trend_slower(s->trends) ? "slower" : "even", trend_summary(s->trends, p->arena));
	put_changes(s);
	fputs("</div>\n<p class=\"downloads\"></p>\n</header>\n", p->to);
	if (!s->trends->n_short)
		return;
	page_begin_section(p, "warnings", "Before believing it");
	html_put(p->to,
		 "<ul><li data-code=\"short\">%s fewer than %s points, so no change can be found "
		 "there.</li></ul>\n",
		 arena_print(p->arena, "%zu of %zu series %s", s->trends->n_short, s->trends->n,
			     s->trends->n_short == 1 ? "has" : "have"),
		 arena_print(p->arena, "%d", 2 * CHANGE_PART_MIN));
	page_end_section(p);
}

/* --- A row for each -------------------------------------------------------------------------- */

static void fit_axes(struct series_page *s)
{
	s->ratios = (struct chart){
		.to = s->p.to,
		.arena = s->p.arena,
		.x = {.lo = AXIS_LOW, .hi = AXIS_HIGH, .is_log = true},
	};
	for (size_t i = 0; i < s->trends->n; i++) {
		const struct trend *t = &s->trends->all[i];
		if (!t->n)
			continue;
		axis_add(&s->ratios.x, t->points[t->n - 1].lo);
		axis_add(&s->ratios.x, t->points[t->n - 1].hi);
		axis_add(&s->ratios.x, 1);
	}
	dots_fit(&s->ratios);
}

static void put_head(const struct series_page *s)
{
	FILE *to = s->p.to;
	fputs("<thead><tr>\n", to);
	html_put_column(to, "cell", "Cell", 1);
	html_put_column(to, "tree", "Tree", 1);
	html_put_column(to, "fs", "Filesystem", 1);
	html_put_column(to, "cache", "Cache", 1);
	html_put_column(to, "host", "Host", 1);
	html_put_column(to, "points", "Points", 1);
	html_put_column(to, "from", "From", 1);
	html_put_column(to, "to", "To", 1);
	html_put_column(to, "last", "Last", 1);
	fputs("<td class=\"axis\">", to);
	dots_put_scale(&s->ratios);
	fputs("</td>\n", to);
	html_put_column(to, "level", "Level", 1);
	html_put_column(to, "noise", "Noise", 1);
	html_put_column(to, "change", "Change", 1);
	html_put_column(to, "reason", "Where", 1);
	fputs("</tr></thead>\n", to);
}

static void put_text(const struct series_page *s, const char *text)
{
	html_put(s->p.to, "<td class=\"unit\"><bdi>%s</bdi></td>", format_text(s->p.arena, text));
}

static void put_figures(const struct series_page *s, const struct trend *t)
{
	static const struct dots_marks marks = {.one = 1, .lo = NAN, .hi = NAN, .limit = NAN};
	struct arena *arena = s->p.arena;
	const struct store_point *last = &t->points[t->n - 1];
	const struct estimate e = {
		.known = true, .median = last->ratio, .lo = last->lo, .hi = last->hi};
	put_text(s, trend_day(t->points[0].started, arena));
	put_text(s, trend_day(last->started, arena));
	html_put_number(s->p.to, "", last->ratio, format_fixed(arena, last->ratio, 3));
	dots_put(&s->ratios, &marks, &e, "plain",
		 arena_print(arena, "%s, %s", format_text(arena, t->series->cell),
			     trend_point_words(last, arena)));
	html_put_number(s->p.to, "", t->levels[t->n - 1],
			format_fixed(arena, t->levels[t->n - 1], 3));
	html_put_number(s->p.to, "", t->noise,
			arena_print(arena, "\302\261%s", judgement_percent(arena, t->noise)));
}

/* The last change only; the plot shows all of them. */
static void put_last_change(const struct series_page *s, const struct trend *t)
{
	struct arena *arena = s->p.arena;
	if (!t->n_changes) {
		fputs("<td class=\"n\" data-v=\"\"></td><td class=\"reason\" data-v=\"\"></td>",
		      s->p.to);
		return;
	}
	const struct change *c = &t->changes[t->n_changes - 1];
	const double ratio = trend_ratio(c);
	html_put_number(s->p.to, class_of(t), ratio, judgement_change(arena, ratio));
	html_put(s->p.to, "<td class=\"reason\"><bdi>since %s, %s</bdi></td>",
		 trend_day(t->points[c->at].started, arena), trend_range(t, c, arena));
}

static void put_row(const struct series_page *s, const struct trend *t)
{
	const struct page *p = &s->p;
	const struct store_series *series = t->series;
	html_put(p->to, "<tr data-tree=\"%s\" data-cache=\"%s\" data-fs=\"%s\" data-host=\"%s\">",
		 format_text(p->arena, series->tree), format_text(p->arena, series->cache),
		 format_text(p->arena, series->fs), format_text(p->arena, series->hostname));
	html_put(p->to, "<th scope=\"row\"><bdi>%s</bdi></th>",
		 format_text(p->arena, series->cell));
	put_text(s, series->tree);
	put_text(s, series->fs);
	put_text(s, series->cache);
	put_text(s, series->hostname);
	html_put_number(s->p.to, "", (double)t->n, format_count(p->arena, t->n));
	if (t->n)
		put_figures(s, t);
	else
		fputs("<td class=\"why ok\" data-v=\"\" colspan=\"6\">no points</td>", p->to);
	put_last_change(s, t);
	fputs("</tr>\n", p->to);
}

static void put_table(const struct series_page *s)
{
	const struct page *p = &s->p;
	page_begin_section(p, "cells", "All series");
	if (!s->trends->n) {
		fputs("<p>Nothing is stored yet.</p>\n", p->to);
		page_end_section(p);
		return;
	}
	fputs("<p class=\"note\">Ratios: time over that of the baseline, less is better. In the "
	      "plot a dot is the last run and the bar its interval. Level: the median since the "
	      "last change. Noise: nine in ten points are that near to their level. Change: the "
	      "last "
	      "one.</p>\n"
	      "<div class=\"filter\"></div>\n",
	      p->to);
	html_open_table(p->to, "all series", "cells", "series");
	put_head(s);
	fputs("<tbody>\n", p->to);
	for (size_t i = 0; i < s->trends->n; i++)
		put_row(s, &s->trends->all[i]);
	html_close_table(p->to);
	page_end_section(p);
}

/* --- A plot for each ------------------------------------------------------------------------- */

/* Days and commits are below the axis instead. */
static const char *label_nothing(struct arena *arena, double value)
{
	(void)arena;
	(void)value;
	return "";
}

static void put_days(const struct chart *c, const struct trend *t)
{
	enum { DAYS_MOST = 5, COMMIT_CHARS = 9 };
	const size_t step = (t->n + DAYS_MOST - 1) / DAYS_MOST;
	const double y = c->height - c->bottom;
	for (size_t i = 0; i < t->n; i += step) {
		const double x = chart_x(c, (double)i + 1);
		const char *commit = t->points[i].commit ? t->points[i].commit : "";
		html_put(c->to, "<text x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>",
			 arena_print(c->arena, "%.1f", x), arena_print(c->arena, "%.1f", y + 15),
			 trend_day(t->points[i].started, c->arena));
		html_put(c->to, "<text x=\"%s\" y=\"%s\" text-anchor=\"middle\">%s</text>\n",
			 arena_print(c->arena, "%.1f", x), arena_print(c->arena, "%.1f", y + 29),
			 arena_print(c->arena, "%.*s", COMMIT_CHARS, commit));
	}
}

static const char *label_ratio(struct arena *arena, double value)
{
	return arena_print(arena, "%.3g", value);
}

/* Draws the band and the line of the level at one point, and the point's interval. */
static void put_level(const struct chart *c, const struct trend *t, size_t i)
{
	const double at = (double)i + 1, level = t->levels[i];
	const double left = chart_x(c, at - 0.5), right = chart_x(c, at + 0.5);
	const double low = chart_y(c, level / (1 + t->noise));
	const double high = chart_y(c, level * (1 + t->noise));
	fprintf(c->to,
		"<rect class=\"band\" x=\"%.1f\" width=\"%.1f\" y=\"%.1f\" height=\"%.1f\"/>"
		"<path class=\"level\" d=\"M%.1f %.1fH%.1f\"/>"
		"<path class=\"whisker s6\" d=\"M%.1f %.1fV%.1f\"/>",
		left, right - left, high, fmax(low - high, 0.5), left, chart_y(c, level), right,
		chart_x(c, at), chart_y(c, t->points[i].lo), chart_y(c, t->points[i].hi));
}

static void put_point(const struct chart *c, const struct trend *t, size_t i)
{
	const struct change *change = trend_change_at(t, i);
	const char *words = trend_point_words(&t->points[i], c->arena);
	const double x = chart_x(c, (double)i + 1), y = chart_y(c, t->points[i].ratio);
	if (change) {
		const bool up = trend_ratio(change) > 1;
		fprintf(c->to, "<circle class=\"ring %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"7\"/>",
			up ? "slower" : "faster", x, y);
		words = arena_print(c->arena, "%s; %s", words,
				    trend_change_words(t, change, c->arena));
	}
	fprintf(c->to, "<circle class=\"point s0\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\">", x, y);
	html_put(c->to, "<title>%s</title></circle>", words);
}

static void put_panel(const struct series_page *s, const struct trend *t)
{
	struct arena *arena = s->p.arena;
	const char *range = arena_print(arena, "%s to %s", trend_day(t->points[0].started, arena),
					trend_day(t->points[t->n - 1].started, arena));
	struct chart c = {
		.to = s->p.to,
		.arena = arena,
		.width = 500,
		.height = 274,
		.left = 56,
		.right = 16,
		.top = 22,
		.bottom = 54,
		.x = {.lo = 0.5, .hi = (double)t->n + 0.5, .label = label_nothing},
		.y = {.lo = AXIS_LOW, .hi = AXIS_HIGH, .label = label_ratio},
	};
	c.x.words = "runs, by day and commit";
	c.y.words = arena_print(arena, "time / %s", format_text(arena, t->series->baseline));
	for (size_t i = 0; i < t->n; i++) {
		axis_add(&c.y, t->points[i].lo);
		axis_add(&c.y, t->points[i].hi);
		axis_add(&c.y, t->levels[i] / (1 + t->noise));
		axis_add(&c.y, t->levels[i] * (1 + t->noise));
	}
	html_put(s->p.to, "<figure class=\"panel\"><figcaption><bdi>%s</bdi></figcaption>\n",
		 trend_name(t, arena));
	chart_open(&c,
		   arena_print(arena, "%s: %s, %s, last level %.3f", trend_name(t, arena), range,
			       format_counted(arena, t->n, "point"), t->levels[t->n - 1]));
	put_days(&c, t);
	for (size_t i = 0; i < t->n; i++)
		put_level(&c, t, i);
	for (size_t i = 0; i < t->n; i++)
		put_point(&c, t, i);
	chart_close(&c);
	fputs("</figure>\n", s->p.to);
}

static void put_panels(const struct series_page *s)
{
	const struct page *p = &s->p;
	const struct trend *t = trend_nth(s->trends, 0);
	if (!t)
		return;
	page_begin_section(p, "series", "Run by run");
	fputs("<p class=\"note\">Points: time over the baseline's, with the interval of the run. "
	      "Line: the level; band: nine in ten points of it. A ring is a change of level: "
	      "orange is slower from there on, blue faster. Series with a change come first.</p>\n"
	      "<div class=\"panels\">\n",
	      p->to);
	for (size_t i = 0; t && i < PANELS_MAX; t = trend_nth(s->trends, ++i))
		put_panel(s, t);
	fputs("</div>\n", p->to);
	if (s->trends->n > PANELS_MAX)
		html_put(p->to,
			 "<p class=\"note\">%s not drawn; name some: statmark history show "
			 "CELL.</p>\n",
			 format_counted(p->arena, s->trends->n - PANELS_MAX, "more series"));
	page_end_section(p);
}

/* --- Conditions ----------------------------------------------------------------------------- */

static void put_facts(const struct series_page *s)
{
	const struct page *p = &s->p;
	const struct trends *all = s->trends;
	page_begin_section(p, "environment", "Environment");
	fputs("<ul>\n", p->to);
	for (size_t i = 0; i < all->n; i++) {
		const struct store_series *series = all->all[i].series;
		if (!i || !trend_same_conditions(series, all->all[i - 1].series))
			html_put(p->to, "<li><bdi>%s</bdi></li>\n",
				 trend_conditions(series, p->arena));
	}
	fputs("</ul>\n", p->to);
	page_end_section(p);
	page_begin_section(p, "method", "Method");
	fputs("<ul>\n"
	      "<li>A series is one cell on one machine, tree, filesystem and cache state, against "
	      "one baseline. It holds ratios, because both passes of a round run under the same "
	      "conditions.</li>\n"
	      "<li>Changes are found by E-divisive: a change is reported when at most 1 % of "
	      "shuffled series, over all series together, contain one as strong (p); of more than "
	      "2,000 series 5 in a million of each.</li>\n"
	      "<li>Commits a..b: the change came with one of the commits after a, up to b.</li>\n"
	      "</ul>\n",
	      p->to);
	page_end_section(p);
}

/* --- The whole ------------------------------------------------------------------------------- */

/* {"series": rows, "changes": rows, "points": rows}; each list is a JSON array. */
static int write_json(FILE *to, const void *arg)
{
	const struct trends *trends = arg;
	fputs("{\"series\": ", to);
	int error = trend_rows(to, trends, GRID_JSON);
	fputs(", \"changes\": ", to);
	if (!error)
		error = trend_change_rows(to, trends, GRID_JSON);
	fputs(", \"points\": ", to);
	if (!error)
		error = trend_point_rows(to, trends, GRID_JSON);
	fputs("}\n", to);
	return error;
}

static int put_all(struct series_page *s)
{
	fit_axes(s);
	page_begin_alone(&s->p,
			 arena_print(s->p.arena, "History of %s",
				     format_counted(s->p.arena, s->trends->n, "series")),
			 "history");
	put_answer(s);
	put_table(s);
	put_panels(s);
	put_facts(s);
	const int error = page_put_json(&s->p, write_json, s->trends);
	page_end_alone(&s->p);
	return error;
}

int page_print_trends(FILE *to, const struct trends *trends, const char *path)
{
	struct series_page s = {.p = {.to = to, .arena = arena_new(), .number = 1, .level = 1},
				.trends = trends,
				.path = path};
	const int error = s.p.arena ? put_all(&s) : -ENOMEM;
	arena_free(s.p.arena);
	return error;
}

struct source {
	const struct trends *trends;
	const char *path;
};

static int print(FILE *to, const void *arg)
{
	const struct source *source = arg;
	return page_print_trends(to, source->trends, source->path);
}

int page_write_trends(const struct outdir *out, const struct trends *trends, const char *path,
		      FILE *log, struct err *err)
{
	const struct source source = {trends, path};
	return frame_write(out, frame_name(out, "history.html"), print, &source, log, err);
}
