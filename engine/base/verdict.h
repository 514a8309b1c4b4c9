/*
 * The rule that turns an interval into a verdict. It is a pure function of the evidence, so that
 * every case can be tested by a table. Comparing documents, the gate and the gate's self-test all
 * use it.
 *
 * Only an interval that lies wholly on one side is a difference, and only one that excludes a
 * regression of the limit is a pass. Everything between is inconclusive.
 */
#ifndef ENGINE_BASE_VERDICT_H
#define ENGINE_BASE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/stats.h"

/* In the order in which they are ruled out. */
enum verdict {
	VERDICT_INVALID,      /* what was measured cannot be trusted */
	VERDICT_INCOMPARABLE, /* the sides differ in more than what is compared */
	VERDICT_IDENTICAL,    /* both sides are the same thing */
	VERDICT_REGRESSED,    /* the whole interval lies above the tolerance */
	VERDICT_IMPROVED,     /* the whole interval lies below it */
	VERDICT_OK,           /* a regression of the limit is excluded */
	VERDICT_INCONCLUSIVE,
};
enum { VERDICTS = VERDICT_INCONCLUSIVE + 1 };

struct evidence {
	const char *invalid;      /* why it cannot be trusted, or NULL */
	const char *incomparable; /* in what the sides differ, or NULL */
	bool identical;
	const char *no_verdict; /* why this cannot be a verdict whatever the figures say, or NULL */
	struct estimate ratio;  /* time of head over time of base */
	double tolerance;       /* differences up to this are none: 0.01 */
	double limit;           /* a slowdown that a pass excludes: 0.05 */
};

enum verdict verdict_of(const struct evidence *evidence);

/* Of counts, which are exact: more is a regression. */
enum verdict verdict_of_counts(uint64_t base, uint64_t head);

/*
 * The smallest slowdown that an interval of this width would have detected: with its median there,
 * the whole interval would lie above the tolerance. 0.03 is 3 %. 0 when there is no interval.
 */
double verdict_seen(const struct estimate *ratio, double tolerance);

/*
 * The order in which several verdicts are combined: the smallest is the verdict of all. A
 * regression comes first, then what cannot be trusted, then what is not known.
 */
int verdict_severity(enum verdict verdict);

/* "REGRESSED"; NULL beyond the last. */
const char *verdict_name(unsigned verdict);

/* The confidence that each of n intervals needs so that all of them hold together (Bonferroni). */
double verdict_confidence(double family_error, size_t n);

#endif
