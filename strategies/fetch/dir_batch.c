/*
 * Calls libflist's directory batch: the method of the strategy fstatat, by a function that programs
 * can link. It makes one call with an array of names per span; each directory is opened once, as by
 * fstatat. In addition to fstatat this costs the checks that a library makes for its callers, the
 * arrays, and the copy to the engine's records.
 */
#include <errno.h>
#include <string.h>

#include "strategies/meta.h"

enum { PARAM_MASK };

static const char *const masks[] = {"type", "size", "mtime", "basic", NULL};

static const struct {
	uint32_t asked;    /* fields requested from the library */
	uint32_t answered; /* fields that the engine gets */
} mask_values[] = {
	{FLIST_TYPE, FIELD_TYPE},
	{FLIST_TYPE | FLIST_SIZE, FIELD_TYPE | FIELD_SIZE},
	{FLIST_TYPE | FLIST_MTIME, FIELD_TYPE | FIELD_MTIME},
	{FLIST_BASIC, FIELDS_ALL},
};

struct shared {
	enum syscall_kind call; /* the call that the library makes for an entry */
};

struct state {
	struct flist_dir *dir; /* NULL: none open */
	uint32_t index;        /* number of that directory */
	int fd;                /* of dir */
	const char *names[SPAN_MAX];
	struct flist_meta metas[SPAN_MAX];
	int statuses[SPAN_MAX];
};

static int setup(struct cell *cell, struct err *err)
{
	struct shared *shared = cell->state;
	const char *call = flist_backend(mask_values[cell->params[PARAM_MASK]].asked);
	(void)err;
	cell->answer.fields = mask_values[cell->params[PARAM_MASK]].answered;
	shared->call = strcmp(call, "statx") == 0     ? SYSCALL_statx
		       : strcmp(call, "fstatat") == 0 ? SYSCALL_newfstatat
						      : SYSCALL_lstat;
	return 0;
}

static void leave(struct worker *w)
{
	struct state *s = w->state;
	worker_count(w, SYSCALL_close, s->dir != NULL);
	flist_dir_close(s->dir);
	s->dir = NULL;
}

/*
 * Opens the directory of a span, unless it is open: neighbouring spans of a huge directory share
 * it.
 */
static int enter(struct worker *w, uint32_t dir)
{
	struct state *s = w->state;
	int fd, ret;
	if (s->dir && s->index == dir)
		return 0;
	const bool is_far = workload_is_far(w->load, dir);
	if (!is_far)
		leave(w);
	fd = workload_open_from(w->load, s->index, s->dir ? s->fd : -1, dir, O_PATH,
				&w->syscalls[SYSCALL_openat], &w->syscalls[SYSCALL_close]);
	if (is_far)
		leave(w);
	if (fd < 0)
		return fd;
	s->index = dir;
	s->fd = fd;
	ret = flist_dir_fdopen(&s->dir, fd);
	if (ret) {
		close(fd);
		worker_count(w, SYSCALL_close, 1);
	}
	return ret;
}

static void ask_span(struct worker *w, const struct workload_span *span)
{
	struct state *s = w->state;
	const uint32_t n = span->end - span->first;
	const uint32_t asked = mask_values[w->cell->params[PARAM_MASK]].asked;
	for (uint32_t i = 0; i < n; i++)
		s->names[i] = workload_name(w->load, span->first + i);
	uint32_t n_asked = n;
	flist_dir_stat_until(s->dir, s->names, n, 0, asked, w->cell->stop, s->metas, s->statuses);
	for (uint32_t i = 0; i < n; i++) {
		struct record *r = &w->records[span->first + i];
		if (s->statuses[i] == -ECANCELED)
			n_asked--;
		else if (s->statuses[i])
			record_fail(r, -s->statuses[i]);
		else
			record_meta(r, &s->metas[i]);
	}
	worker_count(w, ((const struct shared *)w->cell->state)->call, n_asked);
}

static int run(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		int ret = enter(w, span.dir);
		if (ret == -ENOMEM)
			return ret;
		if (ret)
			record_fail_span(w, &span, -ret);
		else
			ask_span(w, &span);
	}
	leave(w);
	return 0;
}

STRATEGY(dir_batch) = {
	.name = "dir-batch",
	.summary = "libflist's directory batch: an array of names per call",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_SHARES_STATE, /* opening a directory allocates memory */
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct shared),
	.worker_size = sizeof(struct state),
	.params = {{"mask", "fields requested", 3, 0, 3, masks}},
	.setup = setup,
	.run = run,
};
