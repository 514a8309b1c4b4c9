/*
 * The number of jobs beyond which more jobs do not make a walk faster, by paired rounds.
 */
#ifndef ENGINE_PROFILE_CROSSOVER_H
#define ENGINE_PROFILE_CROSSOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/result.h"

struct crossover {
	bool known;
	uint32_t jobs;  /* the smallest number for which no larger one that was tried is faster */
	uint32_t tried; /* the largest number that was tried */
	double confidence;    /* for all comparisons together */
	struct estimate gain; /* time with `less` jobs / time with `jobs` */
	/*
	 * The smallest that was tried; if jobs is the largest: the one before it; 0: jobs is the
	 * smallest.
	 */
	uint32_t less;
	struct estimate beyond; /* time with `jobs` / time with `more` jobs */
	/*
	 * The recommended cell: the one with `jobs`; if that is not known, the one whose interval
	 * ends farthest from the baseline's time. NULL: none has figures.
	 */
	const struct cell_result *choice;
	struct estimate speedup; /* the baseline's time / the choice's, with the same confidence */
	uint32_t more;           /* the fastest of the larger numbers; 0: none was tried */
	const char *reason;      /* why jobs is not known */
};

/*
 * Compares the cells of a strategy in one cache state. A number of jobs is faster than another if
 * the whole interval of their ratio shows it. known is false while a deciding interval is missing.
 * Returns -ENOMEM or 0.
 */
int crossover_find(struct crossover *crossover, const struct result *result, const char *strategy,
		   enum cache_state cache);

#endif
