/*
 * The classic remedy for a slow scan: a thread per core, each taking the next chunk of full paths
 * as soon as it is done with the last. The engine's queue of spans is that dynamic balance, so this
 * is lstat with more workers; what it adds is the size of a chunk as a parameter. Too small, and
 * the workers fight for the queue; too large, and the last one keeps the others waiting.
 */
#include "engine/strategy.h"

extern const struct strategy strategy_lstat;

enum { PARAM_CHUNK };

static int setup(struct cell *cell, struct err *err)
{
	(void)err;
	cell->chunk = (uint32_t)cell->params[PARAM_CHUNK];
	return 0;
}

static int run(struct worker *w)
{
	return strategy_lstat.run(w);
}

STRATEGY(threaded) = {
	.name = "threaded",
	.summary = "lstat of full paths in dynamic chunks on all cores",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_ALL_CORES,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.params = {{"chunk", "entries taken at once", 128, 1, 65536, NULL}},
	.setup = setup,
	.run = run,
};
