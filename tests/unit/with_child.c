#include "tests/unit/with_child.h"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

int in_child(int (*fn)(const void *arg), const void *arg)
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

bool become_nobody(void)
{
	enum { NOBODY = 65534 };
	if (geteuid() != 0)
		return true;
	return !setgroups(0, NULL) && !setgid(NOBODY) && !setuid(NOBODY);
}
