#include "engine/measure/watch/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/host/host.h"

/* On all workers, wherever they like to run. */
static int on_workers(struct watch *w, void (*fn)(void *arg, unsigned index))
{
	int *cpus = malloc(w->jobs * sizeof(*cpus));
	if (!cpus)
		return -ENOMEM;
	memset(cpus, -1, w->jobs * sizeof(*cpus));
	int error = crew_run(w->crew, w->jobs, cpus, fn, w);
	free(cpus);
	return error;
}

static void open_one(void *arg, unsigned i)
{
	struct watch *w = arg;
	counters_open(&w->counters[i], counter_events);
}

static void close_one(void *arg, unsigned i)
{
	struct watch *w = arg;
	counters_close(&w->counters[i]);
}

/* One worker's counters stand for all: they are refused to a user or missing in a machine. */
static int note_unsupported(const struct watch *w, struct result *result)
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

static int open_counters(struct watch *w, struct result *result)
{
	struct counters *counters = calloc(w->jobs, sizeof(*counters));
	if (!counters)
		return -ENOMEM;
	w->counters = counters;
	int error = on_workers(w, open_one);
	return error ? error : note_unsupported(w, result);
}

/* The CPUs that workers are placed on, or with pin "none" may be. */
static int watch_steal(struct watch *w, const struct topology *topology, const char *pin,
		       struct err *err)
{
	const char *none = strcmp(pin, "none") == 0 ? "compact" : NULL;
	size_t n = none ? topology_allowed(topology) : w->jobs;
	int *cpus = calloc(n, sizeof(*cpus));
	int error = cpus ? topology_place(topology, none ? none : pin, n, cpus, err) : -ENOMEM;
	if (!error && steal_open(&w->steal, "/proc/stat", cpus, n))
		w->steal = NULL;
	w->cpu = none || error ? -1 : cpus[0];
	free(cpus);
	return error;
}

int watch_open(struct watch *w, struct crew *crew, unsigned jobs, const struct topology *topology,
	       const char *pin, struct result *result, struct err *err)
{
	*w = (struct watch){.crew = crew, .jobs = jobs};
	int error = open_counters(w, result);
	return error ? error : watch_steal(w, topology, pin, err);
}

static void look_speed(void *arg, unsigned i)
{
	struct watch *w = arg;
	(void)i;
	w->step_ps = host_step_ps();
}

/* At the end of each unit: where passes ran, how fast is the CPU? */
int watch_round(struct watch *w, struct result *result, uint32_t round, uint64_t wall_ns)
{
	struct run_facts *run = &result->run;
	int error = w->steal ? steal_round(w->steal, result, round, wall_ns) : 0;
	if (error || !run->n_units || !steal_is_full(&run->units[run->n_units - 1]))
		return error;
	error = crew_run(w->crew, 1, &w->cpu, look_speed, w);
	run->units[run->n_units - 1].step_ps = w->step_ps;
	return error;
}

void watch_close(struct watch *w)
{
	if (w->counters)
		on_workers(w, close_one);
	free(w->counters);
	steal_close(w->steal);
	*w = (struct watch){0};
}
