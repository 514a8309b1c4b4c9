#include "engine/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "tests/child.h"
#include "tests/test.h"
#include "tests/unit/with_filter.h"

/* All that the other end of a pipe says until everybody has closed it. */
static void read_all(int fd, char *text, size_t size)
{
	size_t n = 0;
	ssize_t got;
	while (n + 1 < size && (got = read(fd, text + n, size - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = '\0';
	close(fd);
}

static void say(struct child_request request, const char *command, char *text, size_t size)
{
	struct child child;
	int ends[2], status;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	request.shell = command;
	request.out = ends[1];
	assert_int_equal(child_start(&child, &request), 0);
	close(ends[1]);
	read_all(ends[0], text, size);
	assert_int_equal(child_wait(&child, 0, NULL, &status), CHILD_ENDED);
	assert_int_equal(status, 0);
}

static void the_end_of_a_program_is_reported(void **state)
{
	static const struct {
		const char *command, *story;
	} cases[] = {
		{"exit 0", "ended with exit code 0"},
		{"exit 3", "ended with exit code 3"},
		{"kill -SEGV $$", "was killed by signal 11 (SIGSEGV)"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct child_request request = {.shell = cases[i].command};
		char story[CHILD_END_MAX];
		struct child child;
		int status;
		assert_int_equal(child_start(&child, &request), 0);
		assert_int_equal(child_wait(&child, 0, NULL, &status), CHILD_ENDED);
		assert_string_equal(child_end_text(status, story), cases[i].story);
		assert_int_equal(child.pid, 0);
	}
}

#ifndef __SANITIZE_THREAD__ /* makes a fork of vfork, whose child's errno stays its own */
static void a_program_that_cannot_be_executed_is_an_error(void **state)
{
	const char *const argv[] = {"/no/such/program", NULL};
	const struct child_request request = {.argv = argv};
	struct child child;
	(void)state;
	assert_int_equal(child_start(&child, &request), -ENOENT);
	assert_int_equal(child.pid, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}
#endif

static void input_is_empty_and_descriptors_are_as_requested(void **state)
{
	char text[256];
	(void)state;
	say((struct child_request){.dir = "/"},
	    "cat; pwd; for fd in 3 4 5 6 7 8 9 10 11; do test -e /proc/$$/fd/$fd && echo $fd; "
	    "done; :",
	    text, sizeof(text));
	assert_string_equal(text, "/\n");
	say((struct child_request){.third = 1}, "test -e /proc/$$/fd/3 && echo third", text,
	    sizeof(text));
	assert_string_equal(text, "third\n");
}

/* What an ancestor ignores or blocks would otherwise be ignored or blocked across an exec. */
static void signals_have_their_defaults(void **state)
{
	char text[256];
	sigset_t some, before;
	(void)state;
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, &before);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	say((struct child_request){0}, "sed -n 's/^Sig\\(Blk\\|Ign\\):\t//p' /proc/self/status",
	    text, sizeof(text));
	signal(SIGPIPE, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* Signals 32 and 33 are the C library's own: nobody can set them. */
	unsigned long long blocked = ~0ULL, ignored = ~0ULL;
	assert_int_equal(sscanf(text, "%llx %llx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored & ~0x180000000ULL, 0);
}

/* It and what it started hold the pipe; the end of the pipe is the end of all of them. */
static void a_stopped_command_ends_with_its_whole_group(void **state)
{
	static const char *const commands[] = {
		"sleep 1000 & echo; wait",
		"trap '' TERM; sleep 1000 & echo; wait",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		int ends[2], status, stop = 0;
		char text[16];
		struct child child;
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		const struct child_request request = {.shell = commands[i], .out = ends[1]};
		assert_int_equal(child_start(&child, &request), 0);
		close(ends[1]);
		assert_int_equal(read(ends[0], text, 1), 1); /* so all of it is there */
		if (i == 0) {
			assert_int_equal(child_wait(&child, 1, &stop, &status), CHILD_LATE);
		} else {
			stop = 1;
			assert_int_equal(child_wait(&child, 0, &stop, &status), CHILD_STOPPED);
		}
		read_all(ends[0], text, sizeof(text));
		assert_true(WIFSIGNALED(status));
	}
}

/* A life of statmark that is cut short by SIGKILL, in a process of its own. */
static void all_programs_end_with_their_parent(void **state)
{
	int ends[2];
	char text[16];
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		const struct child_request request = {
			.shell = "sleep 1000 & sleep 1000 & echo; wait", .out = ends[1]};
		struct child child;
		_exit(child_start(&child, &request) || child_wait(&child, 0, NULL, &(int){0}));
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], text, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	read_all(ends[0], text, sizeof(text));
	assert_string_equal(text, "");
}

/* As with kernels before 5.3 and the filters of some containers. */
static int wait_without_pidfd(const void *arg)
{
	const struct child_request quick = {.shell = "exit 5"}, slow = {.shell = "sleep 1000"};
	struct child child;
	int status;
	(void)arg;
	if (!filter_refuse(SYS_pidfd_open))
		return 77;
	if (child_start(&child, &quick) || child.pidfd >= 0)
		return 1;
	if (child_wait(&child, 600 * NS_PER_SECOND, NULL, &status) != CHILD_ENDED ||
	    WEXITSTATUS(status) != 5)
		return 2;
	if (child_start(&child, &slow) || child_wait(&child, 1, NULL, &status) != CHILD_LATE)
		return 3;
	return 0;
}

static void ends_are_noticed_without_pidfds(void **state)
{
	(void)state;
	int code = in_child(wait_without_pidfd, NULL);
	if (code == 77)
		skip_because("a filter of system calls is refused");
	assert_int_equal(code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_end_of_a_program_is_reported),
#ifndef __SANITIZE_THREAD__
		cmocka_unit_test(a_program_that_cannot_be_executed_is_an_error),
#endif
		cmocka_unit_test(input_is_empty_and_descriptors_are_as_requested),
		cmocka_unit_test(signals_have_their_defaults),
		cmocka_unit_test(a_stopped_command_ends_with_its_whole_group),
		cmocka_unit_test(all_programs_end_with_their_parent),
		cmocka_unit_test(ends_are_noticed_without_pidfds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
