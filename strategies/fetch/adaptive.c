/*
 * Calls libflist's parallel fetch as programs do: with an array of full paths and no number of
 * threads. The library begins with one thread. From the duration of the calls it chooses the number
 * of threads, and whether to open the directory of neighbouring paths.
 *
 * Its threads are started and ended within the pass, and so that cost is included. The paths are
 * composed before the pass, since a program that fetches many has them already. The calling thread
 * alone copies the results to the engine's records.
 */
#include "strategies/adaptive.h"

#include <stdlib.h>

enum { PARAM_MOST };

struct state {
	struct adaptive adaptive;
	char *texts;        /* of the paths */
	const char **paths; /* by entry */
	uint32_t *entries;  /* in the order in which they are fetched */
	struct flist_where *wheres;
	struct flist_meta *metas;
	int *statuses;
};

static void forget(struct state *s)
{
	free(s->texts);
	free(s->paths);
	free(s->entries);
	free(s->wheres);
	free(s->metas);
	free(s->statuses);
	s->texts = NULL;
	s->paths = NULL;
	s->entries = NULL;
	s->wheres = NULL;
	s->metas = NULL;
	s->statuses = NULL;
}

static size_t path_size(const struct workload *load, uint32_t entry)
{
	const struct workload_entry *e = &load->entries[entry];
	return workload_prefix_len(load, e->dir) + e->name_len + 1;
}

static int make_room(struct state *s, const struct workload *load)
{
	const size_t n = load->n_entries ? load->n_entries : 1;
	size_t bytes = 1;
	for (uint32_t i = 0; i < load->n_entries; i++)
		bytes += path_size(load, i);
	s->texts = malloc(bytes);
	s->paths = calloc(n, sizeof(*s->paths));
	s->entries = calloc(n, sizeof(*s->entries));
	s->wheres = calloc(n, sizeof(*s->wheres));
	s->metas = calloc(n, sizeof(*s->metas));
	s->statuses = calloc(n, sizeof(*s->statuses));
	if (s->texts && s->paths && s->entries && s->wheres && s->metas && s->statuses)
		return 0;
	forget(s);
	return -ENOMEM;
}

static void write_paths(struct state *s, const struct workload *load)
{
	char *text = s->texts;
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		const struct workload_dir *dir = &load->dirs[d];
		for (uint32_t i = dir->first; i < dir->first + dir->count; i++) {
			const size_t prefix = workload_prefix(load, d, text);
			const size_t size = (size_t)load->entries[i].name_len + 1;
			memcpy(text + prefix, workload_name(load, i), size);
			s->paths[i] = text;
			text += prefix + size;
		}
	}
}

/*
 * Composes the paths again, since the entries may be in another order, or the tree may have been
 * read again.
 */
static int prepare(struct cell *cell)
{
	struct state *s = cell->state;
	forget(s);
	const int error = make_room(s, cell->load);
	if (!error)
		write_paths(s, cell->load);
	return error;
}

static void finish(struct cell *cell)
{
	forget(cell->state);
}

static size_t take_all(struct worker *w, struct state *s)
{
	struct workload_span span;
	size_t n = 0;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++, n++) {
			s->entries[n] = i;
			s->wheres[n] = (struct flist_where){.name = s->paths[i]};
		}
	}
	return n;
}

/* Copies the results. Entries that were not reached before the pass was stopped get no record. */
static void record_all(struct worker *w, const struct state *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record *r = &w->records[s->entries[i]];
		if (!s->statuses[i])
			record_meta(r, &s->metas[i]);
		else if (s->statuses[i] != -ECANCELED)
			record_fail(r, -s->statuses[i]);
	}
}

static int run(struct worker *w)
{
	struct state *s = w->cell->state;
	adaptive_begin(&s->adaptive);
	const struct flist_many_options options = {
		.threads = adaptive_threads(&s->adaptive, w->cell->params[PARAM_MOST]),
		.cancel = w->cell->stop,
	};
	const size_t n = take_all(w, s);
	const int error = flist_stat_many(s->wheres, n, &options, s->metas, s->statuses);
	if (!error || error == -ECANCELED)
		record_all(w, s, n);
	return error == -ECANCELED ? 0 : error;
}

static size_t decisions(const struct cell *cell, const struct decision **decisions)
{
	const struct state *s = cell->state;
	*decisions = s->adaptive.decisions;
	return s->adaptive.n_decisions;
}

STRATEGY(adaptive) = {
	.name = "adaptive",
	.summary = "libflist's parallel fetch of full paths, choosing the number of threads",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_SEQUENTIAL | STRATEGY_SHARES_STATE | STRATEGY_MAKES_THREADS,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.cell_size = sizeof(struct state),
	.uncounted = "threads of libflist make them",
	.params = {{"most", "threads at most", 128, 1, 1024, NULL}},
	.prepare = prepare,
	.finish = finish,
	.decisions = decisions,
	.run = run,
};
