/*
 * Threads are made, all or as many as can be had, and waited for; who uses them copes with fewer.
 * The sources are compiled into this test, so that threads can be refused.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tests/test.h"

static long creations = -1; /* that go well; -1: all */

static bool is_refused(void)
{
	return creations >= 0 && creations-- <= 0;
}

#define pthread_create(thread, attr, start, arg)                                                   \
	(is_refused() ? EAGAIN : pthread_create(thread, attr, start, arg))

#include "engine/base/threads.c"

#include "datasets/tree/tree.h"
#include "engine/measure/pass/crew.h"
#include "tests/unit/with_tree.h"

enum { MOST = 16 };

struct notes {
	_Atomic unsigned calls[MOST];
	sigset_t masks[MOST];
};

static int allow_all(void **state)
{
	(void)state;
	creations = -1;
	return 0;
}

static void note(void *arg, unsigned index)
{
	struct notes *notes = arg;
	pthread_sigmask(SIG_SETMASK, NULL, &notes->masks[index]);
	usleep(100 * (index % 3));
	notes->calls[index]++;
}

static void each_index_is_called_once(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= MOST; n++) {
		struct notes notes = {0};
		struct threads *threads;
		assert_int_equal(threads_start(&threads, n, note, &notes), 0);
		assert_int_equal(threads_count(threads), n);
		threads_join(threads);
		for (unsigned i = 0; i < MOST; i++)
			assert_int_equal(notes.calls[i], i < n);
	}
	assert_int_equal(threads_count(NULL), 0);
	threads_join(NULL);
}

static void threads_that_can_be_made_run(void **state)
{
	(void)state;
	for (unsigned had = 0; had < MOST; had++) {
		struct notes notes = {0};
		struct threads *threads;
		creations = (long)had;
		assert_int_equal(threads_start(&threads, MOST, note, &notes), -EAGAIN);
		assert_int_equal(threads_count(threads), had);
		threads_join(threads);
		for (unsigned i = 0; i < MOST; i++)
			assert_int_equal(notes.calls[i], i < had);
	}
}

static void all_signals_but_faults_are_blocked(void **state)
{
	struct notes notes = {0};
	struct threads *threads;
	sigset_t before, after;
	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	assert_int_equal(threads_start(&threads, MOST, note, &notes), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	threads_join(threads);
	for (unsigned i = 0; i < MOST; i++) {
		assert_int_equal(sigismember(&notes.masks[i], SIGINT), 1);
		assert_int_equal(sigismember(&notes.masks[i], SIGTERM), 1);
		assert_int_equal(sigismember(&notes.masks[i], SIGHUP), 1);
		assert_int_equal(sigismember(&notes.masks[i], SIGSEGV), 0);
		assert_int_equal(sigismember(&notes.masks[i], SIGBUS), 0);
	}
	for (int sig = 1; sig < 32; sig++)
		assert_int_equal(sigismember(&after, sig), sigismember(&before, sig));
}

/* A run with other jobs than asked for would measure something else. */
static void a_crew_has_all_its_threads_or_fails(void **state)
{
	struct topology *topology;
	struct crew *crew = NULL;
	(void)state;
	assert_int_equal(topology_open(&topology, NULL, NULL), 0);
	for (unsigned had = 0; had < 4; had++) {
		struct err err = {0};
		creations = (long)had;
		assert_int_equal(crew_new(&crew, 4, topology, &err), -EAGAIN);
		assert_null(crew);
		assert_non_null(strstr(err.text, "cannot start 4 workers"));
	}
	creations = 4;
	assert_int_equal(crew_new(&crew, 4, topology, NULL), 0);
	crew_free(crew);
	topology_close(topology);
}

static void a_tree_is_complete_with_fewer_threads(void **state)
{
	(void)state;
	for (long had = 0; had < 4; had++) {
		const struct shape shape = shape_of("source-tree", 2000);
		struct tree_counts made, gone;
		struct err err = {0};
		creations = had;
		assert_int_equal(tree_create("t", &shape, 4, NULL, &made, &err), 0);
		assert_int_equal(made.entries, 2000);
		creations = had;
		assert_int_equal(tree_remove("t", 4, NULL, &gone, &err), 0);
		assert_int_equal(gone.entries, 2000);
		assert_false(exists("t"));
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, allow_all)
	const struct CMUnitTest tests[] = {
		TEST(each_index_is_called_once),
		TEST(threads_that_can_be_made_run),
		TEST(all_signals_but_faults_are_blocked),
		TEST(a_crew_has_all_its_threads_or_fails),
		SCRATCH_TEST(a_tree_is_complete_with_fewer_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
