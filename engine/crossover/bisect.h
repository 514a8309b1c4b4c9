/*
 * The search for the point from which B is faster, along an axis of whole numbers. It returns where
 * to measure next, receives the winner there, and returns the result so far. It does not measure.
 *
 * Both ends come first. Then the stretch in which the winner changes is halved, on a logarithmic
 * scale, until it is narrow. A point can stay open, because A and B take about the same time there;
 * then the stretches on both sides of it are halved, and the result is the interval between them.
 * In the end the middle of every stretch wider than a quarter of the axis has been measured: so a
 * change and a change back are found even if the winner is the same at both ends.
 */
#ifndef ENGINE_CROSSOVER_BISECT_H
#define ENGINE_CROSSOVER_BISECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum winner {
	WINNER_OPEN, /* neither is certainly faster */
	WINNER_A,
	WINNER_B,
	WINNER_UNKNOWN, /* no figures */
};

enum { BISECT_POINTS_MAX = 32, BISECT_CHANGES_MAX = 8 };

struct bisect_point {
	uint64_t x;
	enum winner winner;
	double ratio; /* B's time / A's, median; 0: not known */
};

struct bisect {
	uint64_t from, to; /* from < to */
	/* A stretch is narrow if its ends differ by less than this factor; > 1. */
	double resolution;
	struct bisect_point points[BISECT_POINTS_MAX]; /* sorted by x */
	size_t n;
};

/* Sets *x to the point to measure next; false: none, the result is as precise as requested. */
bool bisect_next(const struct bisect *bisect, uint64_t *x);

/* The approximate number of points left, at least 1, for dividing time. */
unsigned bisect_left(const struct bisect *bisect);

/* Adds a point with an x that was not added before. Ignored beyond BISECT_POINTS_MAX. */
void bisect_add(struct bisect *bisect, struct bisect_point point);

/* Sets another upper end, not below any point that was added. */
void bisect_set_end(struct bisect *bisect, uint64_t to);

/*
 * A change between two points with different winners, or from one end to the first point with a
 * winner.
 */
struct winner_change {
	bool to_b;   /* above it B wins; false: A does */
	bool has_lo; /* lo is the last point where the other one certainly won; false: nothing is
			decided below hi */
	uint64_t lo, hi; /* hi: the first point where the new winner certainly won */
	bool has_at;     /* at: where a line through the medians has ratio 1 */
	double at;
};

enum crossing_kind {
	CROSSING_UNKNOWN, /* no winner is known, */
	CROSSING_ALWAYS,  /* B wins wherever a winner is known, */
	CROSSING_NEVER,   /* A wins wherever a winner is known, */
	CROSSING_FROM,    /* B wins from some point on, */
	CROSSING_UP_TO,   /* up to some point, */
	CROSSING_SEVERAL, /* or the winner changes more than once */
};

struct crossing {
	enum crossing_kind kind;
	struct winner_change changes[BISECT_CHANGES_MAX]; /* sorted by x */
	size_t n;
	bool is_narrow; /* no further point would have been measured */
};

void bisect_answer(const struct bisect *bisect, struct crossing *crossing);

const char *winner_name(enum winner winner);        /* "a", "b", "open", "unknown" */
const char *crossing_name(enum crossing_kind kind); /* "from", "up-to", .. */

#endif
