/*
 * Opens each directory once (with O_PATH, so that no read permission is needed) and fetches its
 * names relative to it. The kernel looks up one component instead of the whole path; this costs an
 * openat and a close per directory.
 */
#include <errno.h>

#include "engine/strategy.h"

static void stat_span(struct worker *w, int fd, const struct workload_span *span)
{
	struct stat st;
	for (uint32_t i = span->first; i < span->end && !worker_stopped(w); i++) {
		if (fstatat(fd, workload_name(w->load, i), &st, AT_SYMLINK_NOFOLLOW))
			record_fail(&w->records[i], errno);
		else
			record_stat(&w->records[i], &st);
	}
	worker_count(w, SYSCALL_newfstatat, span->end - span->first);
}

static int run(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		int fd = dir_enter(w, span.dir);
		if (fd < 0)
			record_fail_span(w, &span, -fd);
		else
			stat_span(w, fd, &span);
	}
	dir_leave(w);
	return 0;
}

STRATEGY(fstatat) = {
	.name = "fstatat",
	.summary = "fstatat of each name on its directory's descriptor",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.run = run,
};
