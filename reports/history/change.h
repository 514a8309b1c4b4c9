/*
 * Finds the points at which a series of figures changes its level, by the method E-divisive
 * (Matteson and James, "A nonparametric approach for multiple change point analysis of multivariate
 * data", JASA 2014): cut where the two parts differ most by their energy distance, and keep the cut
 * only if shuffled series seldom have one as good; then repeat this within the parts. No
 * distribution is assumed, so an occasional spike is not a change. The seed makes the result
 * reproducible.
 *
 * Integers throughout: series are logarithms of ratios in millionths, so a difference of 50,000 is
 * about 5 %.
 */
#ifndef REPORTS_HISTORY_CHANGE_H
#define REPORTS_HISTORY_CHANGE_H

#include <stddef.h>
#include <stdint.h>

enum {
	CHANGE_PART_MIN = 4, /* points of a level, at least */
	CHANGE_POINTS_MAX = 1000,
	CHANGES_MAX = 32,
	CHANGE_ERROR_LEAST_PPM = 5, /* the smallest share that the shuffles can show */
};

struct change_terms {
	uint64_t seed;
	/*
	 * chance of finding a change in a series without one: 10,000 is 1 %; a value below
	 * CHANGE_ERROR_LEAST_PPM counts as CHANGE_ERROR_LEAST_PPM
	 */
	uint32_t error_ppm;
	int64_t magnitude; /* smaller changes are omitted */
};

struct change {
	size_t at;             /* the first point of the new level */
	int64_t before, after; /* medians of the levels on either side */
	uint32_t p_ppm;        /* share of shuffled series with a cut as good */
};

/*
 * Finds the changes of a series in their order, at most CHANGES_MAX. A series of fewer than twice
 * CHANGE_PART_MIN points has none. -E2BIG above CHANGE_POINTS_MAX points; -ENOMEM.
 */
int change_find(const int64_t *values, size_t n, const struct change_terms *terms,
		struct change changes[CHANGES_MAX], size_t *n_changes);

/* The median of the values, and the value of a rank from 0; 0 for no values, or out of memory. */
int64_t change_median(const int64_t *values, size_t n);
int64_t change_rank(const int64_t *values, size_t n, size_t rank);

#endif
