/*
 * Finds trees of one shape in several sizes, on one filesystem and in one cache state, and the
 * number of entries from which several jobs pay.
 */
#ifndef REPORTS_GROUPS_SIZES_H
#define REPORTS_GROUPS_SIZES_H

#include "reports/groups/groups.h"

enum { SIZES_LEAST = 3 }; /* with fewer sizes there is no line to draw */

struct sizes {
	const char *shape; /* its name, visible text */
	const char *where; /* "ext4, warm" */
	size_t *groups;    /* in groups->baselines, smallest tree first */
	double *entries;   /* of each, as many as were measured */
	size_t n;
};

/* Makes *all, every series of SIZES_LEAST sizes or more, in the arena. Returns how many. */
size_t sizes_make(struct arena *arena, const struct result *result, const struct groups *groups,
		  struct sizes **all);

/*
 * "2 jobs pay from about 700 entries on ext4, warm": the smallest size at which the whole interval
 * of more_jobs lies below 1. Between that size and the one before, where the interval's upper end
 * crosses 1 on logarithmic axes. NULL: no size has an interval. *from: entries, 0 when they pay
 * at no size.
 */
const char *sizes_pay(struct arena *arena, const struct result *result, const struct groups *groups,
		      const struct sizes *sizes, double *from);

#endif
