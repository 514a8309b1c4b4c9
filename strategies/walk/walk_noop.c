/*
 * The floor of walks: finds nothing. What it costs is what lies between the two readings of the
 * clock beside the walk itself, the gate that the workers start from; a walker keeps and sorts its
 * own list, and pays for it.
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
