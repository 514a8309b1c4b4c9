/*
 * Finds which of A and B is faster at one point of an axis, by tests after rounds until one is
 * certain. Each test can be wrong, so all tests at all points of a search share one per cent of
 * error probability.
 */
#ifndef ENGINE_CROSSOVER_POINT_H
#define ENGINE_CROSSOVER_POINT_H

#include "engine/base/arena.h"
#include "engine/base/stats.h"
#include "engine/crossover/bisect.h"
#include "engine/result.h"

/* The confidence with which all intervals of one search hold at the same time. */
#define CROSSOVER_CONFIDENCE STATS_CONFIDENCE

/* The measurement of both at one point. */
struct axis_point {
	uint64_t x, entries;
	enum status status;
	const char *reason; /* why there are no figures; NULL: there are figures */
	enum winner winner;
	struct estimate a, b;   /* ns per entry */
	struct estimate ratio;  /* B's time / A's, paired by round; wide enough for all tests at all
				   points together */
	uint32_t rounds, pairs; /* rounds measured; pairs of passes in the ratio */
	uint64_t spent_ns;
	/* Of its measuring, zero before: tests done, and the pairs that the next one needs. */
	unsigned tests;
	size_t next_test;
};

/* The cells of A and of B in the rounds so far. */
struct point_cells {
	const struct cell_result *a, *b;
};

/*
 * To be called after every round: tests the winner if there are enough pairs for the next test.
 * *is_enough: one is certain, or this was the last test. 0 or -ENOMEM.
 */
int point_test(struct axis_point *point, const struct point_cells *cells, bool *is_enough);

/*
 * Stores the figures of both, whose estimates are complete, or why there are none; without a
 * certain winner, tests once more. Strings are in the arena. 0 or -ENOMEM.
 */
int point_finish(struct axis_point *point, const struct point_cells *cells, uint32_t rounds,
		 struct arena *arena);

#endif
