/*
 * Calls lstat with full paths through libflist's shared cache, to measure what a cache costs a
 * program, and what it saves when the program fetches entries again. The cache is empty when a pass
 * begins. So with repeat=1 there are no hits, and the cell shows the cost alone. With repeat=N the
 * entries of a span are fetched N times before the next span, and (N-1)/N of the lookups hit. The
 * time per entry is then that of all N lookups.
 */
#include <errno.h>

#include "strategies/meta.h"

enum { PARAM_REPEAT };

struct state {
	struct flist_cache *cache;
};

static struct flist_cache *cache_of(const struct cell *cell)
{
	return ((const struct state *)cell->state)->cache;
}

static int setup(struct cell *cell, struct err *err)
{
	struct state *state = cell->state;
	int ret = flist_cache_new(&state->cache, NULL);
	return ret ? err_errno(err, ret, "cache") : 0;
}

static int prepare(struct cell *cell)
{
	flist_cache_clear(cache_of(cell));
	return 0;
}

static void finish(struct cell *cell)
{
	flist_cache_free(cache_of(cell));
}

/* Fetches one entry. 0 or -ENOMEM; any other error is the result of the entry. */
static int ask(struct flist_cache *cache, const char *path, struct record *r)
{
	const struct flist_meta *meta;
	int ret = flist_cache_get(cache, path, 0, &meta);
	if (ret == -ENOMEM)
		return ret;
	if (ret) {
		record_fail(r, -ret);
		return 0;
	}
	record_meta(r, meta);
	flist_meta_unref(meta);
	return 0;
}

/*
 * Fetches the entries of a span once. The cache and the records are empty when a pass begins, no
 * other worker fetches these entries, and the cache does not keep errors. So a lookup makes a
 * system call exactly if the record has no metadata yet.
 */
static int ask_span(struct worker *w, const struct workload_span *span)
{
	struct flist_cache *cache = cache_of(w->cell);
	size_t prefix = path_enter(w, span->dir);
	uint64_t calls = 0;
	int ret = 0;
	for (uint32_t i = span->first; i < span->end && !ret && !worker_stopped(w); i++) {
		calls += w->records[i].status != 0;
		ret = ask(cache, path_of(w, prefix, i), &w->records[i]);
	}
	worker_count(w, SYSCALL_newfstatat, calls);
	return ret;
}

static int run(struct worker *w)
{
	struct workload_span span;
	int ret = 0;
	while (!ret && worker_take(w, &span))
		for (int64_t n = w->cell->params[PARAM_REPEAT]; n > 0 && !ret; n--)
			ret = ask_span(w, &span);
	return ret;
}

static unsigned extras(const struct cell *cell, struct extra extras[EXTRAS_MAX])
{
	uint64_t hits = flist_cache_hits(cache_of(cell));
	uint64_t misses = flist_cache_misses(cache_of(cell));
	extras[0] = (struct extra){
		.name = "hit_rate",
		.unit = "lookups",
		.higher_is_better = true,
		.part = hits,
		.whole = hits + misses,
	};
	return 1;
}

STRATEGY(cached) = {
	.name = "cached",
	.summary = "lstat of full paths through one shared, deduplicating cache",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_SHARES_STATE,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.cell_size = sizeof(struct state),
	.params = {{"repeat", "how many times each entry is fetched", 1, 1, 64, NULL}},
	.setup = setup,
	.prepare = prepare,
	.finish = finish,
	.extras = extras,
	.run = run,
};
