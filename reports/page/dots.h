/* Draws estimates in a table: each is a dot with its interval, on an axis that all rows share. */
#ifndef REPORTS_PAGE_DOTS_H
#define REPORTS_PAGE_DOTS_H

#include "engine/base/stats.h"
#include "reports/page/chart.h"

/* Other marks on the axis. One that is NULL or not finite is not drawn. */
struct dots_marks {
	double one;    /* a line where there is no difference */
	double lo, hi; /* a band */
	double limit;  /* a dashed line */
};
extern const struct dots_marks dots_no_marks;

/* Sizes the chart, whose x axis has seen all values, and makes room around them. */
void dots_fit(struct chart *c);

/* The numbers of the axis, as many as have room: an <svg>. */
void dots_put_scale(const struct chart *c);

/* A field of a row. words: its title. class: "plain", "faster", "slower", "even". */
void dots_put(const struct chart *c, const struct dots_marks *marks, const struct estimate *e,
	      const char *class, const char *words);

/* The field of the row that the others are compared with: a thick line at one. */
void dots_put_one(const struct chart *c, double one);

#endif
