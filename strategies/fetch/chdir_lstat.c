/*
 * Like fts(3): makes each directory the working directory, then calls lstat with bare names. All
 * threads of a process share the working directory, so a worker first gets its own (unshare).
 */
#include <errno.h>

#include "strategies/cwd.h"

/* Leaves the tree, which could otherwise not be removed or unmounted. */
static void close_worker(struct worker *w)
{
	(void)w;
	if (chdir("/"))
		return; /* then it stays in use until the worker ends */
}

static void stat_span(struct worker *w, const struct workload_span *span)
{
	struct stat st;
	for (uint32_t i = span->first; i < span->end && !worker_stopped(w); i++) {
		if (lstat(workload_name(w->load, i), &st))
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
		bool stays = w->dir_fd >= 0 && w->dir == span.dir;
		int fd = dir_enter(w, span.dir);
		int error = fd < 0 ? -fd : stays ? 0 : fchdir(fd) ? errno : 0;
		worker_count(w, SYSCALL_fchdir, fd >= 0 && !stays);
		if (error) {
			dir_leave(w); /* so that the directory's next span does not assume that it
					 is the working directory */
			record_fail_span(w, &span, error);
		} else {
			stat_span(w, &span);
		}
	}
	dir_leave(w);
	return 0;
}

STRATEGY(chdir_lstat) = {
	.name = "chdir-lstat",
	.summary = "lstat of bare names in the working directory, as fts does",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.probe = cwd_probe,
	.open = cwd_open,
	.close = close_worker,
	.run = run,
};
