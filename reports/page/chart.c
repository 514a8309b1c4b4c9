#include "reports/page/chart.h"

#include <math.h>

#include "engine/base/util.h"
#include "reports/page/html.h"

enum { TICKS_MAX = 24, TICKS_GOOD = 9, TICK_APART = 42, WHOLE_APART = 24 };

void axis_add(struct chart_axis *axis, double value)
{
	if (!isfinite(value) || (axis->is_log && value <= 0))
		return;
	axis->lo = fmin(axis->lo, value);
	axis->hi = fmax(axis->hi, value);
}

static double share(const struct chart_axis *a, double value)
{
	if (!a->is_log)
		return (value - a->lo) / (a->hi - a->lo);
	return log(fmax(value, 1e-300) / a->lo) / log(a->hi / a->lo);
}

double chart_x(const struct chart *c, double value)
{
	const double at = fmax(-0.02, fmin(1.02, share(&c->x, value)));
	return c->left + at * (c->width - c->left - c->right);
}

double chart_y(const struct chart *c, double value)
{
	const double at = fmax(-0.02, fmin(1.02, share(&c->y, value)));
	return c->height - c->bottom - at * (c->height - c->top - c->bottom);
}

/* Ticks at 1, 2 and 5 of each decade if fine, else at 1 only. */
static size_t count_ticks(double lo, double hi, bool fine, double *ticks, size_t room)
{
	static const double steps[] = {1, 2, 5};
	size_t n = 0;
	for (int e = (int)floor(log10(lo)) - 1; e <= (int)ceil(log10(hi)); e++) {
		for (size_t i = 0; i < (fine ? ARRAY_LEN(steps) : 1); i++) {
			const double at = steps[i] * pow(10, e);
			if (at >= lo * 0.9999 && at <= hi * 1.0001 && n < room)
				ticks[n++] = at;
		}
	}
	return n;
}

size_t chart_ticks(double lo, double hi, double *ticks, size_t room)
{
	const size_t n = lo > 0 && hi >= lo ? count_ticks(lo, hi, true, ticks, room) : 0;
	return n > TICKS_GOOD || n == room ? count_ticks(lo, hi, false, ticks, room) : n;
}

size_t chart_even_ticks(const struct chart_axis *a, double *ticks, size_t room)
{
	double step = pow(10, floor(log10((a->hi - a->lo) / 4)));
	size_t n = 0;
	while ((a->hi - a->lo) / step > 8)
		step *= (a->hi - a->lo) / step > 16 ? 5 : 2;
	for (double at = ceil(a->lo / step) * step; at <= a->hi && n < room; at += step)
		ticks[n++] = at;
	return n;
}

/* All numbers of jobs if there are few, else 1, 2, 4 and so on. */
static size_t whole_ticks(const struct chart_axis *a, double *ticks, size_t room)
{
	const bool few = a->hi < 5;
	size_t n = 0;
	for (double at = 1; at <= a->hi && n < room; at += few ? 1 : at) {
		if (at >= a->lo)
			ticks[n++] = at;
	}
	return n;
}

static size_t ticks_of(const struct chart_axis *a, double *ticks)
{
	if (a->is_whole)
		return whole_ticks(a, ticks, TICKS_MAX);
	const size_t n = a->is_log ? chart_ticks(a->lo, a->hi, ticks, TICKS_MAX) : 0;
	return n > 2 ? n : chart_even_ticks(a, ticks, TICKS_MAX);
}

/* Gives an axis an extent if all its values are equal. */
static void widen(struct chart_axis *a)
{
	if (!(a->lo <= a->hi))
		a->lo = a->hi = 1;
	if (a->is_log) {
		const double by = fmax(pow(a->hi / a->lo, 0.04), 1.06);
		a->lo /= by;
		a->hi *= by;
	} else {
		const double by = fmax((a->hi - a->lo) * 0.04, fabs(a->hi) * 1e-3 + 1e-9);
		a->lo -= by;
		a->hi += by;
	}
}

static void put_axes(const struct chart *c)
{
	double ticks[TICKS_MAX], free_from = 0;
	size_t n = ticks_of(&c->x, ticks);
	const double floor = c->height - c->bottom, end = c->width - c->right;
	fputs("<g class=\"axes\">", c->to);
	for (size_t i = 0; i < n; i++) {
		const double x = chart_x(c, ticks[i]);
		if (x < free_from)
			continue;
		free_from = x + (c->x.is_whole ? WHOLE_APART : TICK_APART);
		fprintf(c->to,
			"<path d=\"M%.1f %.1fV%.1f\"/><text x=\"%.1f\" y=\"%.1f\" "
			"text-anchor=\"middle\">",
			x, c->top, floor, x, floor + 16);
		html_put(c->to, "%s</text>", c->x.label(c->arena, ticks[i]));
	}
	n = ticks_of(&c->y, ticks);
	for (size_t i = 0; i < n; i++) {
		const double y = chart_y(c, ticks[i]);
		fprintf(c->to,
			"<path d=\"M%.1f %.1fH%.1f\"/><text x=\"%.1f\" y=\"%.1f\" "
			"text-anchor=\"end\">",
			c->left, y, end, c->left - 6, y + 4);
		html_put(c->to, "%s</text>", c->y.label(c->arena, ticks[i]));
	}
	fprintf(c->to, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
		(c->left + end) / 2, c->height - 4);
	html_put(c->to, "%s</text>", c->x.words);
	fprintf(c->to, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">", 2.0, 12.0);
	html_put(c->to, "%s</text></g>\n", c->y.words);
}

void chart_open(struct chart *c, const char *words)
{
	widen(&c->x);
	widen(&c->y);
	fprintf(c->to, "<svg class=\"chart\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" ", c->width,
		c->height);
	html_put(c->to, "aria-label=\"%s\">\n", words);
	put_axes(c);
}

void chart_close(const struct chart *c)
{
	fputs("</svg>\n", c->to);
}
