/*
 * Which passes count. A pass that did not verify never does. One that the machine disturbed is left
 * out, by the cause that was seen and never by its time, as long as enough undisturbed ones remain;
 * on a machine that is never quiet all verified passes count, and the clean count tells.
 *
 * Ratios are paired: only rounds in which both cells have a usable pass.
 */
#include "engine/measure/estimate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/measure/stats.h"

struct scratch {
	uint64_t *a, *b;
	double *values;
};

/* Every round, or every second one: to choose on one half and to score on the other. */
enum half { HALF_BOTH, HALF_EVEN, HALF_ODD };

static bool in_half(uint32_t round, enum half half)
{
	return half == HALF_BOTH || (round % 2 == 0) == (half == HALF_EVEN);
}

/* Undisturbed passes first; where they are too few, all whose answers were right. */
enum quality { QUALITY_CLEAN, QUALITY_VERIFIED };

static bool usable(const struct pass *pass, enum half half, enum quality quality)
{
	return in_half(pass->round, half) &&
	       (quality == QUALITY_CLEAN ? pass->clean : pass->verified);
}

static void count_clean(struct cell_result *cell)
{
	cell->n_clean = 0;
	for (size_t i = 0; i < cell->n_passes; i++)
		cell->n_clean += cell->passes[i].clean;
}

static size_t collect(const struct cell_result *cell, enum quality quality, struct scratch *s)
{
	size_t n = 0;
	for (size_t i = 0; i < cell->n_passes; i++) {
		if (usable(&cell->passes[i], HALF_BOTH, quality))
			s->a[n++] = cell->passes[i].wall_ns;
	}
	return n;
}

static void estimate_cost(struct cell_result *cell, struct scratch *s)
{
	size_t n = collect(cell, QUALITY_CLEAN, s);
	if (n < STATS_LEAST)
		n = collect(cell, QUALITY_VERIFIED, s);
	stats_per_entry(s->a, n, cell->entries, s->values, &cell->ns_per_entry, &cell->min,
			&cell->p05, &cell->p95);
}

/* Passes are in order of rounds in both cells. */
static size_t pair(const struct cell_result *a, const struct cell_result *b, enum half half,
		   enum quality quality, struct scratch *s)
{
	size_t i = 0, j = 0, n = 0;
	while (i < a->n_passes && j < b->n_passes) {
		const struct pass *p = &a->passes[i], *q = &b->passes[j];
		if (p->round == q->round && usable(p, half, quality) && usable(q, half, quality)) {
			s->a[n] = p->wall_ns;
			s->b[n++] = q->wall_ns;
		}
		i += p->round <= q->round;
		j += q->round <= p->round;
	}
	return n;
}

static void estimate_ratio(const struct cell_result *a, const struct cell_result *b, enum half half,
			   struct scratch *s, struct estimate *ratio)
{
	size_t n = pair(a, b, half, QUALITY_CLEAN, s);
	if (n < STATS_LEAST)
		n = pair(a, b, half, QUALITY_VERIFIED, s);
	stats_ratio(s->a, s->b, n, s->values, ratio);
}

/* A cell against itself: exactly 1. */
static struct estimate itself(const struct cell_result *cell)
{
	return (struct estimate){.known = true,
				 .median = 1,
				 .lo = 1,
				 .hi = 1,
				 .confidence = 1,
				 .n = cell->ns_per_entry.n};
}

static void unknown(struct estimate *estimate, const char *reason)
{
	*estimate = (struct estimate){.reason = reason};
}

static void estimate_cell(struct cell_result *cell, const struct cell_result *baseline,
			  struct scratch *s)
{
	if (cell->status != STATUS_OK) {
		unknown(&cell->ns_per_entry, "the cell was not measured");
		unknown(&cell->ratio, "the cell was not measured");
		return;
	}
	estimate_cost(cell, s);
	if (!baseline || baseline->status != STATUS_OK) {
		unknown(&cell->ratio, "the baseline was not measured");
		return;
	}
	cell->baseline = baseline->id;
	if (cell == baseline)
		cell->ratio = itself(cell);
	else
		estimate_ratio(cell, baseline, HALF_BOTH, s, &cell->ratio);
}

/* What the workers of this cell gain over one worker doing the same. */
static void estimate_scaling(struct result *result, struct cell_result *cell, struct scratch *s)
{
	unknown(&cell->scaling, "the same with one job was not measured");
	if (cell->status != STATUS_OK)
		return;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *one = &result->cells[i];
		if (one->jobs != 1 || one->status != STATUS_OK || strcmp(one->label, cell->label))
			continue;
		if (one == cell)
			cell->scaling = itself(cell);
		else
			estimate_ratio(one, cell, HALF_BOTH, s, &cell->scaling);
	}
}

static void undecided(struct result *result, const char *reason)
{
	result->fastest = (struct fastest){.reason = reason};
	unknown(&result->fastest.speedup, reason);
}

/* The best on the even rounds. NULL, with the reason said: cannot be told. */
static const struct cell_result *choose(struct result *result, const struct cell_result *baseline,
					struct scratch *s)
{
	const struct cell_result *best = baseline;
	size_t rivals = 0;
	double least = 1;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		struct estimate ratio;
		if (cell->status != STATUS_OK || cell->is_floor || !cell->is_rival ||
		    cell == baseline)
			continue;
		rivals++;
		estimate_ratio(cell, baseline, HALF_EVEN, s, &ratio);
		if (!ratio.known) {
			undecided(result, "fewer than 8 usable rounds in each half");
			return NULL;
		}
		if (ratio.median < least) {
			least = ratio.median;
			best = cell;
		}
	}
	if (!rivals)
		undecided(result, "nothing but the baseline was measured");
	return rivals ? best : NULL;
}

static void find_fastest(struct result *result, const struct cell_result *baseline,
			 struct scratch *s)
{
	undecided(result, "the baseline was not measured");
	if (!baseline || baseline->status != STATUS_OK)
		return;
	const struct cell_result *best = choose(result, baseline, s);
	if (!best)
		return;
	result->fastest = (struct fastest){.cell = best->id};
	if (best == baseline)
		unknown(&result->fastest.speedup, "the baseline itself");
	else
		estimate_ratio(baseline, best, HALF_ODD, s, &result->fastest.speedup);
}

int estimate_cells(struct result *result)
{
	size_t most = 1;
	for (size_t i = 0; i < result->n_cells; i++)
		most = result->cells[i].n_passes > most ? result->cells[i].n_passes : most;
	struct scratch s = {
		.a = calloc(most, sizeof(*s.a)),
		.b = calloc(most, sizeof(*s.b)),
		.values = calloc(most, sizeof(*s.values)),
	};
	int error = s.a && s.b && s.values ? 0 : -ENOMEM;
	if (!error) {
		const struct cell_result *baseline = result_baseline(result);
		for (size_t i = 0; i < result->n_cells; i++)
			count_clean(&result->cells[i]);
		for (size_t i = 0; i < result->n_cells; i++)
			estimate_cell(&result->cells[i], baseline, &s);
		for (size_t i = 0; i < result->n_cells; i++)
			estimate_scaling(result, &result->cells[i], &s);
		find_fastest(result, baseline, &s);
	}
	free(s.a);
	free(s.b);
	free(s.values);
	return error;
}
