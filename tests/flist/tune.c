/* How many jobs pay, held against servers that are known. */
#include "strategies/flist/tune.h"

#include <stdio.h>

#include "engine/base/util.h"
#include "tests/test.h"

/* What answers: so many calls at once, each in so long; and the CPUs of the caller. */
struct server {
	double call_ns;  /* waiting, off the CPU */
	double cpu_ns;   /* of a call */
	unsigned width;  /* calls at a time; 0: any number */
	double start_ns; /* of threads: so long after a step the rate is half of that before it */
	unsigned cpus;
	bool is_busy;       /* what it waits for is a CPU, which others have */
	bool has_no_sleeps; /* the system does not count them: the clock stands for the number */
};

struct play {
	struct flist_tune tune;
	struct flist_tally tally;
	unsigned peak;
	unsigned before; /* number of jobs before the last step, */
	double step_at;  /* and when it was taken, ns */
};

enum { CPUS = 2, MOST = 128 };

static double rate_of(const struct server *s, unsigned jobs)
{
	double rate = jobs / (s->call_ns + s->cpu_ns);
	if (s->width && s->call_ns > 0)
		rate = MIN(rate, s->width / s->call_ns);
	return MIN(rate, MIN(jobs, s->cpus) / s->cpu_ns);
}

static double rate_now(const struct play *p, const struct server *s)
{
	const bool starts = s->start_ns > 0 && p->tune.jobs > p->before &&
			    (double)p->tally.now_ns < p->step_at + s->start_ns;
	return starts ? rate_of(s, p->before) / 2 : rate_of(s, p->tune.jobs);
}

static void play_begin(struct play *p)
{
	/* A program that has run for a while. */
	*p = (struct play){.tally = {.now_ns = 7000000000, .cpu_ns = 5000000000}};
	flist_tune_begin(&p->tune, MOST, CPUS, &p->tally);
}

/* Until so many calls have been answered; how long that took, ns. */
static double play(struct play *p, const struct server *s, uint64_t calls)
{
	const uint64_t end = p->tally.calls + calls, began = p->tally.now_ns;
	double done = (double)p->tally.calls, cpu = (double)p->tally.cpu_ns;
	double sleeps = (double)p->tally.sleeps;
	while (p->tally.calls < end) {
		const double tick = MAX(20000, s->call_ns / 2);
		const double more = rate_now(p, s) * tick;
		const unsigned before = p->tune.jobs;
		done += more;
		cpu += more * s->cpu_ns;
		sleeps += s->call_ns > 0 && !s->is_busy ? more : 0;
		p->tally.now_ns += (uint64_t)tick;
		p->tally.calls = (uint64_t)done;
		p->tally.cpu_ns = (uint64_t)cpu;
		p->tally.sleeps = s->has_no_sleeps ? p->tally.now_ns : (uint64_t)sleeps;
		if (p->tally.now_ns >= flist_tune_next(&p->tune) &&
		    flist_tune_is_due(&p->tune, p->tally.calls))
			flist_tune_update(&p->tune, &p->tally, false);
		p->peak = MAX(p->peak, p->tune.jobs);
		if (p->tune.jobs == before)
			continue;
		p->before = before;
		p->step_at = (double)p->tally.now_ns;
	}
	return (double)(p->tally.now_ns - began);
}

static void a_tree_of_a_hundred_entries_has_one_job(void **state)
{
	const struct server fast = {.cpu_ns = 1200, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &fast, 100);
	assert_int_equal(p.peak, 1);
}

static void fast_calls_get_the_cpus_and_no_more(void **state)
{
	const struct server fast = {.cpu_ns = 1200, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &fast, 20000);
	assert_int_equal(p.tune.jobs, CPUS);
	play(&p, &fast, 10000000);
	assert_int_equal(p.peak, CPUS);
}

/* More threads would get more of the CPUs, at the cost of whoever has them. */
static void a_busy_machine_gets_no_more_jobs_than_cpus(void **state)
{
	const struct server busy = {
		.call_ns = 200000, .cpu_ns = 1200, .cpus = CPUS, .is_busy = true};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &busy, 200000);
	assert_int_equal(p.peak, CPUS);
}

