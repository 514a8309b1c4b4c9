#include "engine/measure/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/measure/steal.h"

struct watch {
	struct crew *crew;
	struct steal *steal; /* NULL: /proc/stat does not tell */
	unsigned jobs;
	int *cpus; /* one per worker */
	struct counters counters[];
};

/* All workers, wherever they like to run: for work outside passes. */
static int on_workers(struct watch *w, void (*fn)(void *arg, unsigned index))
{
	memset(w->cpus, -1, w->jobs * sizeof(*w->cpus));
	return crew_run(w->crew, w->jobs, w->cpus, fn, w);
}

static void open_counters(void *arg, unsigned i)
{
	struct watch *w = arg;
	counters_open(&w->counters[i], counter_events);
}

static void close_counters(void *arg, unsigned i)
{
	struct watch *w = arg;
	counters_close(&w->counters[i]);
}

/* For the counters that are missing the reason. */
static int note_missing(const struct watch *w, struct result *result)
{
	struct run_facts *facts = &result->run;
	facts->unsupported = arena_alloc(result->arena, COUNTERS * sizeof(*facts->unsupported));
	for (enum counter i = 0; i < COUNTERS && facts->unsupported; i++) {
		const char *why = counters_why(&w->counters[0], i, result->arena);
		if (why)
			facts->unsupported[facts->n_unsupported++] =
				(struct named_text){counter_name(i), why};
	}
	return facts->unsupported ? 0 : -ENOMEM;
}

/* The CPUs that workers are placed on, or may be. */
static int watch_steal(struct watch *w, const struct topology *topology, const char *pin,
		       struct err *err)
{
	bool anywhere = strcmp(pin, "none") == 0;
	size_t n = anywhere ? topology_allowed(topology) : w->jobs;
	int *cpus = calloc(n, sizeof(*cpus));
	int error =
		cpus ? topology_place(topology, anywhere ? "compact" : pin, n, cpus, err) : -ENOMEM;
	if (!error && steal_open(&w->steal, "/proc/stat", cpus, n))
		w->steal = NULL;
	free(cpus);
	return error;
}

int watch_open(struct watch **out, struct crew *crew, unsigned jobs,
	       const struct topology *topology, const char *pin, struct result *result,
	       struct err *err)
{
	struct watch *w = calloc(1, sizeof(*w) + jobs * sizeof(w->counters[0]));
	if (!w || !(w->cpus = calloc(jobs, sizeof(*w->cpus)))) {
		free(w);
		return -ENOMEM;
	}
	w->crew = crew;
	w->jobs = jobs;
	int error = on_workers(w, open_counters);
	if (!error)
		error = note_missing(w, result);
	if (!error)
		error = watch_steal(w, topology, pin, err);
	if (error) {
		watch_close(w);
		w = NULL;
	}
	*out = w;
	return error;
}

void watch_close(struct watch *w)
{
	if (!w)
		return;
	on_workers(w, close_counters);
	steal_close(w->steal);
	free(w->cpus);
	free(w);
}

struct counters *watch_counters(struct watch *w)
{
	return w->counters;
}

int watch_round(struct watch *w, struct result *result, uint32_t round, uint64_t wall_ns)
{
	return w->steal ? steal_round(w->steal, result, round, wall_ns) : 0;
}
