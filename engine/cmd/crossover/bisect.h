/*
 * The search for the point from which B is faster, along a line of whole numbers. It says where to
 * measure next, is given the winner there, and says what is known so far. It does not measure.
 *
 * Both ends come first. Then the stretch in which the winner changes is halved, on a logarithmic
 * scale, until it is narrow. A point may stay open, because A and B take about the same time there;
 * then the stretches on both sides of it are halved, and the answer is as wide as they are apart.
 * In the end no stretch wider than a quarter of the line is left without a look into its middle:
 * what wins, and later loses again, is not overlooked where both ends agree.
 */
#ifndef ENGINE_CMD_CROSSOVER_BISECT_H
#define ENGINE_CMD_CROSSOVER_BISECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum winner {
	WINNER_OPEN, /* neither surely */
	WINNER_A,
	WINNER_B,
	WINNER_UNKNOWN, /* there are no figures */
};

enum { BISECT_POINTS_MAX = 32, BISECT_CHANGES_MAX = 8 };

struct bisect_point {
	uint64_t x;
	enum winner winner;
	double ratio; /* B's time over A's, median; 0: not known */
};

struct bisect {
	uint64_t from, to; /* from < to */
	double resolution; /* a stretch whose ends differ by less than this factor is narrow; > 1 */
	struct bisect_point points[BISECT_POINTS_MAX]; /* by x */
	size_t n;
};

/* Where to measure next; false: nowhere, all is known as well as was asked for. */
bool bisect_next(const struct bisect *bisect, uint64_t *x);

/* About how many points are left, at least 1: to share out time. */
unsigned bisect_left(const struct bisect *bisect);

/* x is one that was not added yet. Beyond BISECT_POINTS_MAX nothing happens. */
void bisect_add(struct bisect *bisect, struct bisect_point point);

/* Another far end, not before any point that was added. */
void bisect_set_end(struct bisect *bisect, uint64_t to);

/* Between two points with different winners, or from one end to the first point with a winner. */
struct winner_change {
	bool to_b;       /* beyond it B wins; else A does */
	bool has_lo;     /* lo is the last point where the other one surely won; false: below hi
			  * nothing is decided, down to the first point that was measured */
	uint64_t lo, hi; /* hi: the first point where the new winner surely won */
	bool has_at;     /* where the ratio is 1, on a line through the medians: */
	double at;
};

enum crossing_kind {
	CROSSING_UNKNOWN, /* the winner is known nowhere, */
	CROSSING_ALWAYS,  /* B wins wherever that is known, */
	CROSSING_NEVER,   /* A does, */
	CROSSING_FROM,    /* B wins from some point on, */
	CROSSING_UP_TO,   /* up to some point, */
	CROSSING_SEVERAL, /* or the winner changes more than once */
};

struct crossing {
	enum crossing_kind kind;
	struct winner_change changes[BISECT_CHANGES_MAX]; /* in order of x */
	size_t n;
	bool is_narrow; /* nothing more was to be measured */
};

void bisect_answer(const struct bisect *bisect, struct crossing *crossing);

const char *winner_name(enum winner winner);        /* "a", "b", "open", "unknown" */
const char *crossing_name(enum crossing_kind kind); /* "from", "up-to", .. */

#endif
