/* The baseline: lstat(2) of one full path after the other, as simple programs do. */
#include <errno.h>

#include "engine/strategy.h"

static int run(struct worker *w)
{
	struct workload_span span;
	struct stat st;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			if (lstat(path_of(w, prefix, i), &st))
				record_fail(&w->records[i], errno);
			else
				record_stat(&w->records[i], &st);
		}
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

STRATEGY(lstat) = {
	.name = "lstat",
	.summary = "lstat of every full path",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.run = run,
};
