/*
 * Estimates how much of a tree can be measured in the time: one round of all cells over a small
 * part of it is timed, then one over a larger part; a line through both gives the cost of an entry.
 */
#ifndef ENGINE_MEASURE_SCOUT_H
#define ENGINE_MEASURE_SCOUT_H

#include "engine/measure/run.h"

struct scout {
	uint32_t entries;  /* of the part that was tried; 0: none */
	uint64_t look_ns;  /* reading its reference, as far as there was time */
	uint64_t round_ns; /* one round of all cells, as in rounds.c */
};

/*
 * Tries the first target of the request. If time is up before all cells have been tried, the others
 * are estimated from those. -EINTR, -ENOMEM and the errors of run_cells.
 */
int scout_try(const struct run_request *request, struct scout *scout, struct err *err);

/* The cost of a run over part of a tree, linear in the entries of the part. */
struct scout_cost {
	double fixed_ns, entry_ns;
};

/*
 * The cost of the reference, priming and `rounds` rounds, of which ten at most are counted. small
 * and large: two tries; small->entries 0: there was only one. Costs of several filesystems are
 * added by the caller.
 */
struct scout_cost scout_cost(const struct scout *small, const struct scout *large, uint32_t rounds);

/* The number of entries that can be measured at that cost within left_ns; at least 1. */
uint64_t scout_fit(const struct scout_cost *cost, uint64_t left_ns);

/*
 * The number of entries to measure of `whole`, if `fit` can be measured: all from four fifths of
 * them on, which costs two rounds of ten; otherwise `fit` rounded down to 1, 2 or 5 with zeros. The
 * estimate of speed differs from run to run, and with round sizes two runs measure the same
 * entries.
 */
uint64_t scout_size(uint64_t fit, uint64_t whole);

#endif
