/*
 * statmark_fs MODE[=NUMBER] DIR COMMAND...: runs a command that finds a misbehaving filesystem on
 * DIR. Exits as the command does; 77 where it cannot be mounted. `statmark_fs` alone lists the
 * modes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fs/fs.h"

static const struct fs_mode *find(const char *word)
{
	size_t len = strcspn(word, "=");
	for (size_t i = 0; i < FS_FAULTS; i++) {
		if (strlen(fs_modes[i].name) == len && strncmp(word, fs_modes[i].name, len) == 0)
			return &fs_modes[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct fs_mode *mode = argc > 3 ? find(argv[1]) : NULL;
	const char *number = mode ? strchr(argv[1], '=') : NULL;
	int status = 0;
	if (!mode) {
		for (size_t i = 0; i < FS_FAULTS; i++)
			puts(fs_modes[i].name);
		return argc > 1 ? 2 : 0;
	}
	int error = fs_mount(argv[2], mode->fault,
			     number ? (unsigned)strtoul(number + 1, NULL, 10) : 0);
	if (error) {
		fprintf(stderr, "statmark_fs: cannot mount: %s\n", strerror(-error));
		return 77;
	}
	pid_t pid = fork();
	if (pid == 0) {
		execvp(argv[3], argv + 3);
		perror(argv[3]);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	fs_unmount(argv[2]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
