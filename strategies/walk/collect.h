/*
 * A walk by libflist's collect. Making the list is timed; passing its entries to the engine is not.
 */
#ifndef STRATEGIES_WALK_COLLECT_H
#define STRATEGIES_WALK_COLLECT_H

#include "strategies/xattrs.h"

struct collected {
	struct flist_list *list; /* of the last pass; NULL: none */
};

/* Frees the list: before the next pass and at the end, so that there is only one at a time. */
static inline void collect_forget(const struct cell *cell)
{
	struct collected *collected = cell->state;
	flist_list_free(collected->list);
	collected->list = NULL;
}

static inline int collect_prepare(struct cell *cell)
{
	collect_forget(cell);
	return 0;
}

static inline void collect_finish(struct cell *cell)
{
	collect_forget(cell);
}

/* Parameters for order and descent, which come after XATTRS_PARAM in each strategy with them. */
#define COLLECT_PARAMS                                                                             \
	{"order", "order in which entries of a directory are fetched", 0, 0, 1, collect_orders},   \
	{                                                                                          \
		"descent", "depth first or breadth first", 0, 0, 1, collect_descents               \
	}

/* The first one is in all strategies that walk by collect. */
enum { COLLECT_XATTRS, COLLECT_ORDER, COLLECT_DESCENT, COLLECT_N_PARAMS };

static const char *const collect_orders[] = {"name", "inode", NULL};
static const char *const collect_descents[] = {"depth", "breadth", NULL};

static inline uint64_t collect_order(const int64_t *params)
{
	return (params[COLLECT_ORDER] ? (uint64_t)FLIST_BY_INODE : 0) |
	       (params[COLLECT_DESCENT] ? (uint64_t)FLIST_BREADTH : 0);
}

static inline enum xattr_choice collect_xattrs(const struct cell *cell)
{
	return (enum xattr_choice)cell->params[COLLECT_XATTRS];
}

static inline int collect_setup(struct cell *cell, struct err *err)
{
	return xattrs_setup(cell, collect_xattrs(cell), err);
}

static inline int collect_with(struct worker *w, const struct flist_threads *threads,
			       unsigned flags, uint64_t order)
{
	struct cell *cell = w->cell;
	struct collected *collected = cell->state;
	const struct flist_collect_options options = {
		.flags = flags | (cell->load->crosses_mounts ? 0 : (unsigned)FLIST_ONE_FILESYSTEM),
		.threads = *threads,
		.cancel = cell->stop,
		.extra = xattrs_extra(collect_xattrs(cell)),
		.order = order,
	};
	return flist_collect(&collected->list, cell->load->root_len ? cell->load->root : "/",
			     &options);
}

static inline int collect_by_pool(struct worker *w, unsigned flags, uint64_t order)
{
	const struct cell *cell = w->cell;
	const struct flist_threads threads = {
		.jobs = cell->jobs, .run = cell->run_pool, .arg = cell->pool};
	return collect_with(w, &threads, flags, order);
}

static inline int collect_deliver_entries(struct flist_cursor *cursor, enum xattr_choice xattrs,
					  struct sink *sink)
{
	const struct flist_item *item;
	while ((item = flist_cursor_next(cursor))) {
		struct record *r = sink_add_next(sink, item->path, item->path_len, item->name);
		if (!r)
			return -ENOMEM;
		if (!item->meta)
			record_fail(r, -item->status);
		else if (item->extra)
			record_extra(r, item->meta, item->extra, xattrs);
		else
			record_meta(r, item->meta);
	}
	return 0;
}

/*
 * Adds the failures. A directory that cannot be opened or read is an entry as well. An entry whose
 * metadata could not be fetched is not in the list, so it is added here and the result sorted
 * again: a name that was listed is an entry, even if the fetch failed with ENOENT. An entry whose
 * attributes could not be fetched is in the list.
 */
static inline int collect_deliver_failures(const struct flist_list *list, struct sink *sink)
{
	size_t n, unasked = 0;
	int error = 0;
	const struct flist_failure *failures = flist_list_failures(list, &n);
	for (size_t i = 0; i < n && !error; i++) {
		const struct flist_failure *f = &failures[i];
		const size_t len = strlen(f->path);
		struct record *r = NULL;
		if (f->step == FLIST_STEP_EXTRA)
			continue;
		if (f->step != FLIST_STEP_STAT)
			error = sink_fail(sink, f->path, len, f->error);
		else if (!(r = sink_add(sink, f->path, len)))
			error = -ENOMEM;
		if (r)
			record_fail(r, f->error);
		unasked += r != NULL;
	}
	if (unasked)
		sink_sort(sink);
	return error;
}

static inline int collect_deliver(struct cell *cell, struct sink *sink)
{
	const struct collected *collected = cell->state;
	struct flist_cursor *cursor;
	if (!collected->list)
		return 0; /* the pass has failed and has reported why */
	int error = flist_cursor_open(&cursor, collected->list);
	if (error)
		return error;
	error = collect_deliver_entries(cursor, collect_xattrs(cell), sink);
	flist_cursor_close(cursor);
	return error ? error : collect_deliver_failures(collected->list, sink);
}

#endif
