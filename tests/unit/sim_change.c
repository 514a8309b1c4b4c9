/*
 * libflist's parallel fetch chooses the number of jobs again if latency changes under way, held
 * against the simulated filesystem. What it decided is compared, not how long it took: decisions
 * are told apart by how many requests the server had received. tests/flist/tune.c has the same with
 * simulated clocks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "engine/base/util.h"
#include "strategies/flist/flist.h"
#include "tests/test.h"
#include "tests/unit/with_sim.h"
#include "tests/unit/with_tree.h"

enum { FEW = 20, MANY = 64, TRIES = 4, LONG_ENOUGH = 300 };

/* A call, and what it decided before and after the server had so many requests. */
struct call {
	struct sim *sim;
	uint64_t change_at;
	unsigned peak_before;
	unsigned peak_after, least_after; /* 0: nothing was decided */
};

static void note(void *arg, const struct flist_decision *decision)
{
	struct call *call = arg;
	struct sim_counts counts;
	sim_counts(call->sim, &counts);
	if (counts.requests < call->change_at) {
		call->peak_before = MAX(call->peak_before, decision->jobs);
		return;
	}
	const bool is_first = !call->peak_after;
	call->peak_after = MAX(call->peak_after, decision->jobs);
	call->least_after = is_first ? decision->jobs : MIN(call->least_after, decision->jobs);
}

/* The paths of n entries, one after the other, each `size` bytes. */
static char *paths_of(const struct shape *shape, size_t n, size_t size)
{
	struct gen_dir root;
	char *paths = calloc(n, size);
	assert_non_null(paths);
	gen_root(&root, shape);
	for (size_t i = 0; i < n; i++) {
		memcpy(paths + i * size, "sim/", 4);
		gen_name(&root, i, paths + i * size + 4);
	}
	return paths;
}

/* Fetches n entries of one directory so many times, all in one call. */
static void fetch(struct call *call, const char *options, uint32_t cpus, size_t n, size_t times)
{
	enum { SIZE = 4 + GEN_NAME_SIZE };
	const struct shape shape = shape_of("flat", n);
	const struct flist_many_options how = {
		.threads = {.decided = note, .arg = call, .cpus = cpus}};
	const size_t all = n * times;
	struct flist_where *wheres = calloc(all, sizeof(*wheres));
	struct flist_meta *metas = calloc(all, sizeof(*metas));
	int *statuses = calloc(all, sizeof(*statuses));
	char *paths = paths_of(&shape, n, SIZE);
	assert_true(wheres && metas && statuses);
	for (size_t i = 0; i < all; i++)
		wheres[i].name = paths + i % n * SIZE;
	call->sim = serve_shape(&shape, options);
	assert_int_equal(flist_stat_many(wheres, all, &how, metas, statuses), 0);
	sim_stop(call->sim);
	for (size_t i = 0; i < all; i++) {
		assert_int_equal(statuses[i], 0);
		assert_int_equal(metas[i].ino, metas[i % n].ino);
	}
	free(wheres);
	free(metas);
	free(statuses);
	free(paths);
}

/*
 * As long as calls are short, a few jobs are made: the program and the server share the CPUs. On a
 * busy machine even then calls take long; so a try in which many jobs were made before the change
 * shows nothing. If the number were held for a pause, whatever calls take, more would not be tried
 * within the 4,000 calls.
 */
static void more_jobs_join_when_calls_take_longer(void **state)
{
	struct call call = {0};
	unsigned quiet = 0;
	(void)state;
	need_fuse();
	for (int i = 0; i < TRIES; i++) {
		call = (struct call){.change_at = 6000};
		fetch(&call, "rtt=0,change=20ms@6000", 2, 10000, 1);
		if (call.peak_before > FEW)
			continue;
		if (call.peak_after >= MANY)
			return;
		quiet++;
	}
	if (!quiet)
		skip_because("calls take long before the change, too: the machine is busy");
	fail_msg("at most %u jobs after the change", call.peak_after);
}

/*
 * Every entry is asked for once, and then is in the kernel's caches. The library assumes one CPU,
 * so that jobs keep it busy on any machine. How few jobs remain depends on what else runs: half of
 * them have to rest, if only for a while.
 */
static void jobs_rest_when_calls_take_shorter(void **state)
{
	struct call call = {0};
	(void)state;
	need_fuse();
	for (int i = 0; i < TRIES; i++) {
		call = (struct call){.change_at = 4000};
		fetch(&call, "rtt=10ms,entry-cache=1000s,attr-cache=1000s", 1, 4000, 100);
		assert_true(call.peak_before > 1);
		if (call.least_after && call.least_after <= (call.peak_before + 1) / 2)
			return;
	}
	fail_msg("at most %u jobs before, at least %u after", call.peak_before, call.least_after);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, enter_scratch, leave_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_scratch(more_jobs_join_when_calls_take_longer),
		in_scratch(jobs_rest_when_calls_take_shorter),
	};
	alarm(LONG_ENOUGH); /* a test that hangs fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
