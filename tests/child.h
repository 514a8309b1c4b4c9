/* For what cannot be undone or must not be root: a process of its own. */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include <grp.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

/*
 * Runs fn in a child; its result, 0 .. 255. It must not assert: the test is not in that process.
 */
static inline int in_child(int (*fn)(const void *arg), const void *arg)
{
	pid_t pid = fork();
	int status;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Makes root an ordinary user, and leaves others who they are. */
static inline bool become_nobody(void)
{
	enum { NOBODY = 65534 };
	if (geteuid() != 0)
		return true;
	return !setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY);
}

#endif
