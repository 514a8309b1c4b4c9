/*
 * Calls libflist's collect as programs do, with no number of threads. The library begins with one
 * thread and chooses the number from the duration of the calls.
 *
 * Its threads are started and ended within the pass, so that cost is included.
 */
#include "strategies/adaptive.h"
#include "strategies/walk/collect.h"

enum { PARAM_MOST = COLLECT_N_PARAMS };

struct state {
	struct collected collected; /* first, since collect.h uses cell->state as this */
	struct adaptive adaptive;
};

static int run(struct worker *w)
{
	struct state *s = w->cell->state;
	adaptive_begin(&s->adaptive);
	const struct flist_threads threads =
		adaptive_threads(&s->adaptive, w->cell->params[PARAM_MOST]);
	return collect_with(w, &threads, 0, collect_order(w->cell->params));
}

static size_t decisions(const struct cell *cell, const struct decision **decisions)
{
	const struct state *s = cell->state;
	*decisions = s->adaptive.decisions;
	return s->adaptive.n_decisions;
}

STRATEGY(walk_adaptive) = {
	.name = "walk-adaptive",
	.summary = "libflist's collect, choosing the number of threads",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL | STRATEGY_SHARES_STATE | STRATEGY_MAKES_THREADS,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct state),
	.uncounted = "threads of libflist make them",
	.params = {XATTRS_PARAM, COLLECT_PARAMS, {"most", "threads at most", 128, 1, 1024, NULL}},
	.setup = collect_setup,
	.prepare = collect_prepare,
	.deliver = collect_deliver,
	.finish = collect_finish,
	.decisions = decisions,
	.run = run,
};
