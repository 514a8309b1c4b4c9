#include "reports/plots/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/text.h"

static int add_actions(posix_spawn_file_actions_t *actions, const char *dir, int complaints)
{
	int error = posix_spawn_file_actions_addchdir_np(actions, dir);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, complaints, 2);
	return -error;
}

static int spawn(const char *dir, const char *script, int complaints, pid_t *pid)
{
	char *const argv[] = {"gnuplot", "--default-settings", (char *)(uintptr_t)script, NULL};
	posix_spawn_file_actions_t actions;
	int error = -posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = add_actions(&actions, dir, complaints);
	if (!error)
		error = -posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* All of it is read, so that gnuplot never blocks; the first `size` bytes are kept. */
static void read_complaints(int fd, char *text, size_t size)
{
	char more[4096];
	size_t used = 0;
	ssize_t n;
	while ((n = read(fd, more, sizeof(more))) > 0 || (n < 0 && errno == EINTR)) {
		size_t kept = n > 0 ? (size_t)n : 0;
		kept = kept < size - 1 - used ? kept : size - 1 - used;
		memcpy(text + used, more, kept);
		used += kept;
	}
	text[used] = '\0';
}

/* gnuplot echoes the line and points at it with ^; the last line that is not empty says why. */
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

static int judge(int status, const char *script, char *text, struct err *err)
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
		err_set(err, -EIO, "gnuplot failed in %s: %s", script, words ? words : "?");
	arena_free(arena);
	return -EIO;
}

int gnuplot_run(const char *dir, const char *script, struct err *err)
{
	char text[4096];
	int ends[2], status;
	pid_t pid;
	if (pipe2(ends, O_CLOEXEC))
		return err_errno(err, -errno, "gnuplot");
	int error = spawn(dir, script, ends[1], &pid);
	close(ends[1]);
	if (!error)
		read_complaints(ends[0], text, sizeof(text));
	close(ends[0]);
	if (error)
		return err_errno(err, error, "gnuplot");
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_errno(err, -errno, "gnuplot");
	}
	return judge(status, script, text, err);
}
