#include "engine/gate/worker/peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

/* Workers are shell scripts here: whatever a stranger may do, a script can. */
static struct scratch scratch;

static int set_up(void **state)
{
	(void)state;
	return scratch_make(&scratch) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

static const char *script(const char *text, char *path)
{
	assert_true(snprintf(path, PATH_MAX, "%s/worker", scratch.path) < PATH_MAX);
	unlink(path);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "#!/bin/bash\n%s\n", text);
	assert_int_equal(fchmod(fileno(file), 0755), 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

static int start(struct peer **peer, const char *program, const volatile int *stop, struct err *err)
{
	const struct peer_request request = {
		.name = "head",
		.program = program,
		.order = {.arm = "lstat", .root = "/", .cpus = "0", .timeout_ns = 1},
		.stop = stop,
	};
	return peer_start(peer, &request, err);
}

#define SAY(words) "printf '" words "' >&3; "
#define HEAR       "read -r -N 4 -u 3 question; " /* "pass" */
#define READY      SAY("loaded") SAY("ready 1 5 5-a fetch 1 1")

static void a_worker_is_asked_and_answers(void **state)
{
	char path[PATH_MAX];
	struct worker_ready ready;
	struct worker_pass pass;
	struct worker_counts counts;
	struct peer *peer = NULL;
	(void)state;
	script(READY HEAR SAY("pass 100 90 0 1 1 ")
		       HEAR SAY("pass 200 90 0 1 0 waited") "read -r -N 6 -u 3 question; " SAY(
			       "counts a=1") "read -r -N 4 -u 3 x",
	       path);
	assert_int_equal(start(&peer, path, NULL, NULL), 0);
	assert_int_equal(peer_ready(peer, &ready, NULL), 0);
	assert_int_equal(ready.entries, 5);
	assert_int_equal(peer_pass(peer, &pass, NULL), 0);
	assert_true(pass.wall_ns == 100 && pass.clean);
	assert_int_equal(peer_pass(peer, &pass, NULL), 0);
	assert_true(pass.wall_ns == 200 && !pass.clean);
	assert_int_equal(peer_counts(peer, &counts, NULL), 0);
	assert_int_equal(counts.n, 1);
	peer_stop(peer);
}

static const struct {
	const char *text;
	int code;
	const char *words;
} strangers[] = {
	{"exit 0", -EBADMSG, "cannot run as a worker of statmark: it ended with exit code 0"},
	{"echo 'no command worker' >&2; exit 2", -EBADMSG, "exit code 2: no command worker"},
	{"kill -KILL $$", -EBADMSG, "was killed by signal 9 (SIGKILL)"},
	{SAY("ready 2 5 5-a fetch 1 1"), -EBADMSG, "uses worker protocol 2, expected 1"},
	{SAY("Hello, world!"), -EBADMSG, "sent 'Hello, world!', which is not in worker protocol 1"},
	{SAY("a\\0b"), -EBADMSG, "sent 'a?b'"},
	{SAY("loaded") SAY("loaded"), -EBADMSG, "sent 'loaded'"},
	{SAY("refused 95 statx is missing"), -ENOTSUP, "head: statx is missing"},
	{SAY("loaded") "exit 7", -EBADMSG, "its worker ended with exit code 7"},
	{SAY("loaded") "sleep 100", -EBADMSG, "did not answer within 15 s; raise --timeout"},
	{"printf 'x%.0s' {1..5000} >&3", -EBADMSG, "sent 'xxxx"},
};

static void strangers_are_recognised(void **state)
{
	char path[PATH_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		struct worker_ready ready;
		struct err err = {0};
		struct peer *peer = NULL;
		assert_int_equal(start(&peer, script(strangers[i].text, path), NULL, NULL), 0);
		int error = peer_ready(peer, &ready, &err);
		peer_stop(peer);
		if (error != strangers[i].code || !strstr(err.text, strangers[i].words))
			fail_msg("%s: %d '%s', not %d '%s'", strangers[i].text, error, err.text,
				 strangers[i].code, strangers[i].words);
	}
}

static void a_worker_may_break_later(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{READY HEAR SAY("failed wrong answer: x"), "head: wrong answer: x"},
		{READY HEAR "exit 3", "its worker ended with exit code 3"},
		{READY HEAR "kill -SEGV $$", "its worker was killed by signal 11 (SIGSEGV)"},
		{READY HEAR SAY("pass x"), "sent 'pass x'"},
		{READY "exit 0", "its worker ended with exit code 0"},
		{READY "sleep 100", "did not answer within 5 s; raise --timeout"},
	};
	char path[PATH_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct worker_ready ready;
		struct worker_pass pass;
		struct err err = {0};
		struct peer *peer = NULL;
		assert_int_equal(start(&peer, script(rows[i].text, path), NULL, NULL), 0);
		assert_int_equal(peer_ready(peer, &ready, NULL), 0);
		assert_int_equal(peer_pass(peer, &pass, &err), -EBADMSG);
		peer_stop(peer);
		if (!strstr(err.text, rows[i].words))
			fail_msg("%s: '%s' lacks '%s'", rows[i].text, err.text, rows[i].words);
	}
}

/* What the worker notices of its end it writes down; bash waits for it in a read. */
static bool notices(const char *arm, int stopped, const char *note)
{
	char path[PATH_MAX], text[3 * PATH_MAX];
	volatile int stop = 0;
	struct worker_ready ready;
	struct peer *peer = NULL;
	snprintf(text, sizeof(text),
		 "trap 'touch %s/told' TERM; " READY "read -r -N 4 -u 3 question; touch %s/left",
		 scratch.path, scratch.path);
	const struct peer_request request = {
		.name = "head",
		.program = script(text, path),
		.order = {.arm = arm, .root = "/", .cpus = "0", .timeout_ns = 1},
		.stop = &stop,
	};
	unlinkat(scratch.fd, "told", 0);
	unlinkat(scratch.fd, "left", 0);
	assert_int_equal(peer_start(&peer, &request, NULL), 0);
	assert_int_equal(peer_ready(peer, &ready, NULL), 0);
	stop = stopped;
	peer_stop(peer);
	return faccessat(scratch.fd, note, F_OK, 0) == 0;
}

/* One that measures is killed: it has nothing to put away. One that runs programs ends them. */
static void a_stopped_gate_waits_for_no_worker(void **state)
{
	(void)state;
	assert_true(notices("lstat", 0, "left"));
	assert_false(notices("lstat", 0, "told"));
	assert_false(notices("lstat", 1, "left"));
	assert_false(notices("exec:x", 0, "told"));
	assert_true(notices("exec:x", 1, "told"));
}

static void a_program_that_cannot_be_executed_is_refused(void **state)
{
	char path[PATH_MAX];
	struct peer *peer = NULL;
	struct err err = {0};
	(void)state;
	assert_true(start(&peer, "/no/such/program", NULL, &err) < 0);
	assert_non_null(strstr(err.text, "/no/such/program cannot be executed"));
	script("exit 0", path);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(start(&peer, path, NULL, NULL), -EBADMSG);
	assert_null(peer);
}

static void waiting_can_be_stopped(void **state)
{
	const volatile int stop = 1;
	char path[PATH_MAX];
	struct worker_ready ready;
	struct peer *peer = NULL;
	(void)state;
	assert_int_equal(start(&peer, script("sleep 100", path), &stop, NULL), 0);
	assert_int_equal(peer_ready(peer, &ready, NULL), -EINTR);
	peer_stop(peer);
}

/* Its children are killed with it, because it leads a group of its own. */
static void children_are_killed_with_their_worker(void **state)
{
	char path[PATH_MAX], text[PATH_MAX + 128];
	struct worker_ready ready;
	struct peer *peer = NULL;
	(void)state;
	snprintf(text, sizeof(text), "trap '' TERM; sleep 1000 & echo $! > %s/pid; " READY "wait",
		 scratch.path);
	assert_int_equal(start(&peer, script(text, path), NULL, NULL), 0);
	assert_int_equal(peer_ready(peer, &ready, NULL), 0);
	peer_stop(peer);
	int fd = openat(scratch.fd, "pid", O_RDONLY | O_CLOEXEC);
	char digits[32] = "";
	assert_true(read(fd, digits, sizeof(digits) - 1) > 0);
	close(fd);
	pid_t pid = (pid_t)strtol(digits, NULL, 10);
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 6000; i++) {
		char stat[256] = "";
		fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = fd < 0 ? 0 : read(fd, stat, sizeof(stat) - 1);
		if (fd >= 0)
			close(fd);
		if (got <= 0 || strstr(stat, ") Z "))
			return;
		usleep(10000);
	}
	fail_msg("%d lives on", (int)pid);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_worker_is_asked_and_answers),
		TEST(strangers_are_recognised),
		TEST(a_worker_may_break_later),
		TEST(a_program_that_cannot_be_executed_is_refused),
		TEST(waiting_can_be_stopped),
		TEST(children_are_killed_with_their_worker),
		TEST(a_stopped_gate_waits_for_no_worker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
