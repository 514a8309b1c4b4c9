/*
 * Compares the counts of both sides of a cell: entries, errors and system calls. They are exact, so
 * no interval is needed.
 */
#ifndef ENGINE_GATE_COUNTS_H
#define ENGINE_GATE_COUNTS_H

#include "engine/gate/gate.h"

struct count_pair {
	const char *name; /* points into the cell, or is "calls": the sum of all */
	bool is_calls;    /* system calls; false: entries */
	uint64_t base, head;
};

enum { COUNT_PAIRS_MAX = 2 * COUNTS_MAX };

/*
 * Stores the counts that differ between the sides of one strategy, or, if none does, the sum of all
 * calls; returns how many. None is stored of a strategy that only one side counted.
 */
size_t counts_compare(const struct gate_cell *cell, struct count_pair pairs[COUNT_PAIRS_MAX]);

/* Whether a cell that was measured has no counts: a worker sends none if the tree has changed. */
bool counts_are_missing(const struct gate_cell *cell);

#endif
