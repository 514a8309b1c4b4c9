/*
 * Fetches in one thread per core, the usual way to speed up a slow scan. Each thread takes the next
 * chunk of full paths as soon as it has finished the last one. The engine's queue of spans does
 * exactly that, so this is lstat with more workers and with the size of a chunk as a parameter. If
 * chunks are too small, the workers contend for the queue; if they are too large, the others wait
 * for the last one.
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
