#include "reports/page/dots.h"

#include <math.h>
#include <string.h>

#include "reports/page/html.h"

enum { WIDTH = 124, HEIGHT = 18, TICKS = 24 };

const struct dots_marks dots_no_marks = {NAN, NAN, NAN, NAN};

void dots_fit(struct chart *c)
{
	struct chart_axis *x = &c->x;
	c->width = WIDTH;
	c->left = c->right = 6;
	if (!(x->lo <= x->hi))
		x->lo = x->hi = x->is_log ? 1 : 0;
	const double by = fmax(0.06 * (x->hi - x->lo), 1e-3);
	x->lo = x->is_log ? x->lo / 1.1 : x->lo - by;
	x->hi = x->is_log ? x->hi * 1.1 : x->hi + by;
}

static const char *label(const struct chart *c, double tick)
{
	if (c->x.label)
		return c->x.label(c->arena, tick);
	return tick < 1000 ? arena_print(c->arena, "%.10g", tick)
			   : arena_print(c->arena, "%.10gk", tick / 1000);
}

static void begin(const struct chart *c, const char *class)
{
	html_put(c->to, "<svg class=\"dots%s%s\" ", class ? " " : "", class ? class : "");
	fprintf(c->to, "viewBox=\"0 0 %d %d\" aria-hidden=\"true\">", WIDTH, HEIGHT);
}

void dots_put_scale(const struct chart *c)
{
	double ticks[TICKS], last = -100;
	const size_t n = c->x.is_log ? chart_ticks(c->x.lo, c->x.hi, ticks, TICKS / 2)
				     : chart_even_ticks(&c->x, ticks, TICKS);
	begin(c, NULL);
	for (size_t i = 0; i < n; i++) {
		const double x = chart_x(c, ticks[i]);
		const char *text = label(c, ticks[i]);
		const double half = text ? 3.2 * (double)strlen(text) : 0;
		if (x - half < last || x - half < 0 || x + half > WIDTH)
			continue;
		last = x + half + 4;
		fprintf(c->to, "<text x=\"%.1f\" y=\"13\" text-anchor=\"middle\">", x);
		html_put(c->to, "%s</text>", text);
	}
	fputs("</svg>", c->to);
}

static void put_upright(const struct chart *c, const char *class, double at)
{
	if (isfinite(at))
		fprintf(c->to, "<path class=\"%s\" d=\"M%.1f 0V%d\"/>", class, chart_x(c, at),
			HEIGHT);
}

static void put_marks(const struct chart *c, const struct dots_marks *marks)
{
	if (isfinite(marks->lo) && isfinite(marks->hi))
		fprintf(c->to, "<rect class=\"band\" x=\"%.1f\" width=\"%.1f\" height=\"%d\"/>",
			chart_x(c, marks->lo), chart_x(c, marks->hi) - chart_x(c, marks->lo),
			HEIGHT);
	put_upright(c, "one", marks->one);
	put_upright(c, "limit", marks->limit);
}

void dots_put(const struct chart *c, const struct dots_marks *marks, const struct estimate *e,
	      const char *class, const char *words)
{
	const double middle = HEIGHT / 2.0, x = chart_x(c, e->median);
	const double lo = chart_x(c, e->lo), hi = fmax(chart_x(c, e->hi), lo + 1);
	fputs("<td class=\"axis\">", c->to);
	begin(c, class);
	html_put(c->to, "<title>%s</title>", words);
	put_marks(c, marks);
	fprintf(c->to, "<rect width=\"%d\" height=\"%d\" fill=\"none\" pointer-events=\"all\"/>",
		WIDTH, HEIGHT);
	fprintf(c->to, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>", e->known ? "bar" : "bar seen",
		lo, middle, hi);
	fprintf(c->to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.2\"/></svg></td>", x, middle);
}

void dots_put_one(const struct chart *c, double one)
{
	fputs("<td class=\"axis\">", c->to);
	begin(c, NULL);
	put_upright(c, "one strong", one);
	fputs("</svg></td>", c->to);
}
