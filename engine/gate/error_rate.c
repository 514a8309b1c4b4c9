#include "engine/gate/error_rate.h"

#include <stddef.h>

enum { FOUND_LEAST_PCT = 95 }; /* of injected slowdowns */

#define BOUND_CONFIDENCE 0.95

/* The designed rate of false differences: one interval of 99 %; in the gate two in succession. */
#define MISS_BY_RUN  0.01
#define MISS_BY_GATE (MISS_BY_RUN * MISS_BY_RUN)

/* A count with a smaller probability than this is not attributed to chance. */
#define CHANCE_LEAST 0.01

/* A slowdown with the verdict IMPROVED was not found. */
struct rated rated_by_verdict(const struct error_rate *rate, enum verdict verdict,
			      const struct estimate *ratio)
{
	return (struct rated){
		.ratio = *ratio,
		.flagged = verdict == VERDICT_REGRESSED ||
			   (verdict == VERDICT_IMPROVED && !rate->is_slowdown),
		.undecided = verdict != VERDICT_REGRESSED && verdict != VERDICT_IMPROVED &&
			     verdict != VERDICT_OK,
		.words = verdict_name(verdict),
	};
}

struct rated rated_by_interval(const struct error_rate *rate, const struct estimate *ratio)
{
	return (struct rated){
		.ratio = *ratio,
		.flagged = ratio->known && (ratio->lo > 1 || (ratio->hi < 1 && !rate->is_slowdown)),
		.undecided = !ratio->known,
		.beyond = ratio->known && (ratio->lo > 1.01 || ratio->hi < 1 / 1.01),
	};
}

void error_rate_add(struct error_rate *rate, const struct rated *rated)
{
	rate->flagged += rated->flagged;
	rate->beyond += rated->beyond;
	rate->undecided += rated->undecided;
}

uint64_t error_rate_tries(const struct error_rate *rate)
{
	return rate->runs - (rate->is_slowdown ? 0 : rate->undecided);
}

double error_rate_lower(const struct error_rate *rate)
{
	return binomial_lower(rate->flagged, error_rate_tries(rate), BOUND_CONFIDENCE);
}

double error_rate_upper(const struct error_rate *rate)
{
	return binomial_upper(rate->flagged, error_rate_tries(rate), BOUND_CONFIDENCE);
}

double error_rate_designed(const struct error_rate *rate)
{
	return rate->by_gate ? MISS_BY_GATE : MISS_BY_RUN;
}

double error_rate_chance(const struct error_rate *rate)
{
	if (!rate->flagged)
		return 1;
	return 1 - binomial_at_most(rate->flagged - 1, error_rate_tries(rate),
				    error_rate_designed(rate));
}

const char *error_rate_objection(const struct error_rate *rate)
{
	if (rate->is_slowdown)
		return rate->flagged * 100 < rate->runs * FOUND_LEAST_PCT ? "too few were found"
									  : NULL;
	if (error_rate_chance(rate) < CHANCE_LEAST)
		return "more than chance explains";
	return rate->undecided * 2 >= rate->runs ? "too many could not be decided" : NULL;
}
