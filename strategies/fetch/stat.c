/* Like lstat, but symbolic links are followed, as by programs that read the contents of files. */
#include <errno.h>

#include "engine/strategy.h"

static int run(struct worker *w)
{
	struct workload_span span;
	struct stat st;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			if (stat(path_of(w, prefix, i), &st))
				record_fail(&w->records[i], errno);
			else
				record_stat(&w->records[i], &st);
		}
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

STRATEGY(stat) = {
	.name = "stat",
	.summary = "stat of every full path, following links",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH, .follow = 1},
	.run = run,
};
