/*
 * Starts another program, the only place that does: arms of a gate, workers, the user's commands
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

/* Descriptors: 0 stands for /dev/null. Each may be given several times. */
struct child_request {
	const char *const *argv; /* NULL-terminated */
	const char *program;     /* path of the program; NULL: argv[0], looked for in PATH */
	const char *shell;       /* instead of argv: a command for /bin/sh */
	const char *dir;         /* where it begins; NULL: where we are */
	const cpu_set_t *cpus;   /* that it may use; NULL: those of the calling thread */
	int in, out, err;        /* its descriptors 0, 1 and 2 */
	int third;               /* its descriptor 3; 0: none */
	bool mounts;             /* may mount what we may, also by the right of a user namespace */
	bool lives_on; /* notices itself that statmark has ended, and ends what it started */
};

struct child {
	pid_t pid; /* 0: there is none, or it was reaped */
	int pidfd; /* a pidfd: readable once it has ended; -1 where the kernel has none */
	pid_t guard;
	int leash;
};

enum child_end { CHILD_ENDED, CHILD_LATE, CHILD_STOPPED };

/*
 * The calling thread has to outlive the child: the kernel ends the child with that thread. Of a
 * shell's command everything in its process group ends with statmark, of a program the program.
 * Errors: those of execve(2) and fork(2), without words.
 */
int child_start(struct child *child, const struct child_request *request);

/*
 * Until it ends. After timeout_ns (0: no bound) or once *stop (may be NULL) is nonzero its whole
 * group is asked to end, and killed if it does not do so at once. It is reaped in any case; *status
 * is that of waitpid(2).
 */
enum child_end child_wait(struct child *child, uint64_t timeout_ns, const volatile int *stop,
			  int *status);

/* Waits so long for its end, without reaping it; false: it still runs. */
bool child_ended(const struct child *child, int timeout_ms);

/* Kills what is left of its group, reaps it and returns its status; 0 where there is none. */
int child_kill(struct child *child);

enum { CHILD_STORY_MAX = 64 };

/* "ended with exit code 3", "was killed by signal 9 (SIGKILL)"; returns story. */
const char *child_story(int status, char story[CHILD_STORY_MAX]);

enum { CHILD_WORDS_MAX = 512 };

/* The beginning of what it printed into that file, in one line. */
void child_words(int fd, char words[CHILD_WORDS_MAX]);

#endif
