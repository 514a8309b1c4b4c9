/*
 * Searches one axis for the point from which B is faster, within a time limit. It decides which
 * points are measured, how long each one is, and up to which point the axis can be measured. The
 * caller passes the function that measures.
 */
#ifndef ENGINE_CROSSOVER_SEARCH_H
#define ENGINE_CROSSOVER_SEARCH_H

#include "engine/base/err.h"
#include "engine/crossover/bisect.h"
#include "engine/crossover/point.h"

struct search {
	/* The request. Its upper end is also that of bisect, until it cannot be reached. */
	uint64_t to;
	bool grows; /* the duration of a pass is about proportional to x */
	struct bisect bisect;

	/* Results: */
	struct axis_point points[BISECT_POINTS_MAX]; /* in the order of measuring */
	size_t n;
	bool shortened; /* the requested upper end cannot be reached: bisect has another one */
	bool is_late;   /* time was up before the end */
	struct crossing crossing;
};

/*
 * Measures A and B at x, until it is certain which is faster, or until until_ns. If the point
 * cannot be measured, this is stored in it; an error concerns all points.
 */
typedef int search_measure_fn(void *arg, uint64_t x, uint64_t until_ns, struct axis_point *point,
			      struct err *err);

/*
 * Measures points until the result is precise, or until until_ns. -EINTR: stopped by the user, the
 * results so far are stored; or another error of `measure`.
 */
int search_run(struct search *search, uint64_t until_ns, search_measure_fn *measure, void *arg,
	       struct err *err);

/* The measurement at x; NULL: there is none. */
const struct axis_point *search_point(const struct search *search, uint64_t x);

#endif
