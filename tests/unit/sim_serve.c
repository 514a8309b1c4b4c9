/* How the simulated filesystem answers: late, many at once, wrong now and then, and never for ever.
 */
#include "datasets/sim/sim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/sim/server.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_sim.h"
#include "tests/unit/with_tree.h"

enum { MS = 1000000, THREADS = 64, LONG_ENOUGH = 120 };

/* --- Options ------------------------------------------------------------------------------- */

static struct sim_options parsed(const char *text)
{
	struct sim_options options;
	struct err err = {0};
	if (sim_parse(&options, text, &err))
		fail_msg("%s", err.text);
	return options;
}

static void options_are_read(void **state)
{
	(void)state;
	struct sim_options o = parsed(
		"rtt=1.5ms,jitter=20%,servers=64,attr-cache=3s,entry-cache=10us,readdirplus=auto,"
		"eio=1/10k,change=5ms@10000,seed=7");
	assert_int_equal(o.rtt_ns, 1500000);
	assert_true(o.jitter == 0.2);
	assert_int_equal(o.model, SIM_UNIFORM);
	assert_int_equal(o.servers, 64);
	assert_int_equal(o.attr_cache_ns, 3000 * (uint64_t)MS);
	assert_int_equal(o.entry_cache_ns, 10000);
	assert_int_equal(o.readdirplus, SIM_PLUS_AUTO);
	assert_int_equal(o.eio_one_in, 10000);
	assert_int_equal(o.change_rtt_ns, 5 * MS);
	assert_int_equal(o.change_at, 10000);
	assert_int_equal(o.seed, 7);
	o = parsed(NULL);
	assert_int_equal(o.rtt_ns, MS);
	assert_int_equal(o.model, SIM_FIXED);
	assert_int_equal(o.readdirplus, SIM_PLUS_OFF);
	o = parsed("lan-nfs,rtt=0,readdirplus=1");
	assert_int_equal(o.rtt_ns, 0);
	assert_int_equal(o.model, SIM_LOGNORMAL);
	assert_int_equal(o.servers, 64);
	assert_int_equal(o.readdirplus, SIM_PLUS_ALWAYS);
	assert_int_equal(parsed("wan").rtt_ns, 40 * MS);
}

static void wrong_options_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{"rtt", "sim: rtt: expected a time from 0 to 10s, such as 1ms or 300us, got ''"},
		{"rtt=1", "got '1'"},
		{"rtt=-1ms", "got '-1ms'"},
		{"rtt=1.2.3ms", "got '1.2.3ms'"},
		{"rtt=10.1s", "got '10.1s'"},
		{"rtt=nan", "got 'nan'"},
		{"jitter=101%", "expected a share from 0% to 100%, got '101%'"},
		{"jitter=1", "got '1'"},
		{"model=normal", "expected fixed, uniform or lognormal, got 'normal'"},
		{"servers=65537", "from 0 (no limit) to 65536, got '65537'"},
		{"attr-cache=2h", "got '2h'"},
		{"entry-cache=3601s", "expected a time from 0 to 3600s, got '3601s'"},
		{"readdirplus=yes", "expected off, always or auto, got 'yes'"},
		{"eio=10", "got '10'"},
		{"eio=1/0", "got '1/0'"},
		{"change=5ms", "got '5ms'"},
		{"change=5ms@0", "got '5ms@0'"},
		{"seed=x", "got 'x'"},
		{"rtt=1ms,,servers=2", "got ''"},
		{"sevrers=3", "got 'sevrers=3'; did you mean 'servers'?"},
		{"rtt=1ms,wan", "expected the preset 'wan' first"},
		{"model=fixed,jitter=1%", "jitter needs model=uniform or model=lognormal"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct sim_options options;
		struct err err = {0};
		assert_int_equal(sim_parse(&options, wrong[i].text, &err), -EINVAL);
		if (!strstr(err.text, wrong[i].words))
			fail_msg("%s: %s", wrong[i].text, err.text);
	}
}

/* --- Latencies ----------------------------------------------------------------------------- */

