/*
 * The lower limit of walks: finds nothing. Its cost is that of the harness between the two readings
 * of the clock, which is the barrier at which the workers start. The list is not part of it: a
 * walker keeps and sorts its own.
 */
#include "engine/strategy.h"

static int run(struct worker *w)
{
	(void)w;
	return 0;
}

STRATEGY(walk_noop) = {
	.name = "walk-noop",
	.summary = "finds nothing; measures the harness itself",
	.stage = STAGE_WALK,
	.flags = STRATEGY_FLOOR | STRATEGY_SEQUENTIAL,
	.answer = {.fields = FIELDS_NONE, .addressing = ADDRESS_NONE},
	.run = run,
};
