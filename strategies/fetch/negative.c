/*
 * Names that do not exist, one next to each entry: what include paths, module lookups and ignore
 * files cost. ENOENT is the right answer here; it counts as an error of the call, not of the cell.
 */
#include <errno.h>

#include "engine/strategy.h"

static int run(struct worker *w)
{
	struct workload_span span;
	struct stat st;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		for (uint32_t i = span.first; i < span.end; i++) {
			negative_name(w->load, i, w->path + prefix);
			if (lstat(w->path, &st))
				record_fail(&w->records[i], errno);
			else
				record_stat(&w->records[i], &st);
		}
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

STRATEGY(negative) = {
	.name = "negative",
	.summary = "lstat of a name that does not exist, next to every entry",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH, .negative = 1},
	.run = run,
};