static void latencies_follow_from_seed_and_number(void **state)
{
	const struct sim_options fixed = parsed("rtt=2ms,change=9ms@50");
	const struct sim_options uniform = parsed("rtt=2ms,jitter=50%");
	const struct sim_options other = parsed("rtt=2ms,jitter=50%,seed=2");
	const struct sim_options tail = parsed("rtt=2ms,jitter=50%,model=lognormal");
	uint64_t below = 0, differ = 0, longest = 0;
	(void)state;
	assert_int_equal(latency_ns(&fixed, 1), 2 * MS);
	assert_int_equal(latency_ns(&fixed, 49), 2 * MS);
	assert_int_equal(latency_ns(&fixed, 50), 9 * MS);
	for (uint64_t i = 1; i <= 1000; i++) {
		assert_in_range(latency_ns(&uniform, i), MS, 3 * MS);
		assert_int_equal(latency_ns(&uniform, i), latency_ns(&uniform, i));
		differ += latency_ns(&uniform, i) != latency_ns(&other, i);
		below += latency_ns(&tail, i) < 2 * MS;
		longest = MAX(longest, latency_ns(&tail, i));
	}
	assert_in_range(differ, 990, 1000);
	assert_in_range(below, 400, 600);               /* rtt is the median */
	assert_in_range(longest, 5 * MS, 2 * MS * 7.4); /* exp(0.5 * 4) */
}

static void requests_wait_for_a_server(void **state)
{
	uint64_t free_at[3] = {0};
	(void)state;
	assert_int_equal(latency_due(NULL, 0, 100, 10), 110);
	/* Three at a time, each 10 long; the fourth starts when the first is done. */
	for (uint64_t i = 0; i < 9; i++)
		assert_int_equal(latency_due(free_at, 3, 100, 10), 110 + i / 3 * 10);
	/* One is slow: the others go on. */
	assert_int_equal(latency_due(free_at, 3, 200, 1000), 1200);
	for (uint64_t i = 0; i < 6; i++)
		assert_int_equal(latency_due(free_at, 3, 200, 10), 210 + i / 2 * 10);
}

/* --- Many at once -------------------------------------------------------------------------- */

struct look {
	pthread_barrier_t *start;
	char path[8 + GEN_NAME_SIZE];
	int error;
};

static void *look(void *arg)
{
	struct look *l = arg;
	struct stat st;
	if (l->start)
		pthread_barrier_wait(l->start);
	l->error = lstat(l->path, &st) ? errno : 0;
	return NULL;
}

static void name_path(const struct shape *shape, uint64_t entry, char *path)
{
	struct gen_dir root;
	gen_root(&root, shape);
	memcpy(path, "sim/", 4);
	gen_name(&root, entry, path + 4);
}

