#include "engine/profile/walks.h"

#include <string.h>

#include "engine/base/stats.h"
#include "engine/measure/figures/estimate.h"

const struct cell_result *walks_cell(const struct result *result, const char *strategy,
				     enum cache_state cache, uint32_t jobs)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->strategy && strcmp(cell->strategy, strategy) == 0 &&
		    cell->cache == cache && cell->jobs == jobs)
			return cell;
	}
	return NULL;
}

static const struct cell_result *plain_of(const struct result *result, enum cache_state cache)
{
	return walks_cell(result, PROFILE_PLAIN, cache, 1);
}

int walks_conclude(struct walks *walks, struct result *result)
{
	int error = estimate_cells(result);
	error = error ? error : check_result(result);
	if (!error)
		error = crossover_find(&walks->warm, result, PROFILE_FUSED, CACHE_WARM);
	if (!error)
		error = crossover_find(&walks->cold, result, PROFILE_FUSED, CACHE_COLD);
	const struct cell_result *plain = plain_of(result, CACHE_WARM);
	walks->is_compared = plain && estimate_has_median(&plain->ns_per_entry);
	walks->not_compared = walks->is_compared       ? NULL
			      : plain && plain->reason ? plain->reason
						       : "there was no time for a whole pass";
	return error;
}

enum walks_verdict walks_fastest(const struct result *result, const struct crossover *c,
				 enum cache_state cache)
{
	const struct cell_result *plain = plain_of(result, cache);
	if (c->choice && plain && plain->entries != c->choice->entries)
		return WALKS_UNLIKE;
	if (!c->choice || !c->speedup.known)
		return WALKS_UNKNOWN;
	return c->speedup.lo > 1 ? WALKS_FASTER : WALKS_NOT_FASTER;
}

const struct estimate *walks_names_alone(const struct result *result)
{
	const struct cell_result *listed = walks_cell(result, PROFILE_LISTED, CACHE_WARM, 1);
	return listed && listed->ratio.known && listed->ratio.hi < 1 ? &listed->ratio : NULL;
}

double walks_cold_times(const struct result *result)
{
	const struct cell_result *warm = plain_of(result, CACHE_WARM);
	const struct cell_result *cold = plain_of(result, CACHE_COLD);
	if (!cold || !warm || !estimate_has_median(&cold->ns_per_entry) ||
	    cold->status != STATUS_OK)
		return 0;
	return cold->ns_per_entry.median / warm->ns_per_entry.median;
}
