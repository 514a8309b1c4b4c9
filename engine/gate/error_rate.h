/*
 * Counts how often verdicts are wrong, over comparisons of cells that are the same, or of which one
 * is slower by a known share. The rate has a confidence bound. Whether the verdicts fail the test
 * follows from the probability of the result, not from an arbitrary threshold.
 */
#ifndef ENGINE_GATE_ERROR_RATE_H
#define ENGINE_GATE_ERROR_RATE_H

#include "engine/base/stats.h"
#include "engine/base/verdict.h"

/* The result of one comparison. */
struct rated {
	struct estimate ratio; /* head / base */
	bool flagged;          /* a difference is reported; of a slowdown: as one */
	bool undecided;        /* it is not known whether there is a difference */
	bool beyond;           /* rated by an interval: the difference exceeds 1 % */
	const char *words;     /* verdict, or why there is none; NULL: see flagged */
};

struct error_rate {
	bool by_gate;     /* by verdicts of the gate; false: by the interval of a run */
	bool is_slowdown; /* head is slower; false: both are the same */
	uint64_t runs;    /* comparisons that are made */
	uint64_t flagged, beyond, undecided;
};

/* One comparison rated by its verdict, or by its interval. */
struct rated rated_by_verdict(const struct error_rate *rate, enum verdict verdict,
			      const struct estimate *ratio);
struct rated rated_by_interval(const struct error_rate *rate, const struct estimate *ratio);

void error_rate_add(struct error_rate *rate, const struct rated *rated);

/*
 * The number of comparisons in the denominator of the rate. With identical code an undecided one is
 * left out; with a slowdown it counts as not found.
 */
uint64_t error_rate_tries(const struct error_rate *rate);

/* Bounds of the share that is flagged, each with a confidence of 95 %. */
double error_rate_lower(const struct error_rate *rate);
double error_rate_upper(const struct error_rate *rate);

/* The designed rate of differences between identical pairs. */
double error_rate_designed(const struct error_rate *rate);

/*
 * The probability of at least this many differences between identical pairs, if every interval has
 * its stated confidence.
 */
double error_rate_chance(const struct error_rate *rate);

/* Why the verdicts cannot be trusted; NULL: they can. */
const char *error_rate_objection(const struct error_rate *rate);

#endif