/* Within so many times what the best fixed number takes. */
static void assert_near_best(const struct server *s, uint64_t calls, double most)
{
	struct play p;
	double best = 0;
	for (unsigned jobs = 1; jobs <= MOST; jobs++)
		best = MAX(best, rate_of(s, jobs));
	play_begin(&p);
	const double took = play(&p, s, calls), ideal = (double)calls / best;
	if (took > most * ideal)
		printf("# call %.0f ns, width %u: %.2f times the best, %u jobs, %u at most\n",
		       s->call_ns, s->width, took / ideal, p.tune.jobs, p.peak);
	assert_true(took <= most * ideal);
}

static void waiting_calls_get_all_jobs(void **state)
{
	const struct server remote = {.call_ns = 1000000, .cpu_ns = 8000, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &remote, 5000);
	assert_int_equal(p.tune.jobs, MOST);
	assert_near_best(&remote, 20000, 1.10);
	assert_near_best(&remote, 5000, 1.35);
}

static void sleeps_need_not_be_counted(void **state)
{
	const struct server remote = {
		.call_ns = 1000000, .cpu_ns = 8000, .cpus = CPUS, .has_no_sleeps = true};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &remote, 1000);
	assert_int_equal(p.tune.jobs, MOST);
}

static void jobs_without_a_gain_are_taken_back(void **state)
{
	static const unsigned widths[] = {1, 2, 5, 8, 16, 30};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		const struct server narrow = {
			.call_ns = 500000, .cpu_ns = 5000, .width = widths[i], .cpus = CPUS};
		struct play p;
		play_begin(&p);
		play(&p, &narrow, 4000);
		/* A few for each CPU cost little. */
		assert_in_range(p.tune.jobs, MIN(widths[i], 16), MAX(2 * widths[i], 16));
		assert_near_best(&narrow, 4000, 1.3);
	}
}

/* Of a disk: some entries lie in blocks that have been read, others are waited for. */
static void entries_that_differ_do_not_take_jobs_back(void **state)
{
	struct server disk = {.cpu_ns = 8000, .width = 16, .cpus = CPUS};
	uint32_t random = 1;
	struct play p;
	(void)state;
	play_begin(&p);
	disk.call_ns = 150000;
	play(&p, &disk, 8);
	for (int i = 0; i < 200; i++) {
		assert_true(p.tune.jobs >= 16);
		random = random * 1664525 + 1013904223;
		disk.call_ns = i == 0 ? 4e6 : 40000 + (random >> 16) % 16 * 40000.0;
		play(&p, &disk, 60);
	}
}

/* Threads take longer to make than a few thousand calls that hardly wait. */
static void short_waits_get_few_jobs_and_long_waits_many(void **state)
{
	const struct server near = {.call_ns = 150000, .cpu_ns = 8000, .cpus = CPUS};
	const struct server far = {.call_ns = 3000000, .cpu_ns = 8000, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &near, 3000);
	assert_int_equal(p.peak, 16);
	play(&p, &near, 60000); /* in the end it is tried */
	assert_true(p.tune.jobs > 16);
	play_begin(&p);
	play(&p, &far, 1000);
	assert_int_equal(p.tune.jobs, MOST);
}

static void threads_that_are_starting_are_not_judged(void **state)
{
	const struct server near = {
		.call_ns = 200000, .cpu_ns = 8000, .width = 28, .cpus = CPUS, .start_ns = 1.9e6};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &near, 6000);
	assert_int_equal(p.tune.jobs, 32);
}

/* 32 jobs are 1.25 times as fast as 16, and 64 are as fast as 32. */
static void a_small_gain_is_not_followed_by_another_step_at_once(void **state)
{
	const struct server near = {.call_ns = 200000, .cpu_ns = 2000, .width = 20, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &near, 8000);
	assert_int_equal(p.tune.jobs, 32);
	assert_int_equal(p.peak, 32);
}

