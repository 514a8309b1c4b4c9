/*
 * flist_collect that finds out how many threads pay: what comes out is what one thread finds,
 * whatever was decided, and whatever thread cannot be made. The sources are compiled into this test
 * with a clock of its own, so nothing here has to be slow, and with threads that can be refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

#include "tests/flist/with_waiting.h"

static _Atomic long creations = -1; /* that go well; -1: all */

static bool is_refused(void)
{
	return atomic_load(&creations) >= 0 && atomic_fetch_sub(&creations, 1) <= 0;
}

#define pthread_create(thread, attr, start, arg)                                                   \
	(is_refused() ? EAGAIN : pthread_create(thread, attr, start, arg))

#include "strategies/flist/adapt.c"
#include "strategies/flist/collect/collect.c"
#include "strategies/flist/collect/dirstack.c"
#include "strategies/flist/collect/entry.c"
#include "strategies/flist/collect/share.c"
#include "strategies/flist/collect/walk.c"
#include "strategies/flist/collect/walkers.c"
#include "strategies/flist/names/names.c"
#include "strategies/flist/names/reader.c"
#include "strategies/flist/threads.c"

enum { MOST = 12, DIRS = 40, FILES = 30 };

static int make_tree(void **state)
{
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = scratch_chain(s->fd, 4);
	for (int i = 0; i < DIRS && made; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		made = !mkdirat(s->fd, name, 0755);
		for (int k = 0; k < FILES && made; k++) {
			snprintf(name, sizeof(name), "d%d/f%d", i, k);
			made = scratch_file(s->fd, name, i + k);
		}
	}
	return made ? 0 : -1;
}

/* What was decided, and by whom entries were found. */
struct seen {
	_Atomic unsigned decisions;
	unsigned peak;
	_Atomic unsigned worker; /* the highest */
	uint64_t last_ns;
};

static void note(void *arg, const struct flist_decision *decision)
{
	struct seen *seen = arg;
	assert_true(decision->at_ns >= seen->last_ns);
	assert_true(decision->before != decision->jobs);
	seen->last_ns = decision->at_ns;
	seen->decisions++;
	seen->peak = seen->peak > decision->jobs ? seen->peak : decision->jobs;
}

static bool threads_are_awaited;

/* After each test, also one that failed: the next one would wait for threads in vain. */
static int reset(void **state)
{
	(void)state;
	threads_are_awaited = false;
	atomic_store(&calls_wait, false);
	atomic_store(&creations, -1);
	return 0;
}

/*
 * By the clock of the test calls wait long enough for a thread to be made; in truth they do not. A
 * thread is made when there is work for it: below the root other directories wait.
 */
static void await_threads(const struct seen *seen, const struct flist_item *item)
{
	for (int i = 0;
	     threads_are_awaited && item->depth > 1 && !atomic_load(&seen->decisions) && i < 100000;
	     i++)
		usleep(100);
}

static int note_worker(void *arg, unsigned worker, const struct flist_item *item)
{
	struct seen *seen = arg;
	await_threads(seen, item);
	if (worker > atomic_load(&seen->worker))
		atomic_store(&seen->worker, worker);
	return 0;
}

/* Collects the tree with as many threads as are found; holds the list against the sightings. */
static void collect_and_check(const char *path, const struct sightings *seen, unsigned flags,
			      struct seen *was)
{
	const struct flist_collect_options options = {
		.flags = flags,
		.threads = {.most = MOST, .cpus = 2, .decided = note, .arg = was},
		.each = note_worker,
		.arg = was,
	};
	*was = (struct seen){0};
	struct flist_list *list = collect(path, &options);
	if (flags & FLIST_LAZY)
		list_is_lazy(list, seen);
	else
		list_is(list, seen);
	failures_are(list, NULL);
	flist_list_free(list);
	assert_true(was->worker < MOST);
	assert_true(was->peak <= MOST);
}

static void threads_join_where_calls_wait(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	struct seen was;
	see(&seen, s->fd);
	atomic_store(&calls_wait, true);
	threads_are_awaited = true;
	for (unsigned i = 0; i < 6; i++) {
		collect_and_check(s->path, &seen, i % 2 ? FLIST_LAZY : 0, &was);
		assert_true(was.decisions > 0);
		assert_true(was.peak >= 4);
	}
	see_nothing(&seen);
}

/* Below "long" each directory has one entry, so there is never work for many jobs. */
static bool make_long_chain(int fd)
{
	char path[2 * 200 + sizeof("long")] = "long";
	bool made = !mkdirat(fd, path, 0755);
	for (size_t len = strlen(path); made && len + 2 < sizeof(path); len += 2) {
		memcpy(path + len, "/d", sizeof("/d"));
		made = !mkdirat(fd, path, 0755);
	}
	return made;
}

