/* The number of jobs beyond which nothing is gained, by paired rounds. */
#ifndef ENGINE_PROFILE_CROSSOVER_H
#define ENGINE_PROFILE_CROSSOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/result.h"

struct crossover {
	bool known;
	uint32_t jobs;        /* the least with which no greater number that was tried is faster, */
	uint32_t tried;       /* and the greatest */
	double confidence;    /* of all comparisons together */
	struct estimate gain; /* time with `less` jobs over the time with jobs */
	uint32_t less;        /* the least that was tried; of the greatest: the one before it;
			       * 0: jobs is the least itself */
	struct estimate beyond; /* time with jobs over the time with `more` jobs */
	/*
	 * What to take: the cell with jobs; where that is not known, the one whose interval ends
	 * farthest from the baseline's time. NULL: none has figures.
	 */
	const struct cell_result *choice;
	struct estimate speedup; /* the baseline's time over its time, with the same confidence */
	uint32_t more;           /* the fastest of the greater numbers; 0: none was tried */
	const char *reason;      /* why it is not known */
};

/*
 * Of the cells of a strategy in one cache state. A number of jobs is faster than another where the
 * whole interval of their ratio says so. Unknown while an interval is missing that decides.
 * -ENOMEM.
 */
int crossover_find(struct crossover *crossover, const struct result *result, const char *strategy,
		   enum cache_state cache);

#endif
