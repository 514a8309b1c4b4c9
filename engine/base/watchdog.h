/*
 * A thread that reports system calls that do not return, for example because a server is down. It
 * checks all threads of the process (those that read the tree, the library's, the workers) once a
 * second through /proc, which takes no time from them.
 */
#ifndef ENGINE_BASE_WATCHDOG_H
#define ENGINE_BASE_WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/progress.h"

/* The system call in which a thread waits, as shown in /proc, for a message to the user. */

enum { STUCK_WORDS_MAX = 4600 };

enum stuck {
	STUCK_NOT, /* it runs, or waits for a thread, a pipe or a terminal */
	/*
	 * It is in a call on a file, which words describes: "statx of '/mnt/x/y'"; or it waits for
	 * the end of a process that is.
	 */
	STUCK_IN,
	STUCK_UNSEEN, /* /proc does not show the call */
};

enum stuck stuck_call(pid_t tid, char words[STUCK_WORDS_MAX]);

struct watchdog;

/* Interval of the checks; messages give durations in this unit, as seconds. */
enum { WATCHDOG_TICK_MS = 1000 };

/*
 * Starts the watchdog. A call that has not returned at five checks in a row is reported to
 * progress, and once more when progress is stopped. progress->tell is called on the watchdog's
 * thread; progress must outlive it. tick_ms: WATCHDOG_TICK_MS, less in tests. 0; -ENOMEM; -EAGAIN:
 * no thread could be created.
 */
int watchdog_start(struct watchdog **watchdog, const struct progress *progress, unsigned tick_ms);
void watchdog_stop(struct watchdog *watchdog); /* accepts NULL */

/*
 * A pass begins, or ends. No check is made during a pass unless it has lasted since the previous
 * check. Accepts NULL.
 */
void watchdog_busy(struct watchdog *watchdog, bool begins);

#endif
