/*
 * libflist's classic collect: enumerate everything in one thread, then let all workers ask for it
 * through the cache, then merge and sort. The way of batched stats that this project grew out of.
 */
#include "strategies/walk/collect.h"

static int run(struct worker *w)
{
	return collect_run(w, FLIST_CLASSIC);
}

STRATEGY(walk_classic) = {
	.name = "walk-classic",
	.summary =
		"libflist's collect: enumerate, then ask in parallel through its cache, then sort",
	.stage = STAGE_WALK,
	.flags = STRATEGY_OWN_THREADS | STRATEGY_SHARES_STATE,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct collected),
	.uncounted = "the library makes them",
	.prepare = collect_prepare,
	.deliver = collect_deliver,
	.finish = collect_finish,
	.run = run,
};
