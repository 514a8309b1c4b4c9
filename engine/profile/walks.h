/*
 * The walks that a profile compares, and what follows from their figures, without words.
 */
#ifndef ENGINE_PROFILE_WALKS_H
#define ENGINE_PROFILE_WALKS_H

#include "engine/profile/crossover.h"
#include "engine/result.h"

#define PROFILE_PLAIN  "walk-lstat" /* the walk of ordinary programs */
#define PROFILE_FUSED  "walk-fused" /* libflist's walk, which has jobs */
#define PROFILE_LISTED "readdir"    /* names and types only */

struct walks {
	bool is_compared;            /* there are figures; otherwise: */
	const char *not_compared;    /* the reason */
	struct crossover warm, cold; /* with warm caches; with cold ones */
};

/*
 * Computes the figures of a result whose rounds are measured, and the conclusions from them. 0 or
 * -ENOMEM.
 */
int walks_conclude(struct walks *walks, struct result *result);

/* The cell of a strategy with that many jobs in a cache state; NULL: there is none. */
const struct cell_result *walks_cell(const struct result *result, const char *strategy,
				     enum cache_state cache, uint32_t jobs);

/* Whether the recommended walk is faster than the plain one. */
enum walks_verdict {
	WALKS_FASTER,
	WALKS_NOT_FASTER, /* not measurably */
	WALKS_UNKNOWN,
	/*
	 * They found different numbers of entries. A walk that does not find everything, such as
	 * one that stops at PATH_MAX, may be fast because of that.
	 */
	WALKS_UNLIKE,
};
enum walks_verdict walks_fastest(const struct result *result, const struct crossover *crossover,
				 enum cache_state cache);

/* Time of names and types alone / time of the plain walk; NULL: not known to be less. */
const struct estimate *walks_names_alone(const struct result *result);

/* How many times as long the plain walk takes with cold caches; 0: it was not measured so. */
double walks_cold_times(const struct result *result);

#endif