static void one_directory_takes_many_requests_at_once(void **state)
{
	const struct shape shape = shape_of("flat", THREADS);
	struct look looks[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t start;
	struct sim_counts counts;
	char facts[SIM_FACTS_SIZE];
	(void)state;
	need_fuse();
	struct sim *sim = serve_shape(&shape, "rtt=200ms");
	pthread_barrier_init(&start, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		looks[i] = (struct look){.start = &start};
		name_path(&shape, i, looks[i].path);
		assert_int_equal(pthread_create(&threads[i], NULL, look, &looks[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(looks[i].error, 0);
	}
	pthread_barrier_destroy(&start);
	sim_counts(sim, &counts);
	/* All of them, unless the machine is too busy to start 64 calls in 200 ms. */
	assert_in_range(counts.in_flight_max, THREADS / 4, THREADS);
	assert_in_range(counts.requests, THREADS, 2 * THREADS);
	assert_int_equal(counts.state, SIM_SERVES);
	assert_int_equal(sim_facts(sim, facts, sizeof(facts)), 0);
	assert_non_null(strstr(facts, "where 200.000 ms were requested"));
	assert_non_null(strstr(facts, " at the same time"));
	sim_stop(sim);
}

/* --- Errors -------------------------------------------------------------------------------- */

/* Looks at n names in turn; bits of those that ended with EIO. */
static uint64_t errors_of(const struct shape *shape, unsigned n, const char *options)
{
	struct sim *sim = serve_shape(shape, options);
	struct sim_counts counts;
	uint64_t bits = 0;
	for (unsigned i = 0; i < n; i++) {
		struct look l = {0};
		name_path(shape, i, l.path);
		look(&l);
		assert_true(l.error == 0 || l.error == EIO);
		bits |= (uint64_t)(l.error == EIO) << i;
	}
	sim_counts(sim, &counts);
	assert_int_equal(counts.requests, n);
	assert_int_equal(counts.errors, __builtin_popcountll(bits));
	sim_stop(sim);
	return bits;
}

static void the_same_requests_end_with_errors_again(void **state)
{
	const struct shape shape = shape_of("flat", 60);
	(void)state;
	need_fuse();
	const uint64_t bits = errors_of(&shape, 60, "rtt=0,attr-cache=1000s,eio=1/4");
	assert_in_range(__builtin_popcountll(bits), 5, 30);
	assert_int_equal(errors_of(&shape, 60, "rtt=0,attr-cache=1000s,eio=1/4"), bits);
	assert_int_not_equal(errors_of(&shape, 60, "rtt=0,attr-cache=1000s,eio=1/4,seed=2"), bits);
	assert_int_equal(errors_of(&shape, 60, "rtt=0,attr-cache=1000s"), 0);
}

/* --- Ends ---------------------------------------------------------------------------------- */

static bool is_gone(int error)
{
	return error == ENOTCONN || error == ECONNABORTED;
}

static void callers_of_a_killed_server_do_not_hang(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	struct sim_counts counts;
	struct look first = {0}, second = {0};
	pthread_t thread;
	(void)state;
	need_fuse();
	struct sim *sim = serve_shape(&shape, "rtt=10s");
	name_path(&shape, 0, first.path);
	name_path(&shape, 1, second.path);
	assert_int_equal(pthread_create(&thread, NULL, look, &first), 0);
	do {
		usleep(1000);
		sim_counts(sim, &counts);
	} while (counts.requests == 0);
	assert_int_equal(kill(counts.server, SIGKILL), 0);
	pthread_join(thread, NULL);
	assert_true(is_gone(first.error));
	look(&second);
	assert_true(is_gone(second.error));
	char facts[SIM_FACTS_SIZE];
	assert_true(is_gone(-sim_facts(sim, facts, sizeof(facts))));
	/* It closes its descriptors a moment before it is seen to have died. */
	for (int tries = 0; tries < 10000; tries++) {
		sim_counts(sim, &counts);
		if (counts.state != SIM_SERVES)
			break;
		usleep(1000);
	}
	assert_int_equal(counts.state, SIM_DIED);
	sim_stop(sim);
	look(&second); /* the directory below is there again, and empty */
	assert_int_equal(second.error, ENOENT);
}

/* Starts a server, and says which when a request is under way; then it waits to be killed. */
static void be_a_caller(int tell)
{
	const struct shape shape = shape_of("flat", 3);
	struct sim_counts counts;
	struct look l = {0};
	pthread_t thread;
	struct sim *sim = serve_shape(&shape, "rtt=300ms");
	name_path(&shape, 0, l.path);
	if (pthread_create(&thread, NULL, look, &l))
		_exit(1);
	do {
		usleep(1000);
		sim_counts(sim, &counts);
	} while (counts.requests == 0);
	if (write(tell, &counts.server, sizeof(counts.server)) == sizeof(counts.server))
		pause();
	_exit(1);
}

static void a_killed_caller_leaves_no_server(void **state)
{
	int pipes[2], status;
	pid_t server;
	(void)state;
	need_fuse();
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(pipes), 0);
	pid_t caller = fork();
	assert_true(caller >= 0);
	if (caller == 0)
		be_a_caller(pipes[1]);
	assert_int_equal(read(pipes[0], &server, sizeof(server)), sizeof(server));
	assert_int_equal(kill(caller, SIGKILL), 0);
	assert_int_equal(waitpid(caller, &status, 0), caller);
	/* It is this process's child now, and ends without being told to. */
	assert_int_equal(waitpid(server, &status, 0), server);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(pipes[0]);
	close(pipes[1]);
	umount2("sim", MNT_DETACH); /* it was in this process's namespace */
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, enter_scratch, leave_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(wrong_options_are_refused),
		cmocka_unit_test(latencies_follow_from_seed_and_number),
		cmocka_unit_test(requests_wait_for_a_server),
		in_scratch(one_directory_takes_many_requests_at_once),
		in_scratch(the_same_requests_end_with_errors_again),
		in_scratch(callers_of_a_killed_server_do_not_hang),
		in_scratch(a_killed_caller_leaves_no_server),
	};
	alarm(LONG_ENOUGH); /* what hangs fails */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
