/*
 * Starts other programs, the only place that does so: arms of a gate, workers, the user's commands
 * that make caches cold, gnuplot. A child leads a process group of its own, has default signal
 * handling, and is killed when statmark ends, however it ends.
 */
#ifndef ENGINE_BASE_CHILD_H
#define ENGINE_BASE_CHILD_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"

/* in, out, err: 0 means /dev/null. A descriptor can be used several times. */
struct child_request {
	const char *const *argv; /* NULL-terminated */
	const char *program;     /* path of the program; NULL: argv[0], searched in PATH */
	const char *shell;       /* instead of argv: a command for /bin/sh */
	const char *dir;         /* its working directory; NULL: that of this process */
	const cpu_set_t *cpus;   /* its CPU affinity; NULL: that of the calling thread */
	int in, out, err;        /* its descriptors 0, 1 and 2 */
	int third;               /* its descriptor 3; 0: none */
	bool mounts;             /* keeps the right to mount, also that of a user namespace */
	/*
	 * Is not killed with statmark: it detects that statmark has ended, and ends what it
	 * started.
	 */
	bool lives_on;
};

struct child {
	pid_t pid;      /* 0: none, or reaped */
	int pidfd;      /* readable once the child has ended; -1: not supported by the kernel */
	pid_t guard;    /* of a shell command: kills its group when guard_pipe is closed */
	int guard_pipe; /* -1: none */
};

enum child_end { CHILD_ENDED, CHILD_LATE, CHILD_STOPPED };

/*
 * Starts a child; it is released by child_wait or child_kill. The calling thread must outlive it:
 * the kernel kills the child when that thread ends. When statmark ends, the process group of a
 * shell command is killed, but of a program only the program itself. 0, or the -errno of execve(2),
 * fork(2) or pipe(2), without a message.
 */
int child_start(struct child *child, const struct child_request *request);

/*
 * Waits until the child ends. After timeout_ns (0: no limit), or once *stop (may be NULL) is not 0,
 * its whole process group gets SIGTERM, and SIGKILL if it has not ended 100 ms later. The child is
 * reaped in every case; *status is that of waitpid(2).
 */
enum child_end child_wait(struct child *child, uint64_t timeout_ns, const volatile int *stop,
			  int *status);

/* Waits at most timeout_ms for its end, without reaping it; false: it still runs. */
bool child_ended(const struct child *child, int timeout_ms);

/*
 * Kills what is left of its process group, reaps it and returns its status; 0 if there is no child.
 */
int child_kill(struct child *child);

enum { CHILD_END_MAX = 64 };

/* "ended with exit code 3", "was killed by signal 9 (SIGKILL)"; returns end_text. */
const char *child_end_text(int status, char end_text[CHILD_END_MAX]);

enum { CHILD_WORDS_MAX = 512 };

/* Copies the beginning of the output in file fd, as one line. */
void child_words(int fd, char words[CHILD_WORDS_MAX]);

#endif
