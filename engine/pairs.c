#include "engine/pairs.h"

#include <errno.h>
#include <stdlib.h>

static bool counts(const struct pass *pass, enum half half, bool counts_disturbed)
{
	const bool in_half = half == HALF_BOTH || (pass->round % 2 == 0) == (half == HALF_EVEN);
	return in_half && result_pass_counts(pass, counts_disturbed);
}

static uint32_t apart(const struct pass *p, const struct pass *q)
{
	return p->position > q->position ? p->position - q->position : q->position - p->position;
}

/*
 * The pass of a cell that counts and is nearest to p in p's round, or NULL. The search begins at
 * *from, which is set to the start of that round: passes are sorted by round.
 */
static const struct pass *neighbour(const struct cell_result *cell, const struct pass *p,
				    enum half half, bool counts_disturbed, size_t *from)
{
	const struct pass *nearest_one = NULL;
	while (*from < cell->n_passes && cell->passes[*from].round < p->round)
		++*from;
	for (size_t i = *from; i < cell->n_passes && cell->passes[i].round == p->round; i++) {
		const struct pass *q = &cell->passes[i];
		if (counts(q, half, counts_disturbed) &&
		    (!nearest_one || apart(p, q) < apart(p, nearest_one)))
			nearest_one = q;
	}
	return nearest_one;
}

/* The pairs follow the cell with fewer passes, so none of its passes is used twice. */
size_t pairs_of(const struct cell_result *cell_a, const struct cell_result *cell_b, enum half half,
		bool counts_disturbed, uint64_t *a, uint64_t *b)
{
	const bool a_leads = cell_a->n_passes <= cell_b->n_passes;
	const struct cell_result *lead = a_leads ? cell_a : cell_b;
	const struct cell_result *other = a_leads ? cell_b : cell_a;
	size_t n = 0, from = 0;
	for (size_t i = 0; i < lead->n_passes; i++) {
		const struct pass *p = &lead->passes[i];
		const struct pass *q = counts(p, half, counts_disturbed)
					       ? neighbour(other, p, half, counts_disturbed, &from)
					       : NULL;
		if (!q)
			continue;
		a[n] = a_leads ? p->wall_ns : q->wall_ns;
		b[n++] = a_leads ? q->wall_ns : p->wall_ns;
	}
	return n;
}

size_t pairs_enough(const struct cell_result *cell_a, const struct cell_result *cell_b,
		    enum half half, uint64_t *a, uint64_t *b)
{
	size_t n = pairs_of(cell_a, cell_b, half, false, a, b);
	return n < STATS_LEAST_OF_TWO ? pairs_of(cell_a, cell_b, half, true, a, b) : n;
}

int pairs_logs(const struct cell_result *a, const struct cell_result *b, double **logs, size_t *n)
{
	const size_t most = MAX(a->n_passes, b->n_passes) + 1;
	uint64_t *times_a = calloc(most, sizeof(*times_a)),
		 *times_b = calloc(most, sizeof(*times_b));
	*logs = calloc(most, sizeof(**logs));
	int error = times_a && times_b && *logs ? 0 : -ENOMEM;
	if (!error) {
		*n = pairs_enough(a, b, HALF_BOTH, times_a, times_b);
		stats_logs(times_a, times_b, *n, *logs);
	} else {
		free(*logs);
		*logs = NULL;
	}
	free(times_a);
	free(times_b);
	return error;
}
