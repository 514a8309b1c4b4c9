#include "engine/profile/crossover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "engine/pairs.h"

enum { STEPS_MAX = 16 }; /* numbers of jobs */

struct steps {
	const struct cell_result *cells[STEPS_MAX]; /* sorted by jobs */
	size_t n;
	double confidence; /* for each comparison */
};

static void gather(struct steps *steps, const struct result *result, const char *strategy,
		   enum cache_state cache)
{
	for (size_t i = 0; i < result->n_cells && steps->n < STEPS_MAX; i++) {
		const struct cell_result *cell = &result->cells[i];
		size_t at = steps->n;
		if (strcmp(cell->strategy, strategy) != 0 || cell->cache != cache ||
		    cell->status != STATUS_OK)
			continue;
		steps->n++;
		for (; at > 0 && steps->cells[at - 1]->jobs > cell->jobs; at--)
			steps->cells[at] = steps->cells[at - 1];
		steps->cells[at] = cell;
	}
}

/* The ratio of times, b / a. */
static int compare(const struct cell_result *b, const struct cell_result *a, double confidence,
		   struct estimate *ratio)
{
	double *logs;
	size_t n;
	int error = pairs_logs(b, a, &logs, &n);
	*ratio = (struct estimate){.reason = "too few rounds"};
	if (error)
		return error;
	stats_ratio_of(logs, n, confidence, ratio);
	free(logs);
	return 0;
}

/* 1: some larger number of jobs is faster than step k; 0: none is; -EAGAIN: not known. */
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

static int compare_with_more(struct crossover *crossover, const struct steps *steps, size_t k)
{
	int error = 0;
	for (size_t m = k + 1; m < steps->n && !error; m++) {
		struct estimate ratio;
		error = compare(steps->cells[k], steps->cells[m], steps->confidence, &ratio);
		if (crossover->more && ratio.median <= crossover->beyond.median)
			continue;
		crossover->beyond = ratio;
		crossover->more = steps->cells[m]->jobs;
	}
	return error;
}

static bool is_better(const struct estimate *e, const struct estimate *than)
{
	if (e->known != than->known)
		return e->known;
	return e->known ? e->lo > than->lo : e->median > than->median;
}

/*
 * Chooses step k, or the best one if k is SIZE_MAX. The confidence allows for the choice among all
 * steps in either case.
 */
static int choose(struct crossover *crossover, const struct steps *steps,
		  const struct result *result, size_t k)
{
	int error = 0;
	for (size_t m = 0; m < steps->n && !error; m++) {
		const struct cell_result *cell = steps->cells[m];
		const struct cell_result *baseline = result_baseline_of(result, cell);
		struct estimate e;
		if (!baseline || (k != SIZE_MAX && m != k))
			continue;
		error = compare(baseline, cell, 1 - (1 - STATS_CONFIDENCE) / (double)steps->n, &e);
		if (error || (crossover->choice && !is_better(&e, &crossover->speedup)))
			continue;
		crossover->choice = cell;
		crossover->speedup = e;
	}
	return error;
}

int crossover_find(struct crossover *crossover, const struct result *result, const char *strategy,
		   enum cache_state cache)
{
	struct steps steps = {.n = 0};
	size_t k = 0;
	int beaten;
	gather(&steps, result, strategy, cache);
	*crossover = (struct crossover){.reason = "it was not measured with several jobs"};
	if (steps.n < 2)
		return choose(crossover, &steps, result, SIZE_MAX);
	steps.confidence = 1 - (1 - STATS_CONFIDENCE) / (double)(steps.n * (steps.n - 1) / 2);
	crossover->confidence = STATS_CONFIDENCE;
	crossover->tried = steps.cells[steps.n - 1]->jobs;
	while ((beaten = is_beaten(&steps, k)) == 1)
		k++;
	if (beaten == -EAGAIN)
		crossover->reason = "there were too few rounds";
	if (beaten < 0)
		return beaten == -EAGAIN ? choose(crossover, &steps, result, SIZE_MAX) : beaten;
	crossover->known = true;
	crossover->reason = NULL;
	crossover->jobs = steps.cells[k]->jobs;
	int error = compare_with_more(crossover, &steps, k);
	error = error ? error : choose(crossover, &steps, result, k);
	if (error || k == 0)
		return error;
	const struct cell_result *less = steps.cells[k == steps.n - 1 ? k - 1 : 0];
	crossover->less = less->jobs;
	return compare(less, steps.cells[k], steps.confidence, &crossover->gain);
}
