/*
 * Estimates how much of a tree there is time for: one round of all cells over a small part of it is
 * timed, then one over a larger part, and a line through both gives the cost of an entry.
 */
#ifndef ENGINE_MEASURE_SCOUT_H
#define ENGINE_MEASURE_SCOUT_H

#include "engine/measure/run.h"

struct scout {
	uint32_t entries;  /* of the part that was tried; 0: none was */
	uint64_t look_ns;  /* the verifier's first look at it, or what there was time for of it */
	uint64_t round_ns; /* one round of all cells, as rounds.c would run it */
};

/*
 * Tries the first target. When the time of the request is up in the middle, the cells that were
 * tried stand for the others. -EINTR, -ENOMEM and what run_cells fails with.
 */
int scout_try(const struct run_request *request, struct scout *scout, struct err *err);

/* What a run over part of a tree takes: a line over the entries that are measured. */
struct scout_cost {
	double fixed_ns, entry_ns;
};

/*
 * Looking at entries, priming, and passing them in `rounds` rounds, ten of them at most. small and
 * large: two tries; small->entries 0: there was but one. Of several filesystems the costs add up.
 */
struct scout_cost scout_cost(const struct scout *small, const struct scout *large, uint32_t rounds);

/* How many entries can be measured at that cost within left_ns; at least 1. */
uint64_t scout_fit(const struct scout_cost *cost, uint64_t left_ns);

/*
 * How many of `whole` entries are measured when about `fit` of them can be: all from four fifths
 * of them on, which costs two rounds of ten; else the next smaller 1, 2 or 5 with zeros. What is
 * known of speed differs from run to run, and two runs shall measure the same entries.
 */
uint64_t scout_size(uint64_t fit, uint64_t whole);

#endif
