/*
 * lstat of names that do not exist, one next to each entry: the cost of include paths, module
 * lookups and ignore files. ENOENT is the expected result.
 */
#include <errno.h>

#include "engine/strategy.h"

static int run(struct worker *w)
{
	struct workload_span span;
	struct stat st;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			negative_name(w->load, i, w->path + prefix);
			record_absent(&w->records[i], lstat(w->path, &st) ? errno : 0);
		}
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

STRATEGY(negative) = {
	.name = "negative",
	.summary = "lstat of a name that does not exist, next to every entry",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_NONE, .addressing = ADDRESS_PATH, .negative = 1},
	.run = run,
};
