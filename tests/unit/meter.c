/*
 * Which passes the machine disturbed, and how: a pass is judged by what the kernel counted, which
 * is scripted here, and never by its duration.
 */
#include "engine/measure/pass/meter.h"

#include <sched.h>

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/scripted_usage.h"
#include "tests/unit/with_run.h"

/* What a strategy that chooses the number of its threads did. */
static uint32_t threads_first, threads_then;

static size_t decide(const struct cell *cell, const struct decision **decisions)
{
	static struct decision all[2];
	(void)cell;
	all[0].threads = threads_first;
	all[1].threads = threads_then;
	*decisions = all;
	return threads_first ? ARRAY_LEN(all) : 0;
}

/* The worker with this index leaves its CPU, or keeps to it; -1: none leaves. */
static int leaving = -1;

static int maybe_leave(struct worker *w)
{
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &cpus);
	if ((int)w->index == leaving)
		assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	return driven_skip(w);
}

static const struct strategy moving = {
	.name = "moving",
	.flags = STRATEGY_FLOOR,
	.answer = {.addressing = ADDRESS_NONE},
	.prepare = driven_prepare,
	.run = maybe_leave,
	.decisions = decide,
};

static struct step the_step;

static struct step play_it(unsigned cell, unsigned pass)
{
	(void)cell, (void)pass;
	return the_step;
}

/* One pass of a cell with that many jobs; cpus NULL: not pinned. */
static struct pass pass_of(const struct fixture *f, unsigned jobs, const int *cpus)
{
	enum { JOBS = 2 };
	static const int anywhere[JOBS] = {-1, -1};
	static const int64_t params[PARAMS_MAX];
	static struct record records[ENTRIES];
	struct pass pass;
	struct crew *crew;
	struct meter *meter;
	assert_true(jobs <= JOBS);
	assert_int_equal(crew_new(&crew, jobs, f->topology, NULL), 0);
	const struct meter_request request = {
		.strategy = &moving,
		.params = params,
		.jobs = jobs,
		.cpus = cpus ? cpus : anywhere,
		.load = f->load,
		.records = records,
		.crew = crew,
		.topology = f->topology,
	};
	driven.script = play_it;
	assert_int_equal(meter_open(&meter, &request, NULL), 0);
	assert_int_equal(meter_pass(meter, &pass, NULL), 0);
	meter_close(meter);
	crew_free(crew);
	assert_int_equal(pass.clean, !pass.why);
	return pass;
}

static int set_up(void **state)
{
	leaving = -1;
	threads_first = threads_then = 0;
	return driven_set_up(state);
}

/* The first CPUs that this process may use; how many there are of them, at most n. */
static unsigned first_cpus(int *cpus, unsigned n)
{
	cpu_set_t mine;
	unsigned found = 0;
	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	for (size_t cpu = 0; cpu < CPU_SETSIZE && found < n; cpu++) {
		if (CPU_ISSET(cpu, &mine))
			cpus[found++] = (int)cpu;
	}
	return found;
}

/* From now on this process has one CPU. */
static void keep_one_cpu(struct fixture *f, cpu_set_t *before)
{
	cpu_set_t one;
	int cpu;
	assert_int_equal(sched_getaffinity(0, sizeof(*before), before), 0);
	first_cpus(&cpu, 1);
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	topology_close(f->topology);
	assert_int_equal(topology_open(&f->topology, NULL, NULL), 0);
	assert_int_equal(topology_allowed(f->topology), 1);
}

/* With one CPU: two jobs, or two threads, are more than there are CPUs. */
static void a_pass_is_judged_by_what_was_counted(void **state)
{
	enum { WALL = 20000, LEAST = WALL / 20 };
	static const struct {
		struct step step;
		unsigned jobs;
		uint32_t first, then; /* threads that the strategy decided for */
		enum cause why;
	} rows[] = {
		{{.run_delay_ns = 0}, 1, 0, 0, CAUSE_NONE},
		{{.run_delay_ns = LEAST}, 1, 0, 0, CAUSE_NONE},
		{{.run_delay_ns = LEAST + 1}, 1, 0, 0, CAUSE_DELAYED},
		{{.run_delay_ns = COUNT_UNKNOWN}, 1, 0, 0, CAUSE_NONE},
		/* Waiting is part of the cell. */
		{{.run_delay_ns = WALL}, 2, 0, 0, CAUSE_NONE},
		{{.run_delay_ns = WALL, .io_workers = 1}, 1, 0, 0, CAUSE_NONE},
		{{.run_delay_ns = WALL}, 1, 1, 1, CAUSE_DELAYED},
		{{.run_delay_ns = WALL}, 1, 2, 1, CAUSE_NONE},
		{{.run_delay_ns = WALL}, 1, 1, 2, CAUSE_NONE},
		/* Faults are a disturbance in every cell, and named first. */
		{{.major_faults = 1}, 1, 0, 0, CAUSE_MAJOR_FAULTS},
		{{.major_faults = 1}, 2, 0, 0, CAUSE_MAJOR_FAULTS},
		{{.major_faults = 1, .io_workers = 1}, 1, 2, 2, CAUSE_MAJOR_FAULTS},
		{{.major_faults = 1, .run_delay_ns = WALL}, 1, 0, 0, CAUSE_MAJOR_FAULTS},
		/* What is read says nothing before the cache state is known. */
		{{.block_reads = 8}, 1, 0, 0, CAUSE_NONE},
	};
	struct fixture *f = *state;
	cpu_set_t before;
	keep_one_cpu(f, &before);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		the_step = rows[i].step;
		the_step.takes_ns = WALL;
		threads_first = rows[i].first;
		threads_then = rows[i].then;
		const struct pass pass = pass_of(f, rows[i].jobs, NULL);
		if (pass.why != rows[i].why)
			fail_msg("row %zu: %s", i, cause_words(pass.why));
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
}

static void a_worker_that_leaves_its_cpu_is_misplaced(void **state)
{
	struct fixture *f = *state;
	int cpus[2];
	if (first_cpus(cpus, 2) < 2)
		skip_because("needs two CPUs");
	the_step = (struct step){.takes_ns = 1000};
	assert_int_equal(pass_of(f, 2, cpus).why, CAUSE_NONE);
	for (leaving = 0; leaving < 2; leaving++)
		assert_int_equal(pass_of(f, 2, cpus).why, CAUSE_MISPLACED);
	/* This is named before anything else. */
	the_step = (struct step){.takes_ns = 1000, .major_faults = 1, .run_delay_ns = 1000};
	leaving = 1;
	assert_int_equal(pass_of(f, 2, cpus).why, CAUSE_MISPLACED);
}

/* It has no CPU of its own. */
static void a_worker_without_a_cpu_is_never_misplaced(void **state)
{
	struct fixture *f = *state;
	the_step = (struct step){.takes_ns = 1000};
	leaving = 0;
	assert_int_equal(pass_of(f, 1, NULL).why, CAUSE_NONE);
}

#define SCRIPTED(name) cmocka_unit_test_setup_teardown(name, set_up, driven_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRIPTED(a_pass_is_judged_by_what_was_counted),
		SCRIPTED(a_worker_that_leaves_its_cpu_is_misplaced),
		SCRIPTED(a_worker_without_a_cpu_is_never_misplaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
