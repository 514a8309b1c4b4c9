/*
 * Calls libflist's collect: workers take directories, read them with large buffers, and immediately
 * fetch each name relative to the open directory. So no path is looked up, and no entry is handled
 * twice.
 */
#include "strategies/walk/collect.h"

static int run(struct worker *w)
{
	return collect_by_pool(w, 0, collect_order(w->cell->params));
}

STRATEGY(walk_fused) = {
	.name = "walk-fused",
	.summary = "libflist's collect: all workers read, fetch and sort, a "
		   "directory at a time",
	.stage = STAGE_WALK,
	.flags = STRATEGY_OWN_THREADS | STRATEGY_SHARES_STATE,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct collected),
	.uncounted = "libflist makes them",
	.params = {XATTRS_PARAM, COLLECT_PARAMS},
	.setup = collect_setup,
	.prepare = collect_prepare,
	.deliver = collect_deliver,
	.finish = collect_finish,
	.run = run,
};
