#include "reports/plots/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"

enum { CHECK_MS = 50 }; /* interval of looking for a stop */

static int add_actions(posix_spawn_file_actions_t *actions, int dir, int messages)
{
	int error = posix_spawn_file_actions_addfchdir_np(actions, dir);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, messages, 2);
	return -error;
}

static int spawn(int dir, const char *script, bool is_dark, int messages, pid_t *pid)
{
	char *const argv[] = {"gnuplot",
			      "--default-settings",
			      "-e",
			      is_dark ? "DARK=1" : "DARK=0",
			      (char *)(uintptr_t)script,
			      NULL};
	posix_spawn_file_actions_t actions;
	int error = -posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = add_actions(&actions, dir, messages);
	if (!error)
		error = -posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

struct messages {
	char text[4096];
	size_t used;
};

/* Keeps the beginning. False: the end was reached. */
static bool read_some(int fd, struct messages *m)
{
	char more[4096];
	ssize_t n = read(fd, more, sizeof(more));
	if (n <= 0)
		return n < 0 && errno == EINTR;
	size_t room = sizeof(m->text) - 1 - m->used;
	size_t kept = (size_t)n < room ? (size_t)n : room;
	memcpy(m->text + m->used, more, kept);
	m->used += kept;
	return true;
}

/* Reads all output of gnuplot, so that it never blocks. -EINTR: stopped; -ETIMEDOUT. */
static int read_messages(int fd, struct messages *m, const volatile int *stop, uint64_t until_ns)
{
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int n = poll(&ready, 1, CHECK_MS);
		if (stop && *stop)
			return -EINTR;
		if (until_ns && clock_ns() >= until_ns)
			return -ETIMEDOUT;
		if (n > 0 && !read_some(fd, m))
			return 0;
	}
}

/*
 * gnuplot prints the line of the script and points at the error with ^. The last line that is not
 * empty is the message.
 */
static const char *last_line(char *text)
{
	const char *last = "no reason given";
	for (char *line = strtok_r(text, "\n", &text); line; line = strtok_r(NULL, "\n", &text)) {
		line += strspn(line, " \t^");
		if (*line)
			last = line;
	}
	return last;
}

static int check_end(int status, const char *script, char *text, struct err *err)
{
	struct arena *arena;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	arena = arena_new();
	const char *words = arena ? text_visible(arena, last_line(text)) : NULL;
	if (WIFSIGNALED(status))
		err_set(err, -EIO, "gnuplot was killed by signal %d in %s", WTERMSIG(status),
			script);
	else
		err_set(err, -EIO, "gnuplot failed in %s: %s", script,
			words ? words : "no message");
	arena_free(arena);
	return -EIO;
}

static int wait_for(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int gnuplot_run(int dir, const char *script, bool is_dark, const volatile int *stop,
		uint64_t until_ns, struct err *err)
{
	struct messages messages = {.used = 0};
	int ends[2], status;
	pid_t pid;
	if (pipe2(ends, O_CLOEXEC))
		return err_errno(err, -errno, "cannot start gnuplot");
	int error = spawn(dir, script, is_dark, ends[1], &pid);
	close(ends[1]);
	int stopped = error ? 0 : read_messages(ends[0], &messages, stop, until_ns);
	close(ends[0]);
	if (stopped)
		kill(pid, SIGKILL);
	if (!error)
		error = wait_for(pid, &status);
	if (error)
		return err_errno(err, error, "cannot start gnuplot");
	if (stopped == -ETIMEDOUT)
		return err_set(err, stopped, "the time was up while gnuplot was drawing");
	if (stopped)
		return err_set(err, stopped, "interrupted while gnuplot was drawing");
	return check_end(status, script, messages.text, err);
}
