#include "engine/profile/crossover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "engine/measure/figures/estimate.h"

enum { STEPS_MAX = 16 }; /* numbers of jobs */

struct steps {
	const struct cell_result *cells[STEPS_MAX]; /* fewest jobs first */
	size_t n;
	double confidence; /* of each comparison */
};

static void gather(struct steps *steps, const struct result *result, const char *strategy,
		   const char *cache)
{
	for (size_t i = 0; i < result->n_cells && steps->n < STEPS_MAX; i++) {
		const struct cell_result *cell = &result->cells[i];
		size_t at = steps->n;
		if (strcmp(cell->strategy, strategy) != 0 || strcmp(cell->cache, cache) != 0 ||
		    cell->status != STATUS_OK)
			continue;
		steps->n++;
		for (; at > 0 && steps->cells[at - 1]->jobs > cell->jobs; at--)
			steps->cells[at] = steps->cells[at - 1];
		steps->cells[at] = cell;
	}
}

/* Time of b over time of a. */
static int compare(const struct cell_result *b, const struct cell_result *a, double confidence,
		   struct estimate *ratio)
{
	double *logs;
	size_t n;
	int error = estimate_logs(b, a, &logs, &n);
	*ratio = (struct estimate){.reason = "too few rounds"};
	if (error)
		return error;
	stats_ratio_of(logs, n, confidence, ratio);
	free(logs);
	return 0;
}

/* 1: with more jobs than those of step k it is faster; 0: with none; -EAGAIN: nobody knows. */
static int is_beaten(const struct steps *steps, size_t k)
{
	bool is_open = false;
	for (size_t m = k + 1; m < steps->n; m++) {
		struct estimate ratio;
		int error = compare(steps->cells[m], steps->cells[k], steps->confidence, &ratio);
		if (error)
			return error;
		if (ratio.known && ratio.hi < 1)
			return 1;
		is_open |= !ratio.known;
	}
	return is_open ? -EAGAIN : 0;
}

int crossover_find(struct crossover *crossover, const struct result *result, const char *strategy,
		   const char *cache)
{
	struct steps steps = {.n = 0};
	size_t k = 0;
	int beaten;
	gather(&steps, result, strategy, cache);
	*crossover = (struct crossover){.reason = "it was not measured with several jobs"};
	if (steps.n < 2)
		return 0;
	steps.confidence = 1 - (1 - STATS_CONFIDENCE) / (double)(steps.n * (steps.n - 1) / 2);
	crossover->confidence = STATS_CONFIDENCE;
	crossover->tried = steps.cells[steps.n - 1]->jobs;
	while ((beaten = is_beaten(&steps, k)) == 1)
		k++;
	if (beaten == -EAGAIN)
		crossover->reason = "there were too few rounds";
	if (beaten < 0)
		return beaten == -EAGAIN ? 0 : beaten;
	crossover->known = true;
	crossover->reason = NULL;
	crossover->jobs = steps.cells[k]->jobs;
	if (k == 0)
		return 0;
	crossover->less = steps.cells[k - 1]->jobs;
	return compare(steps.cells[k - 1], steps.cells[k], steps.confidence, &crossover->gain);
}
