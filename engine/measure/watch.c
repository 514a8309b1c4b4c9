#include "engine/measure/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/host/host.h"

/* A twentieth of a second is five ticks, so that one tick more or less does not matter. */
#define UNIT_NS NS_PER_SECOND
enum { STEAL_SHARE = 20 };

struct steal {
	const char *path;
	uint64_t tick_ns;
	bool begins; /* the next round begins a period */
	size_t n;
	struct {
		int cpu;
		uint64_t ticks; /* stolen ticks at the last reading */
	} cpus[];
};

/*
 * Reads "cpu3 user nice system idle iowait irq softirq steal ...", proc_stat(5), in ticks. *most:
 * the largest increase.
 */
static int read_stolen(struct steal *s, uint64_t *most)
{
	char line[512];
	bool found = false;
	FILE *file = fopen(s->path, "re");
	if (!file)
		return -errno;
	*most = 0;
	while (fgets(line, sizeof(line), file)) {
		int cpu;
		unsigned long long ticks;
		if (sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %*u %llu", &cpu, &ticks) != 2)
			continue;
		for (size_t i = 0; i < s->n; i++) {
			if (s->cpus[i].cpu != cpu)
				continue;
			/* On some hypervisors the count of stolen ticks can decrease. */
			*most = MAX(*most, ticks - MIN(ticks, s->cpus[i].ticks));
			s->cpus[i].ticks = ticks;
			found = true;
		}
	}
	fclose(file);
	return found ? 0 : -ENODATA;
}

int steal_open(struct steal **out, const char *path, const int *cpus, size_t n)
{
	uint64_t most;
	struct steal *s = calloc(1, sizeof(*s) + n * sizeof(s->cpus[0]));
	if (!s)
		return -ENOMEM;
	s->path = path;
	s->tick_ns = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	s->n = n;
	for (size_t i = 0; i < n; i++)
		s->cpus[i].cpu = cpus[i];
	int error = read_stolen(s, &most);
	if (error) {
		free(s);
		return error;
	}
	*out = s;
	return 0;
}

void steal_close(struct steal *s)
{
	free(s);
}

void steal_begin(struct steal *s)
{
	uint64_t most;
	read_stolen(s, &most);
	s->begins = true;
}

static void disturb(struct result *result, const struct steal_period *period)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		struct cell_result *cell = &result->cells[i];
		for (size_t p = cell->n_passes; p > 0; p--) {
			struct pass *pass = &cell->passes[p - 1];
			if (pass->round < period->first_round)
				break;
			if (pass->clean)
				pass->why = CAUSE_STOLEN;
			pass->clean = false;
		}
	}
}

/* Whether a period is complete, so that the next round begins another one. */
static bool steal_is_full(const struct steal_period *period)
{
	return period->wall_ns >= UNIT_NS;
}

/* The last period if it is incomplete and these rounds began it, otherwise a new one. */
static struct steal_period *period_at_hand(struct steal *s, struct run_facts *run, uint32_t round)
{
	struct steal_period *last = run->n_units ? &run->units[run->n_units - 1] : NULL;
	if (last && !steal_is_full(last) && !s->begins)
		return last;
	if (array_grow(&run->units, &run->room_units, run->n_units + 1, sizeof(*run->units)))
		return NULL;
	s->begins = false;
	last = &run->units[run->n_units++];
	*last = (struct steal_period){.first_round = round};
	return last;
}

int steal_round(struct steal *s, struct result *result, uint32_t round, uint64_t wall_ns)
{
	struct steal_period *period = period_at_hand(s, &result->run, round);
	uint64_t most = 0;
	if (!period)
		return -ENOMEM;
	period->rounds++;
	period->wall_ns += wall_ns;
	if (!steal_is_full(period) || read_stolen(s, &most))
		return 0;
	period->steal_ns = most * s->tick_ns;
	if (period->steal_ns > period->wall_ns / STEAL_SHARE)
		disturb(result, period);
	return 0;
}

/* Runs fn on all workers, on any CPU. */
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

/*
 * Taken from the first worker: counters are refused to a user or missing in a machine, so it is the
 * same for all.
 */
static int store_unsupported(const struct watch *w, struct result *result)
{
	struct run_facts *facts = &result->run;
	facts->n_unsupported = 0;
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
	return error ? error : store_unsupported(w, result);
}

/* Watches the CPUs that workers are placed on, or, with pin "none", all that they may use. */
static int watch_steal(struct watch *w, const struct topology *topology, const struct pin *pin,
		       struct err *err)
{
	const struct pin *none = pin->policy == PIN_NONE ? pin_of(PIN_COMPACT) : NULL;
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
	       const struct pin *pin, struct result *result, struct err *err)
{
	*w = (struct watch){.crew = crew, .jobs = jobs};
	int error = open_counters(w, result);
	return error ? error : watch_steal(w, topology, pin, err);
}

void watch_begin(struct watch *w)
{
	if (w->steal)
		steal_begin(w->steal);
}

static void measure_speed(void *arg, unsigned i)
{
	struct watch *w = arg;
	(void)i;
	w->step_ps = host_step_ps();
}

/* At the end of each period the speed of the CPU on which the first worker runs is measured. */
int watch_round(struct watch *w, struct result *result, uint32_t round, uint64_t wall_ns)
{
	struct run_facts *run = &result->run;
	int error = w->steal ? steal_round(w->steal, result, round, wall_ns) : 0;
	if (error || !run->n_units || !steal_is_full(&run->units[run->n_units - 1]))
		return error;
	error = crew_run(w->crew, 1, &w->cpu, measure_speed, w);
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
