/* The worker threads: who runs what, where, with which descriptors, and the gate they start from.
 */
#include "engine/measure/pass/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "tests/test.h"

enum { WORKERS = 7 };

struct fixture {
	struct topology *topology;
	struct crew *crew;
	int anywhere[WORKERS]; /* all -1 */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f || topology_open(&f->topology, NULL, NULL))
		return -1;
	memset(f->anywhere, -1, sizeof(f->anywhere));
	return crew_new(&f->crew, WORKERS, f->topology, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	crew_free(f->crew);
	topology_close(f->topology);
	free(f);
	return 0;
}

/* What each worker saw; each writes only its own row, and main reads when all are done. */
struct note {
	unsigned calls;
	int cpu, fd;
	bool bound, right, blocked;
	pthread_t thread;
	uint64_t opened_ns;
};

struct job {
	struct note notes[WORKERS];
	const struct topology *topology;
	const int *cpus;
	struct start_gate gate;
	unsigned n;
	int fd;
};

static void note_call(void *arg, unsigned i)
{
	struct job *job = arg;
	job->notes[i].calls++;
	job->notes[i].thread = pthread_self();
}

static void every_worker_is_called_once_with_its_index(void **state)
{
	struct fixture *f = *state;
	for (unsigned n = 1; n <= WORKERS; n++) {
		struct job job = {0};
		assert_int_equal(crew_run(f->crew, n, f->anywhere, note_call, &job), 0);
		for (unsigned i = 0; i < WORKERS; i++)
			assert_int_equal(job.notes[i].calls, i < n);
	}
}

static void workers_are_threads_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct job job = {0}, again = {0};
	crew_run(f->crew, WORKERS, f->anywhere, note_call, &job);
	crew_run(f->crew, WORKERS, f->anywhere, note_call, &again);
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_false(pthread_equal(job.notes[i].thread, pthread_self()));
		assert_true(pthread_equal(job.notes[i].thread, again.notes[i].thread));
		for (unsigned k = 0; k < i; k++)
			assert_false(pthread_equal(job.notes[i].thread, job.notes[k].thread));
	}
}

static void many_jobs_of_all_sizes(void **state)
{
	enum { JOBS = 3000 };
	struct fixture *f = *state;
	struct job job = {0};
	unsigned wanted[WORKERS] = {0};
	for (unsigned k = 0; k < JOBS; k++) {
		unsigned n = k % WORKERS + 1;
		assert_int_equal(crew_run(f->crew, n, f->anywhere, note_call, &job), 0);
		for (unsigned i = 0; i < WORKERS; i++) {
			wanted[i] += i < n;
			assert_int_equal(job.notes[i].calls, wanted[i]);
		}
	}
}

static void note_cpu(void *arg, unsigned i)
{
	struct job *job = arg;
	job->notes[i].cpu = sched_getcpu();
	job->notes[i].bound = topology_is_bound(job->topology, job->cpus[i]);
}

static void workers_run_on_their_cpus(void **state)
{
	static const enum pin_policy policies[] = {PIN_COMPACT, PIN_SCATTER};
	struct fixture *f = *state;
	for (size_t p = 0; p < 2 * ARRAY_LEN(policies); p++) {
		int cpus[WORKERS];
		struct job job = {.topology = f->topology, .cpus = cpus};
		assert_int_equal(
			topology_place(f->topology, pin_of(policies[p % 2]), WORKERS, cpus, NULL),
			0);
		for (unsigned i = 0; p >= 2 && i < WORKERS / 2; i++) {
			int other = cpus[WORKERS - 1 - i];
			cpus[WORKERS - 1 - i] = cpus[i];
			cpus[i] = other;
		}
		assert_int_equal(crew_run(f->crew, WORKERS, cpus, note_cpu, &job), 0);
		for (unsigned i = 0; i < WORKERS; i++) {
			assert_int_equal(job.notes[i].cpu, cpus[i]);
			assert_true(job.notes[i].bound);
		}
	}
}

static void note_mask(void *arg, unsigned i)
{
	struct job *job = arg;
	cpu_set_t mine;
	job->notes[i].cpu = sched_getaffinity(0, sizeof(mine), &mine) ? -1 : CPU_COUNT(&mine);
}