/* The last window before a step was a slow one, and more jobs are as fast as those before it. */
static void a_step_is_compared_with_all_windows_before_it(void **state)
{
	enum { WINDOW = 2000000, CALLS = 160 };
	const struct server near = {.call_ns = 200000, .cpu_ns = 2000, .cpus = CPUS};
	struct play p;
	int windows = 0;
	(void)state;
	play_begin(&p);
	play(&p, &near, 400);
	assert_int_equal(p.tune.jobs, 16);
	struct flist_tally *t = &p.tally;
	for (; p.tune.jobs == 16 && windows < 100; windows++) {
		const unsigned calls = p.tune.paused + 1 == p.tune.pause ? CALLS / 2 : CALLS;
		*t = (struct flist_tally){t->now_ns + WINDOW, t->calls + calls,
					  t->cpu_ns + WINDOW / 10, t->sleeps + calls};
		flist_tune_update(&p.tune, t, false);
	}
	assert_int_equal(p.tune.jobs, 32);
	for (windows = 0; windows < 2; windows++) {
		*t = (struct flist_tally){t->now_ns + WINDOW, t->calls + CALLS,
					  t->cpu_ns + WINDOW / 10, t->sleeps + CALLS};
		flist_tune_update(&p.tune, t, false);
	}
	assert_int_equal(p.tune.jobs, 16);
}

/* The first calls used the CPU, so the number doubles until it is that of a server that is near. */
static void small_steps_end_where_a_large_one_does(void **state)
{
	const struct server first = {.call_ns = 50000, .cpu_ns = 80000, .cpus = CPUS};
	const struct server near = {.call_ns = 150000, .cpu_ns = 8000, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &first, 4);
	assert_int_equal(p.tune.jobs, 2);
	play(&p, &near, 1200); /* until more are tried */
	assert_in_range(p.peak, 8, 16);
}

/* A root that is read from a disk, and all else from a cache; or a cache from some entry on. */
static void a_cache_behind_calls_that_wait_gets_the_cpus(void **state)
{
	static const uint64_t waiting[] = {8, 3000};
	const struct server near = {.call_ns = 150000, .cpu_ns = 8000, .cpus = CPUS};
	const struct server fast = {.cpu_ns = 1200, .cpus = CPUS};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
		struct play p;
		play_begin(&p);
		play(&p, &near, waiting[i]);
		assert_true(p.tune.jobs >= 16);
		play(&p, &fast, 50000);
		assert_int_equal(p.tune.jobs, CPUS);
	}
}

/* Deeper and deeper in a tree: each call takes longer than those before. */
static void slower_entries_are_not_attributed_to_more_jobs(void **state)
{
	struct server deeper = {.call_ns = 1000000, .cpu_ns = 8000, .cpus = CPUS};
	struct play p;
	double took = 0;
	(void)state;
	play_begin(&p);
	for (int i = 0; i < 60; i++) {
		took += play(&p, &deeper, 20);
		deeper.call_ns = MIN(deeper.call_ns * 1.6, 8000000);
	}
	assert_int_equal(p.tune.jobs, MOST);
	if (took > 295e6)
		printf("# %.0f ms\n", took / 1e6);
	assert_true(took <= 295e6); /* by the clock of the test: always the same */
}

static void a_change_of_latency_is_followed(void **state)
{
	const struct server fast = {.cpu_ns = 1200, .cpus = CPUS};
	const struct server remote = {.call_ns = 1000000, .cpu_ns = 8000, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &fast, 200000);
	assert_int_equal(p.tune.jobs, CPUS);
	play(&p, &remote, 200); /* fewer than until the number would be tried again anyway */
	assert_true(p.tune.jobs > CPUS);
	play(&p, &remote, 3000);
	assert_true(p.tune.jobs >= 64);
	play(&p, &fast, 20000);
	assert_int_equal(p.tune.jobs, CPUS);
}

