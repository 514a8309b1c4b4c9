/*
 * statx(2): the caller chooses the fields and how up to date they must be. The system call is made
 * directly, because glibc silently calls fstatat if the kernel has no statx, and that must not be
 * measured under this name.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "engine/strategy.h"

enum { PARAM_ADDRESSING, PARAM_MASK, PARAM_SYNC };

static const char *const addressings[] = {"path", "dirfd", NULL};
static const char *const masks[] = {"type", "size", "mtime", "basic", "all", NULL};
static const char *const syncs[] = {"as-stat", "dont", "force", NULL};

static const struct {
	unsigned asked;    /* fields requested from the kernel */
	uint32_t answered; /* fields that the engine gets */
} mask_values[] = {
	{STATX_TYPE, FIELD_TYPE},
	{STATX_TYPE | STATX_SIZE, FIELD_TYPE | FIELD_SIZE},
	{STATX_TYPE | STATX_MTIME, FIELD_TYPE | FIELD_MTIME},
	{STATX_BASIC_STATS, FIELDS_ALL},
	{STATX_ALL, FIELDS_ALL}, /* and the birth time, which records do not have */
};

static const int sync_values[] = {AT_STATX_SYNC_AS_STAT, AT_STATX_DONT_SYNC, AT_STATX_FORCE_SYNC};

static int call(int fd, const char *name, int flags, unsigned mask, struct statx *stx)
{
	return (int)syscall(SYS_statx, fd, name, flags, mask, stx);
}

static int probe(struct err *err)
{
	struct statx stx;
	if (call(AT_FDCWD, "/", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &stx) == 0)
		return 0;
	return err_errno(err, -errno, "statx is missing (an old kernel or a seccomp filter)");
}

static int setup(struct cell *cell, struct err *err)
{
	(void)err;
	cell->answer.fields = mask_values[cell->params[PARAM_MASK]].answered;
	cell->answer.addressing = cell->params[PARAM_ADDRESSING] ? ADDRESS_DIR : ADDRESS_PATH;
	return 0;
}

static int run(struct worker *w)
{
	const int64_t *params = w->cell->params;
	const unsigned mask = mask_values[params[PARAM_MASK]].asked;
	const uint32_t answered = mask_values[params[PARAM_MASK]].answered;
	const int flags = AT_SYMLINK_NOFOLLOW | sync_values[params[PARAM_SYNC]];
	const bool by_dir = params[PARAM_ADDRESSING];
	struct workload_span span;
	struct statx stx;

	while (worker_take(w, &span)) {
		size_t prefix = by_dir ? 0 : path_enter(w, span.dir);
		int fd = by_dir ? dir_enter(w, span.dir) : AT_FDCWD;
		if (by_dir && fd < 0) {
			record_fail_span(w, &span, -fd);
			continue;
		}
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			const char *name =
				by_dir ? workload_name(w->load, i) : path_of(w, prefix, i);
			if (call(fd, name, flags, mask, &stx))
				record_fail(&w->records[i], errno);
			else
				record_statx(&w->records[i], &stx, answered);
		}
		worker_count(w, SYSCALL_statx, span.end - span.first);
	}
	dir_leave(w);
	return 0;
}

STRATEGY(statx) = {
	.name = "statx",
	.summary = "statx, requesting only some fields",
	.stage = STAGE_FETCH,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.params = {{"addressing", "name entries by full path or on a directory descriptor", 0, 0, 1,
		    addressings},
		   {"mask", "fields requested", 3, 0, 4, masks},
		   {"sync", "how fresh: as stat would, cached (dont), from the server (force)", 0,
		    0, 2, syncs}},
	.probe = probe,
	.setup = setup,
	.run = run,
};
