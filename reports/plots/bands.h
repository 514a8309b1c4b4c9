/*
 * Draws two strategies along an axis: the time per entry of each and their ratio, with bands for
 * their intervals, and the point where they cross. The script is crossover.gp, which draws like
 * sizes.gp.
 */
#ifndef REPORTS_PLOTS_BANDS_H
#define REPORTS_PLOTS_BANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/base/stats.h"
#include "reports/plots/drawing.h"

struct bands_point {
	double x;
	struct estimate a, b;  /* ns per entry */
	struct estimate ratio; /* b over a */
};

struct bands_series {
	const char *title;
	const struct bands_point *points; /* sorted by x */
	size_t n;
	double at, lo, hi; /* the crossing with its interval; 0: there is none, or it is unknown */
};

enum { BANDS_FACTS = 4 };

struct bands {
	const char *a, *b;              /* names of the lines */
	const char *along;              /* of the axis */
	bool is_time;                   /* x is seconds */
	const char *facts[BANDS_FACTS]; /* what the bands mean */
	const char *whiskers;           /* what the bands are */
	const struct bands_series *series;
	size_t n;
};

/*
 * Draws OUT/crossover.svg and .png, with script and data in OUT/plots.
 * Errors: those of plots_draw.
 */
int bands_draw(const struct bands *bands, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err);

#endif