/* The job that reads a directory of the chain enters the only one below it, too. */
static void threads_are_started_only_for_work(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + sizeof("/long")];
	assert_true(make_long_chain(s->fd));
	snprintf(path, sizeof(path), "%s/long", s->path);
	atomic_store(&calls_wait, true);
	for (unsigned i = 0; i < 20; i++) {
		struct seen was = {0};
		const struct flist_collect_options options = {
			.threads = {.most = MOST, .cpus = 2, .decided = note, .arg = &was},
			.each = note_worker,
			.arg = &was,
		};
		flist_list_free(collect(path, &options));
		assert_int_equal(was.decisions, 0);
		assert_int_equal(was.worker, 0);
	}
}

static void threads_join_when_a_lazy_list_is_filled(void **state)
{
	const struct scratch *s = *state;
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY, .threads.jobs = 1};
	struct sightings seen;
	see(&seen, s->fd);
	atomic_store(&calls_wait, true);
	for (unsigned i = 0; i < 6; i++) {
		struct seen was = {0};
		const struct flist_fetch_options fetching = {
			.threads = {.most = MOST, .cpus = 2, .decided = note, .arg = &was}};
		struct flist_list *list = collect(s->path, &lazy);
		assert_int_equal(flist_list_fetch(list, &fetching), 0);
		list_is(list, &seen);
		flist_list_free(list);
		assert_true(was.decisions > 0);
	}
	see_nothing(&seen);
}

/* By this clock no time passes. */
static void a_walk_that_takes_no_time_has_one_thread(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	struct seen was;
	see(&seen, s->fd);
	collect_and_check(s->path, &seen, 0, &was);
	assert_int_equal(was.decisions, 0);
	assert_int_equal(was.worker, 0);
	see_nothing(&seen);
}

static void any_thread_may_be_refused(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	struct seen was;
	see(&seen, s->fd);
	atomic_store(&calls_wait, true);
	for (long made = 0; made <= MOST; made++) {
		atomic_store(&creations, made);
		collect_and_check(s->path, &seen, 0, &was);
		assert_true(was.peak <= (unsigned)made + 1);
	}
	see_nothing(&seen);
}

static size_t work_left;

static size_t count_work(void *arg)
{
	(void)arg;
	return work_left;
}

static void do_nothing(void *arg, unsigned index)
{
	(void)arg;
	(void)index;
}

static void make_calls(struct flist_adapt *adapt)
{
	for (int i = 0; i < 20; i++) {
		flist_adapt_count(adapt, 0, 100);
		flist_adapt_at(adapt, 0, flist_clock());
	}
}

/* An offer has no effect while another job evaluates. */
static void work_that_no_job_offered_is_found(void **state)
{
	const struct flist_threads threads = {.most = MOST, .cpus = 2};
	struct flist_adapt adapt;
	(void)state;
	atomic_store(&calls_wait, true);
	assert_int_equal(flist_adapt_init(&adapt, &threads), 0);
	adapt.work = count_work;
	work_left = 0;
	flist_adapt_begin(&adapt, do_nothing, NULL);
	make_calls(&adapt);
	assert_true(adapt.jobs > 1);
	assert_int_equal(adapt.used, 1);
	work_left = 1;
	make_calls(&adapt);
	assert_true(adapt.used > 1);
	flist_crew_end(adapt.crew);
	flist_adapt_release(&adapt);
}

/* How often a job reads its CPU time until the window ends, if it could do so every 10 us. */
static unsigned readings_in_window(struct flist_adapt *adapt)
{
	const uint64_t end = atomic_load(&adapt->update_at);
	unsigned readings = 0;
	adapt->counts[0].cpu_at = adapt->tune.since.now_ns;
	for (uint64_t now = adapt->tune.since.now_ns; now < end; now += 10000) {
		const uint64_t before = adapt->counts[0].cpu_at;
		flist_adapt_at(adapt, 0, now);
		readings += adapt->counts[0].cpu_at != before;
	}
	return readings;
}

/* Each reading takes two system calls: in a short window few are worth it, in a long one no more.
 */
static void cpu_time_is_read_a_few_times_in_a_window(void **state)
{
	const struct flist_threads threads = {.most = MOST, .cpus = 2};
	struct flist_adapt adapt;
	(void)state;
	assert_int_equal(flist_adapt_init(&adapt, &threads), 0);
	begin_measuring(&adapt);
	assert_in_range(readings_in_window(&adapt), 1, 2);
	adapt.tune.jobs = 2;
	adapt.tune.is_settled = true;
	plan_window(&adapt);
	assert_in_range(readings_in_window(&adapt), 1, 2);
	flist_adapt_release(&adapt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(threads_join_where_calls_wait, reset),
		cmocka_unit_test_teardown(threads_join_when_a_lazy_list_is_filled, reset),
		cmocka_unit_test_teardown(threads_are_started_only_for_work, reset),
		cmocka_unit_test_teardown(a_walk_that_takes_no_time_has_one_thread, reset),
		cmocka_unit_test_teardown(any_thread_may_be_refused, reset),
		cmocka_unit_test_teardown(work_that_no_job_offered_is_found, reset),
		cmocka_unit_test_teardown(cpu_time_is_read_a_few_times_in_a_window, reset),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