/* From near to far, and to a disk that answers one call at a time, where more jobs only queue. */
static void few_jobs_notice_that_calls_take_longer(void **state)
{
	const struct server near = {.call_ns = 100000, .cpu_ns = 20000, .cpus = CPUS};
	const struct server far = {.call_ns = 2000000, .cpu_ns = 20000, .cpus = CPUS};
	const struct server disk = {.call_ns = 800000, .cpu_ns = 20000, .cpus = CPUS, .width = 1};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &near, 10000);
	assert_in_range(p.tune.jobs, 8, 16);
	play(&p, &far, 3000);
	assert_in_range(p.tune.jobs, 64, MOST);
	play_begin(&p);
	play(&p, &near, 10000);
	p.peak = 0;
	play(&p, &disk, 3000);
	assert_in_range(p.peak, 1, 32);
	assert_in_range(p.tune.jobs, 1, 16);
}

static void idle_jobs_are_not_measured(void **state)
{
	const struct flist_tally zero = {0};
	struct flist_tune tune;
	(void)state;
	flist_tune_begin(&tune, MOST, CPUS, &zero);
	for (uint64_t i = 1; i < 100; i++) {
		const struct flist_tally tally = {i * 1000000, i * 10, i * 1000, 0};
		assert_int_equal(flist_tune_update(&tune, &tally, true), 1);
	}
}

static void the_number_of_jobs_stays_below_its_limit(void **state)
{
	const struct server remote = {.call_ns = 1000000, .cpu_ns = 8000, .cpus = CPUS};
	struct play p;
	(void)state;
	play_begin(&p);
	play(&p, &remote, 20);
	flist_tune_limit(&p.tune, 7);
	play(&p, &remote, 5000);
	assert_true(p.tune.jobs <= 7);
	assert_true(p.tune.jobs >= 4);
}

/* One job waits once; then the calls of all jobs are fast, or slow, and keep the CPUs busy or not.
 */
static void fewer_jobs_than_cpus_may_be_enough(void **state)
{
	enum { WIDE = 8, WINDOWS = 300, WINDOW = 2000000 };
	uint32_t random = 1;
	(void)state;
	for (unsigned most = 1; most <= 3 * WIDE; most++) {
		struct flist_tally tally = {0};
		struct flist_tune tune;
		flist_tune_begin(&tune, most, WIDE, &tally);
		tally = (struct flist_tally){200000, 40, 80000, 2};
		for (int i = 0; i < WINDOWS; i++) {
			const unsigned jobs = flist_tune_update(&tune, &tally, false);
			assert_in_range(jobs, 1, most);
			random = random * 1664525 + 1013904223;
			const bool waits = i > WINDOWS / 2 && random >> 31;
			tally.now_ns += WINDOW;
			tally.calls += (waits ? 100 : 800) * jobs;
			tally.cpu_ns += (waits ? WINDOW / 10 : WINDOW / 10 * 8) * jobs;
			tally.sleeps += waits ? 100 * jobs : 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_of_a_hundred_entries_has_one_job),
		cmocka_unit_test(fast_calls_get_the_cpus_and_no_more),
		cmocka_unit_test(a_busy_machine_gets_no_more_jobs_than_cpus),
		cmocka_unit_test(waiting_calls_get_all_jobs),
		cmocka_unit_test(sleeps_need_not_be_counted),
		cmocka_unit_test(jobs_without_a_gain_are_taken_back),
		cmocka_unit_test(entries_that_differ_do_not_take_jobs_back),
		cmocka_unit_test(a_cache_behind_calls_that_wait_gets_the_cpus),
		cmocka_unit_test(short_waits_get_few_jobs_and_long_waits_many),
		cmocka_unit_test(threads_that_are_starting_are_not_judged),
		cmocka_unit_test(a_small_gain_is_not_followed_by_another_step_at_once),
		cmocka_unit_test(a_step_is_compared_with_all_windows_before_it),
		cmocka_unit_test(small_steps_end_where_a_large_one_does),
		cmocka_unit_test(slower_entries_are_not_attributed_to_more_jobs),
		cmocka_unit_test(a_change_of_latency_is_followed),
		cmocka_unit_test(few_jobs_notice_that_calls_take_longer),
		cmocka_unit_test(idle_jobs_are_not_measured),
		cmocka_unit_test(the_number_of_jobs_stays_below_its_limit),
		cmocka_unit_test(fewer_jobs_than_cpus_may_be_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
