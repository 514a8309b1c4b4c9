#include "engine/crossover/point.h"

#include <stdlib.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/pairs.h"

enum { TESTS_MAX = 10, FIRST_TEST = 16 };

/* The confidence of each test. The first 16 rounds suffice if they all agree. */
#define TEST_CONFIDENCE (1 - (1 - CROSSOVER_CONFIDENCE) / (TESTS_MAX * BISECT_POINTS_MAX))

static int update_winner(struct axis_point *point, const struct point_cells *cells)
{
	double *logs;
	size_t n;
	int error = pairs_logs(cells->b, cells->a, &logs, &n);
	if (error)
		return error;
	stats_ratio_of(logs, n, TEST_CONFIDENCE, &point->ratio);
	point->pairs = (uint32_t)n;
	free(logs);
	point->winner = !point->ratio.known   ? WINNER_OPEN
			: point->ratio.hi < 1 ? WINNER_B
			: point->ratio.lo > 1 ? WINNER_A
					      : WINNER_OPEN;
	return 0;
}

int point_test(struct axis_point *point, const struct point_cells *cells, bool *is_enough)
{
	/* The most pairs that can count: the number of rounds that both have. */
	const size_t most = MIN(cells->a->n_passes, cells->b->n_passes);
	const size_t needed = MAX(point->next_test, FIRST_TEST);
	*is_enough = point->tests == TESTS_MAX;
	if (*is_enough || most < needed)
		return 0;
	int error = update_winner(point, cells);
	if (error || point->pairs < needed)
		return error;
	point->tests++;
	point->next_test = needed * 3 / 2;
	*is_enough = point->winner != WINNER_OPEN || point->tests == TESTS_MAX;
	return 0;
}

/* Stores why there are no figures: the reason of the cell without figures. */
static void explain(struct axis_point *point, const struct point_cells *cells, struct arena *arena)
{
	const struct cell_result *both[] = {cells->a, cells->b};
	for (size_t i = 0; i < ARRAY_LEN(both) && !point->reason; i++) {
		if (both[i]->status == STATUS_OK)
			continue;
		point->status = both[i]->status;
		point->reason =
			arena_print(arena, "%s: %s", both[i]->label, or_unknown(both[i]->reason));
	}
	const bool has_figure = estimate_has_median(&point->ratio);
	if (!point->reason && !has_figure && point->rounds)
		point->reason = "no whole round of both was measured";
	if (point->reason || !has_figure)
		point->winner = WINNER_UNKNOWN;
}

/* The reason may be in the result, which is freed, so it is not kept. */
static struct estimate detached(const struct estimate *e)
{
	struct estimate copy = *e;
	copy.reason = NULL;
	return copy;
}

int point_finish(struct axis_point *point, const struct point_cells *cells, uint32_t rounds,
		 struct arena *arena)
{
	/* An earlier certain winner counts; otherwise this is one more test. */
	const bool is_certain = point->winner == WINNER_A || point->winner == WINNER_B;
	int error = point->tests < TESTS_MAX && !is_certain ? update_winner(point, cells) : 0;
	if (error)
		return error;
	point->entries = cells->a->entries;
	point->rounds = rounds;
	point->a = detached(&cells->a->ns_per_entry);
	point->b = detached(&cells->b->ns_per_entry);
	point->ratio = detached(&point->ratio);
	explain(point, cells, arena);
	return 0;
}
