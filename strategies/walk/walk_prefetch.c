/*
 * Calls libflist's cursor over a tree, which is for programs that need every entry in order and
 * process each as soon as they have it, such as ls -R, tar and backup programs. If calls wait,
 * threads fetch ahead; most=1 is the same cursor without them.
 *
 * Here each entry is added to the list when it comes, and nothing is sorted.
 */
#include "strategies/adaptive.h"

enum { PARAM_DEPTH, PARAM_MOST };

struct state {
	struct adaptive adaptive;
	struct sink *sink;
	int error; /* of add_failure */
};

static void add_failure(void *arg, unsigned worker, const struct flist_failure *failure)
{
	struct state *s = arg;
	const int error = sink_fail(s->sink, failure->path, strlen(failure->path), failure->error);
	(void)worker;
	if (error && !s->error)
		s->error = error;
}

static int add_entry(struct sink *sink, const struct flist_item *item)
{
	struct record *r = sink_add_next(sink, item->path, item->path_len, item->name);
	if (!r)
		return -ENOMEM;
	if (item->meta)
		record_meta(r, item->meta);
	else
		record_fail(r, -item->status);
	return 0;
}

static int run(struct worker *w)
{
	const struct cell *cell = w->cell;
	struct state *s = cell->state;
	adaptive_begin(&s->adaptive);
	s->sink = cell->sink;
	s->error = 0;
	const struct flist_cursor_options options = {
		.flags = cell->load->crosses_mounts ? 0 : (unsigned)FLIST_ONE_FILESYSTEM,
		.prefetch = (uint32_t)cell->params[PARAM_DEPTH],
		.threads = adaptive_threads(&s->adaptive, cell->params[PARAM_MOST]),
		.failed = add_failure,
		.arg = s,
		.cancel = cell->stop,
	};
	const struct flist_item *item;
	struct flist_cursor *cursor;
	int error =
		flist_cursor_walk(&cursor, cell->load->root_len ? cell->load->root : "/", &options);
	if (error)
		return error;
	while (!error && (item = flist_cursor_next(cursor)))
		error = add_entry(s->sink, item);
	if (!error)
		error = flist_cursor_error(cursor);
	flist_cursor_close(cursor);
	return error ? error : s->error;
}

static size_t decisions(const struct cell *cell, const struct decision **decisions)
{
	const struct state *s = cell->state;
	*decisions = s->adaptive.decisions;
	return s->adaptive.n_decisions;
}

STRATEGY(walk_prefetch) = {
	.name = "walk-prefetch",
	.summary = "libflist's cursor: every entry in order, fetched ahead by threads",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL | STRATEGY_SHARES_STATE | STRATEGY_MAKES_THREADS,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct state),
	.uncounted = "threads of libflist make them",
	.params = {{"depth", "entries to prefetch at most; 0: as many as needed", 0, 0, 1 << 20,
		    NULL},
		   {"most", "threads at most; 1: no prefetching", 128, 1, 1024, NULL}},
	.decisions = decisions,
	.run = run,
};