static void a_worker_can_be_unbound(void **state)
{
	struct fixture *f = *state;
	struct job job = {.topology = f->topology};
	int cpus[WORKERS];
	assert_int_equal(topology_place(f->topology, pin_of(PIN_COMPACT), WORKERS, cpus, NULL), 0);
	assert_int_equal(crew_run(f->crew, WORKERS, cpus, note_mask, &job), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(job.notes[i].cpu, 1);
	assert_int_equal(crew_run(f->crew, WORKERS, f->anywhere, note_mask, &job), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_int_equal(job.notes[i].cpu, topology_allowed(f->topology));
}

static void a_missing_cpu_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct job job = {0};
	int cpus[WORKERS] = {-1, 100000, -1};
	assert_true(crew_run(f->crew, 3, cpus, note_call, &job) < 0);
	assert_true(crew_run(f->crew, 3, cpus, note_call, &job) < 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(job.notes[i].calls, 2);
	assert_int_equal(crew_run(f->crew, 3, f->anywhere, note_call, &job), 0);
}

#ifndef __SANITIZE_THREAD__

static void open_something(void *arg, unsigned i)
{
	struct job *job = arg;
	job->notes[i].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	job->notes[i].right = fcntl(job->fd, F_GETFD) >= 0;
}

static void close_something(void *arg, unsigned i)
{
	struct job *job = arg;
	job->notes[i].right = close(job->notes[i].fd) == 0;
}

static void *try_unshare(void *refused)
{
	*(bool *)refused = unshare(CLONE_FILES) != 0;
	return NULL;
}

static bool can_unshare(void)
{
	bool refused = true;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, try_unshare, &refused), 0);
	pthread_join(thread, NULL);
	return !refused;
}

/* What main opened before the crew existed is there; what workers open is theirs alone. */
static void workers_have_descriptors_of_their_own(void **state)
{
	struct fixture *f = *state;
	struct job job = {.fd = STDOUT_FILENO};
	if (!can_unshare())
		skip_because("unshare(CLONE_FILES) is refused here");
	assert_int_equal(crew_run(f->crew, WORKERS, f->anywhere, open_something, &job), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		assert_true(job.notes[i].fd >= 0);
		assert_true(job.notes[i].right);
		assert_int_equal(job.notes[i].fd, job.notes[0].fd);
		assert_int_equal(fcntl(job.notes[i].fd, F_GETFD), -1);
	}
	assert_int_equal(crew_run(f->crew, WORKERS, f->anywhere, close_something, &job), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_true(job.notes[i].right);
}

#endif

static void note_signals(void *arg, unsigned i)
{
	struct job *job = arg;
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	job->notes[i].blocked = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1;
}

static void signals_are_blocked_in_workers(void **state)
{
	struct fixture *f = *state;
	struct job job = {0};
	sigset_t mask;
	crew_run(f->crew, WORKERS, f->anywhere, note_signals, &job);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_true(job.notes[i].blocked);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	assert_int_equal(sigismember(&mask, SIGINT), 0);
}

static void pass_gate(void *arg, unsigned i)
{
	struct job *job = arg;
	start_gate_pass(&job->gate, job->n, job->n > 2);
	job->notes[i].right = atomic_load(&job->gate.arrived) == job->n;
	job->notes[i].opened_ns = atomic_load(&job->gate.opened_ns);
}

/* Nobody passes before the last one has come, with fewer CPUs than workers, too. */
static void the_gate_opens_when_all_have_arrived(void **state)
{
	struct fixture *f = *state;
	for (unsigned k = 0; k < 200; k++) {
		struct job job = {.n = k % WORKERS + 1};
		uint64_t before = clock_ns();
		start_gate_close(&job.gate);
		crew_run(f->crew, job.n, f->anywhere, pass_gate, &job);
		uint64_t after = clock_ns();
		for (unsigned i = 0; i < job.n; i++) {
			assert_true(job.notes[i].right);
			assert_true(job.notes[i].opened_ns >= before);
			assert_true(job.notes[i].opened_ns <= after);
		}
	}
}

static void a_gate_can_be_closed_again(void **state)
{
	struct start_gate gate = {0};
	(void)state;
	for (int i = 0; i < 3; i++) {
		start_gate_close(&gate);
		assert_true(atomic_load(&gate.opened_ns) == 0);
		start_gate_pass(&gate, 1, false);
		assert_true(atomic_load(&gate.opened_ns) != 0);
	}
}

/* Made and freed at once: some workers have not even begun. */
static void a_new_crew_can_be_freed_at_once(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 0; i < 50; i++) {
		struct crew *crew = NULL;
		assert_int_equal(crew_new(&crew, i % 5, f->topology, NULL), 0);
		crew_free(crew);
	}
	crew_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_worker_is_called_once_with_its_index),
		TEST(workers_are_threads_of_their_own),
		TEST(many_jobs_of_all_sizes),
		TEST(workers_run_on_their_cpus),
		TEST(a_worker_can_be_unbound),
		TEST(a_missing_cpu_is_an_error),
#ifndef __SANITIZE_THREAD__ /* see crew.c */
		TEST(workers_have_descriptors_of_their_own),
#endif
		TEST(signals_are_blocked_in_workers),
		TEST(the_gate_opens_when_all_have_arrived),
		TEST(a_gate_can_be_closed_again),
		TEST(a_new_crew_can_be_freed_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
