/*
 * The rule that turns an interval into a verdict. It is a pure function of the input, so that
 * every case can be tested by a table. The comparison of documents, the gate and the gate's
 * self-test all use it.
 *
 * Only an interval that lies wholly on one side of the tolerance is a difference, and only one that
 * excludes a slowdown by the limit is a pass. Everything between is inconclusive.
 */
#ifndef ENGINE_BASE_VERDICT_H
#define ENGINE_BASE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/stats.h"

/* In the order in which they are checked. */
enum verdict {
	VERDICT_INVALID,      /* the measurement cannot be trusted */
	VERDICT_INCOMPARABLE, /* the sides differ in more than what is compared */
	VERDICT_IDENTICAL,    /* both sides are the same program and arm */
	VERDICT_REGRESSED,    /* the whole interval lies above the tolerance */
	VERDICT_IMPROVED,     /* the whole interval lies below the inverse of the tolerance */
	VERDICT_OK,           /* a slowdown by the limit is excluded */
	VERDICT_INCONCLUSIVE,
};
enum { VERDICTS = VERDICT_INCONCLUSIVE + 1 };

struct verdict_input {
	const char *invalid;      /* the reason for VERDICT_INVALID, or NULL */
	const char *incomparable; /* the reason for VERDICT_INCOMPARABLE, or NULL */
	bool identical;
	/* A reason why there is no verdict whatever the figures are, or NULL. */
	const char *no_verdict;
	struct estimate ratio; /* time of head / time of base */
	double tolerance;      /* smaller differences do not count: 0.01 */
	double limit;          /* the slowdown that a pass excludes: 0.05 */
};

enum verdict verdict_of(const struct verdict_input *input);

/* For counts, which are exact: more in head is a regression. */
enum verdict verdict_of_counts(uint64_t base, uint64_t head);

/*
 * The smallest slowdown that an interval of this width would have detected: with such a median, the
 * whole interval would lie above the tolerance. 0.03 is 3 %. 0: there is no interval.
 */
double verdict_seen(const struct estimate *ratio, double tolerance);

/*
 * The order for combining several verdicts: the one with the smallest value is the verdict of all.
 * A regression comes first, then what cannot be trusted, then what is not known.
 */
int verdict_severity(enum verdict verdict);

/* "REGRESSED"; NULL for values outside the enum. */
const char *verdict_name(unsigned verdict);

/*
 * The confidence that each of n intervals needs so that all of them hold at the same time
 * (Bonferroni).
 */
double verdict_confidence(double family_error, size_t n);

#endif
