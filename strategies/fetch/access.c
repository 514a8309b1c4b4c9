/*
 * Tests only whether each path exists, which is the fastest call with a path. Links are followed,
 * as access(2) does.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "engine/strategy.h"

/* Makes the system call directly: faccessat of glibc may try faccessat2 first. */
static int exists(const char *path)
{
	return (int)syscall(SYS_faccessat, AT_FDCWD, path, F_OK);
}

static int run(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			if (exists(path_of(w, prefix, i)))
				record_fail(&w->records[i], errno);
			else
				record_exists(&w->records[i]);
		}
		worker_count(w, SYSCALL_faccessat, span.end - span.first);
	}
	return 0;
}

STRATEGY(access) = {
	.name = "access",
	.summary = "existence of every full path, no metadata",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_NONE, .addressing = ADDRESS_PATH, .follow = 1},
	.run = run,
};
