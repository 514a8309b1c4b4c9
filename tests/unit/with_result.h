/*
 * A result made by hand, for the tests of the reports: every field set, every status and every kind
 * of row present, every string as hostile as it may be in life.
 */
#ifndef TESTS_UNIT_WITH_RESULT_H
#define TESTS_UNIT_WITH_RESULT_H

#include "engine/result.h"

struct result *with_result(void); /* fails the test when memory is out */

/* The number of cells that with_result makes, and the roles some of them play. */
enum {
	CELL_FLOOR,
	CELL_LSTAT,
	CELL_FSTATAT,
	CELL_STATX,
	CELL_CACHED,
	CELL_THREADED,
	CELL_SKIPPED,
	CELL_FAILED,
	CELL_INVALID,
	CELL_UNKNOWN,
	CELLS
};

/* A known estimate of n samples with 99 % confidence. */
struct estimate with_estimate(double median, double lo, double hi, uint32_t n);

#endif
