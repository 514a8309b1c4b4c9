/*
 * The lower limit: takes every span and writes a record for every entry, but makes no system call.
 * Its cost is that of the harness, which every other strategy has, too. With store=no only the
 * queue and the loop remain.
 */
#include "engine/strategy.h"

enum { PARAM_STORE };

static const char *const yes_no[] = {"no", "yes", NULL};

static int run(struct worker *w)
{
	const bool store = w->cell->params[PARAM_STORE];
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			if (store)
				w->records[i] = (struct record){.ino = i};
			else
				__asm__ volatile("" : : "r"(i));
		}
	}
	return 0;
}

STRATEGY(noop) = {
	.name = "noop",
	.summary = "makes no calls; measures the harness itself",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_FLOOR,
	.answer = {.fields = FIELDS_NONE, .addressing = ADDRESS_NONE},
	.params = {{"store", "write a 64-byte record per entry", 1, 0, 1, yes_no}},
	.run = run,
};
