/*
 * Draws plots in SVG, inside the page. The colours come from the page's style sheet, light or dark.
 * A <title> at each point holds its values. The unit is a pixel of a page that is not zoomed.
 */
#ifndef REPORTS_PAGE_CHART_H
#define REPORTS_PAGE_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "engine/base/arena.h"

struct chart_axis {
	double lo, hi;         /* of the data; chart_open makes room around them */
	bool is_log, is_whole; /* whole: so are its ticks, such as jobs */
	const char *words;     /* beside it */
	const char *(*label)(struct arena *arena, double value); /* of a tick */
};

struct chart {
	FILE *to;
	struct arena *arena;
	double width, height, left, right, top, bottom; /* the picture, and its margins */
	struct chart_axis x, y;
};

enum { CHART_COLORS = 8 };

/* Fits axes to values, one by one; begin with AXIS_EMPTY's bounds. */
void axis_add(struct chart_axis *axis, double value);
#define AXIS_LOW  1e300
#define AXIS_HIGH -1e300

/* Where a value lies in the picture. */
double chart_x(const struct chart *c, double value);
double chart_y(const struct chart *c, double value);

/* Opens the <svg> with its axes. Screen readers announce it by these words. */
void chart_open(struct chart *c, const char *words);
void chart_close(const struct chart *c);

/*
 * Ticks of a logarithmic axis within [lo, hi]: at 1, 2 and 5 of each decade, or at 1 only if there
 * are many decades. Returns their number, at most `room`.
 */
size_t chart_ticks(double lo, double hi, double *ticks, size_t room);

/* Ticks of an axis that is not logarithmic, equally far apart. */
size_t chart_even_ticks(const struct chart_axis *a, double *ticks, size_t room);

#endif
