#include "engine/gate/arm/program.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "engine/base/clock.h"
#include "engine/measure/pass/meter.h"
#include "tests/scratch.h"
#include "tests/test.h"
#include "tests/unit/with_filter.h"

/* One program as a cell of one worker, passed once. */
struct fixture {
	struct scratch scratch;
	struct topology *topology;
	struct workload load; /* a root without entries: all that a walk gets */
	struct sink *sink;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	assert_true(scratch_make(&f->scratch));
	assert_int_equal(topology_open(&f->topology, NULL, NULL), 0);
	f->load = (struct workload){.root_fd = f->scratch.fd,
				    .root = f->scratch.path,
				    .root_len = (uint32_t)strlen(f->scratch.path),
				    .path_size = PATH_MAX};
	f->sink = sink_new();
	assert_non_null(f->sink);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	sink_free(f->sink);
	topology_close(f->topology);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static int pass_once(struct fixture *f, const struct program *program, struct err *err)
{
	static const int64_t zeros[PARAMS_MAX];
	const int cpu = -1;
	struct crew *crew = NULL;
	struct meter *meter = NULL;
	struct pass pass;
	assert_int_equal(crew_new(&crew, 1, f->topology, NULL), 0);
	const struct meter_request request = {
		.strategy = program_strategy(program),
		.params = zeros,
		.jobs = 1,
		.cpus = &cpu,
		.load = &f->load,
		.sink = f->sink,
		.crew = crew,
		.topology = f->topology,
	};
	assert_int_equal(meter_open(&meter, &request, NULL), 0);
	int error = meter_pass(meter, &pass, err);
	meter_close(meter);
	crew_free(crew);
	return error;
}

static int run_program(struct fixture *f, const char *command, uint64_t entries,
		       uint64_t timeout_ns, int hangup_fd, struct err *err)
{
	const struct program_request request = {
		.command = command,
		.label = "it",
		.stage = STAGE_WALK,
		.verify_lines = entries > 0,
		.timeout_ns = timeout_ns,
		.hangup_fd = hangup_fd,
	};
	struct program *program = NULL;
	assert_int_equal(program_new(&program, &request, NULL), 0);
	assert_int_equal(program_add_tree(program, f->scratch.path, entries, NULL), 0);
	int error = pass_once(f, program, err);
	program_free(program);
	return error;
}

static void assert_fails(struct fixture *f, const char *command, int code, const char *words)
{
	struct err err = {0};
	assert_int_equal(run_program(f, command, 0, 0, -1, &err), code);
	if (!strstr(err.text, words))
		fail_msg("%s: '%s' lacks '%s'", command, err.text, words);
}

static void a_program_that_ends_well_is_a_pass(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(run_program(f, "true", 0, 0, -1, NULL), 0);
	assert_int_equal(run_program(f, "sh -c 'exit 0'", 0, 0, -1, NULL), 0);
}

static void it_is_given_the_root(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(run_program(f, "test -d {root}", 0, 0, -1, NULL), 0);
	assert_int_equal(run_program(f, "touch {root}/here", 0, 0, -1, NULL), 0);
	assert_int_equal(faccessat(f->scratch.fd, "here", F_OK, 0), 0);
}

static void every_failure_has_its_message(void **state)
{
	struct fixture *f = *state;
	assert_fails(f, "false", -EBADMSG, "exit code 1");
	assert_fails(f, "sh -c 'echo oops >&2; echo more >&2; exit 3'", -EBADMSG,
		     "exit code 3: oops");
	assert_fails(f, "sh -c 'kill -SEGV $$'", -EBADMSG, "signal 11 (SIGSEGV)");
#ifndef __SANITIZE_THREAD__ /* makes a fork of vfork, whose child's errno stays its own */
	assert_fails(f, "./no/such/program", -EINVAL, "No such file");
	assert_fails(f, "/", -EINVAL, "ermission denied");
#endif
}

static void lines_are_counted_when_asked(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	assert_int_equal(run_program(f, "seq 1000", 1000, 0, -1, NULL), 0);
	assert_int_equal(run_program(f, "seq 1001", 1000, 0, -1, NULL), 0); /* with the root */
	assert_int_equal(run_program(f, "seq 1002", 1000, 0, -1, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "printed 1,002 lines for 1,000 entries"));
	assert_int_equal(run_program(f, "printf 'a\\nb\\nc'", 2, 0, -1, NULL), 0);
}

/* Far more than a pipe holds, on both. */
static void large_outputs_are_drained(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(run_program(f, "head -c 40000000 /dev/zero", 0, 0, -1, NULL), 0);
	assert_int_equal(run_program(f, "sh -c 'head -c 8000000 /dev/zero >&2'", 0, 0, -1, NULL),
			 0);
	assert_int_equal(run_program(f, "seq 2000000", 2000000, 0, -1, NULL), 0);
}

static bool is_gone(int fd)
{
	char text[32] = "";
	pid_t pid;
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	pid = (pid_t)strtol(text, NULL, 10);
	/* Orphans are reaped by somebody else, so a zombie counts as gone. */
	for (int i = 0; i < 6000 && kill(pid, 0) == 0; i++) {
		char path[64], stat[256] = "";
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		int proc = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = proc < 0 ? 0 : read(proc, stat, sizeof(stat) - 1);
		if (proc >= 0)
			close(proc);
		if (got > 0 && strstr(stat, ") Z "))
			return true;
		usleep(10000);
	}
	return kill(pid, 0) != 0;
}

static void assert_left_nobody(struct fixture *f)
{
	int fd = openat(f->scratch.fd, "pid", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(is_gone(fd));
	close(fd);
}

static bool has_started_one(const struct fixture *f)
{
	struct stat st;
	return fstatat(f->scratch.fd, "pid", &st, 0) == 0 && st.st_size > 0;
}

/* A slow machine may need more than a second to start anything that could be left. */
static void a_hanging_program_is_killed_with_its_children(void **state)
{
	struct fixture *f = *state;
	uint64_t seconds = 1;
	for (; seconds <= 64 && !has_started_one(f); seconds *= 2) {
		char words[64];
		struct err err = {0};
		assert_int_equal(run_program(f, "sh -c 'sleep 1000 & echo $! > {root}/pid; wait'",
					     0, seconds * NS_PER_SECOND, -1, &err),
				 -EBADMSG);
		snprintf(words, sizeof(words), "still ran after %d s", (int)seconds);
		assert_non_null(strstr(err.text, words));
	}
	assert_left_nobody(f);
}

static void background_children_end_with_the_program(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(
		run_program(f, "sh -c 'sleep 1000 & echo $! > {root}/pid'", 0, 0, -1, NULL), 0);
	assert_left_nobody(f);
}

/* With a thread of its own, because the filter stays. Its result: 0, or which program surprised. */
static void *run_without_pidfds(void *arg)
{
	static const struct {
		const char *command;
		uint64_t timeout_ns;
		int error;
		const char *words;
	} cases[] = {
		{"true", 0, 0, ""},
		{"sh -c 'sleep 0.1; echo a; sleep 0.1'", 600 * NS_PER_SECOND, 0, ""},
		{"sh -c 'exit 3'", 600 * NS_PER_SECOND, -EBADMSG, "ended with exit code 3"},
		{"sleep 1000", NS_PER_SECOND, -EBADMSG, "still ran after 1 s"},
	};
	struct fixture *f = arg;
	if (!filter_refuse(SYS_pidfd_open))
		return (void *)-1;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int error = run_program(f, cases[i].command, 0, cases[i].timeout_ns, -1, &err);
		if (error != cases[i].error || !strstr(err.text, cases[i].words))
			return (void *)(i + 1);
	}
	return NULL;
}

static void ends_are_noticed_without_pidfds(void **state)
{
	pthread_t thread;
	void *surprise;
	assert_int_equal(pthread_create(&thread, NULL, run_without_pidfds, *state), 0);
	assert_int_equal(pthread_join(thread, &surprise), 0);
	if (surprise == (void *)-1)
		skip_because("a filter of system calls is refused");
	assert_null(surprise);
}

static void a_program_is_killed_when_the_run_stops(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	assert_int_equal(run_program(f, "sleep 1000", 0, 0, ends[0], &err), -EBADMSG);
	assert_non_null(strstr(err.text, "the run was stopped"));
	close(ends[0]);
}

static void no_descriptor_is_left_open(void **state)
{
	struct fixture *f = *state;
	int before = dup(0);
	close(before);
	for (int i = 0; i < 20; i++)
		run_program(f, i % 2 ? "true" : "./no/such", 0, 0, -1, NULL);
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_program_that_ends_well_is_a_pass),
		TEST(it_is_given_the_root),
		TEST(every_failure_has_its_message),
		TEST(lines_are_counted_when_asked),
		TEST(large_outputs_are_drained),
		TEST(a_hanging_program_is_killed_with_its_children),
		TEST(background_children_end_with_the_program),
		TEST(ends_are_noticed_without_pidfds),
		TEST(a_program_is_killed_when_the_run_stops),
		TEST(no_descriptor_is_left_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
