/*
 * lstat, made slower by a known share, to test whether the harness detects it: for `more` per cent
 * of the entries, evenly distributed, another entry is fetched in addition. With more=0 the same
 * code makes no additional calls; that is the cell to compare with.
 *
 * The cost depends on which other entry is fetched. The same entry again comes from the CPU caches
 * and costs two thirds of a call; one half a large tree away costs one and a half. One some hundred
 * entries ahead, which is then itself a little faster in its turn, costs about as much as an entry
 * does.
 */
#include <errno.h>

#include "engine/strategy.h"

enum { PARAM_MORE, WHOLE = 100, AHEAD = 350 };

struct state {
	struct record aside; /* for the additional result: that entry's own record belongs to
				another worker or a later turn */
};

static void ask(const char *path, struct record *r)
{
	struct stat st;
	if (lstat(path, &st))
		record_fail(r, errno);
	else
		record_stat(r, &st);
}

static void ask_ahead(struct worker *w, uint32_t entry)
{
	struct state *state = w->state;
	uint32_t n = w->load->n_entries, ahead = n / 2 < AHEAD ? n / 2 : AHEAD;
	ask(workload_path(w->load, (uint32_t)(((uint64_t)entry + ahead) % n), w->path),
	    &state->aside);
	worker_count(w, SYSCALL_newfstatat, 1);
}

static int run(struct worker *w)
{
	const uint32_t more = (uint32_t)w->cell->params[PARAM_MORE];
	uint32_t due = 0;
	struct workload_span span;
	while (worker_take(w, &span)) {
		size_t prefix = path_enter(w, span.dir);
		for (uint32_t i = span.first; i < span.end && !worker_stopped(w); i++) {
			ask(path_of(w, prefix, i), &w->records[i]);
			due += more;
			if (due < WHOLE)
				continue;
			due -= WHOLE;
			ask_ahead(w, i);
			path_enter(w, span.dir);
		}
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

STRATEGY(lstat_more) = {
	.name = "lstat-more",
	.summary = "lstat, and additional calls",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_SELFTEST,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.worker_size = sizeof(struct state),
	.params = {{"more", "additional calls, per cent", 0, 0, WHOLE, NULL}},
	.run = run,
};
