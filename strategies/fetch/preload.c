/*
 * Starts threads for this one scan and ends them with it, as git's preload-index does: one for
 * every `batch` entries (500), up to `most` threads (20). Each fetches one part of the list by full
 * paths, and the caller waits. If there would be fewer than two threads, the caller does it all.
 * The cost of starting and ending threads is included in the pass, and so is the wait for the
 * slowest of them. If the caller is bound to a CPU, Linux would start all threads there, so they
 * are distributed over the CPUs that the process may use.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/strategy.h"

enum { PARAM_BATCH, PARAM_MOST, THREADS_MAX = 256 };

struct part {
	pthread_t thread;
	struct worker *worker; /* the caller's, only read; NULL: no thread */
	const uint32_t *entries;
	size_t n;
	char *path;
};

struct state {
	uint32_t *entries; /* in the order in which they are fetched */
	char *paths;       /* a buffer for one path in each thread */
	struct part parts[THREADS_MAX];
	pthread_attr_t attr;      /* of the next thread */
	cpu_set_t allowed;        /* CPUs that the process may use */
	bool is_bound;            /* the caller may use fewer CPUs */
	struct decision decision; /* number of threads in the last pass */
};

static int setup(struct cell *cell, struct err *err)
{
	struct state *s = cell->state;
	const size_t n = cell->load->n_entries ? cell->load->n_entries : 1;
	(void)err;
	/* The main thread of the process is the engine's own, and is not bound. */
	if (pthread_attr_init(&s->attr) ||
	    sched_getaffinity(getpid(), sizeof(s->allowed), &s->allowed))
		return -errno;
	s->entries = calloc(n, sizeof(*s->entries));
	s->paths = calloc((size_t)cell->params[PARAM_MOST], cell->load->path_size);
	return s->entries && s->paths ? 0 : -ENOMEM;
}

static int open_worker(struct worker *w)
{
	struct state *s = w->cell->state;
	cpu_set_t mine;
	const int ret = pthread_getaffinity_np(pthread_self(), sizeof(mine), &mine);
	s->is_bound = ret == 0 && !CPU_EQUAL(&mine, &s->allowed);
	return 0;
}

static void finish(struct cell *cell)
{
	struct state *s = cell->state;
	pthread_attr_destroy(&s->attr);
	free(s->entries);
	free(s->paths);
	s->entries = NULL;
	s->paths = NULL;
}

static size_t take_all(struct worker *w, uint32_t *entries)
{
	struct workload_span span;
	size_t n = 0;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			entries[n++] = i;
	}
	return n;
}

static void *ask(void *arg)
{
	const struct part *part = arg;
	const struct workload *load = part->worker->load;
	uint32_t dir = UINT32_MAX;
	size_t prefix = 0;
	struct stat st;
	for (size_t k = 0; k < part->n && !worker_stopped(part->worker); k++) {
		const uint32_t i = part->entries[k];
		const struct workload_entry *entry = &load->entries[i];
		struct record *record = &part->worker->records[i];
		if (entry->dir != dir)
			prefix = workload_prefix(load, dir = entry->dir, part->path);
		memcpy(part->path + prefix, workload_name(load, i), (size_t)entry->name_len + 1);
		if (lstat(part->path, &st))
			record_fail(record, errno);
		else
			record_stat(record, &st);
	}
	return NULL;
}

/* Binds the next thread to the next CPU, in turn. Returns that CPU. */
static size_t bind_next(struct state *s, size_t cpu)
{
	cpu_set_t one;
	do
		cpu = (cpu + 1) % CPU_SETSIZE;
	while (!CPU_ISSET(cpu, &s->allowed));
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	(void)pthread_attr_setaffinity_np(&s->attr, sizeof(one), &one);
	return cpu;
}

/* Fetches the parts in threads. The caller does those whose thread cannot be started. */
static void ask_in_threads(struct state *s, size_t threads)
{
	struct part *parts = s->parts;
	size_t cpu = CPU_SETSIZE - 1;
	for (size_t t = 0; t < threads; t++) {
		if (s->is_bound)
			cpu = bind_next(s, cpu);
		if (pthread_create(&parts[t].thread, &s->attr, ask, &parts[t])) {
			ask(&parts[t]);
			parts[t].worker = NULL;
		}
	}
	for (size_t t = 0; t < threads; t++) {
		if (parts[t].worker)
			pthread_join(parts[t].thread, NULL);
	}
}

static int run(struct worker *w)
{
	struct state *s = w->cell->state;
	const size_t n = take_all(w, s->entries), most = (size_t)w->cell->params[PARAM_MOST];
	size_t threads = n / (size_t)w->cell->params[PARAM_BATCH];
	threads = threads < 2 ? 1 : threads > most ? most : threads;
	const size_t each = (n + threads - 1) / threads;
	s->decision = (struct decision){.before = 1, .threads = (uint32_t)threads};
	for (size_t t = 0; t < threads; t++) {
		const size_t first = t * each < n ? t * each : n;
		s->parts[t] = (struct part){
			.worker = w,
			.entries = s->entries + first,
			.n = n - first < each ? n - first : each,
			.path = s->paths + t * w->load->path_size,
		};
	}
	if (threads == 1)
		ask(&s->parts[0]);
	else
		ask_in_threads(s, threads);
	return 0;
}

static size_t decisions(const struct cell *cell, const struct decision **decisions)
{
	const struct state *s = cell->state;
	*decisions = &s->decision;
	return s->decision.threads > 1;
}

STRATEGY(preload) = {
	.name = "preload",
	.summary = "lstat of full paths by threads made for the scan, as git's preload-index",
	.stage = STAGE_FETCH,
	.flags = STRATEGY_SEQUENTIAL | STRATEGY_SHARES_STATE | STRATEGY_MAKES_THREADS |
		 STRATEGY_ON_REQUEST,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.cell_size = sizeof(struct state),
	.uncounted = "threads that preload starts make them",
	.params = {{"batch", "entries per thread at least", 500, 1, 65536, NULL},
		   {"most", "threads at most", 20, 1, THREADS_MAX, NULL}},
	.setup = setup,
	.open = open_worker,
	.finish = finish,
	.decisions = decisions,
	.run = run,
};
