/*
 * A thread that reports system calls that do not return, for example because a server is down. It
 * watches all threads of the process (those that read the tree, the library's, the workers) once a
 * second through /proc, which costs them nothing.
 */
#ifndef ENGINE_BASE_WATCHDOG_H
#define ENGINE_BASE_WATCHDOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/progress.h"

/* The system call that a thread waits in, as /proc shows it, for a message to the user. */

enum { STUCK_WORDS_MAX = 4600 };

/* How long a thread of this process has run, in ns; 0: not known. */
uint64_t stuck_ran_ns(pid_t tid);

enum stuck {
	STUCK_NOT, /* it runs, or waits for a thread, a pipe or a terminal */
	/*
	 * It waits for a file, in a call that words names: "statx of '/mnt/x/y'"; or for the end of
	 * a process that does.
	 */
	STUCK_IN,
	STUCK_UNSEEN, /* /proc does not show what it waits for */
};

enum stuck stuck_call(pid_t tid, char words[STUCK_WORDS_MAX]);

struct watchdog;

enum { WATCHDOG_TICK_MS = 1000 }; /* between two looks, and how long the words say that it is */

/*
 * Tells progress of a call that has not returned at five looks in a row, and of every such call
 * again when progress is stopped. progress->tell is called by the watchdog's thread; progress has
 * to outlive it. tick_ms: WATCHDOG_TICK_MS, less in tests. 0; -ENOMEM; -EAGAIN: there may be no
 * thread.
 */
int watchdog_start(struct watchdog **watchdog, const struct progress *progress, unsigned tick_ms);
void watchdog_stop(struct watchdog *watchdog); /* accepts NULL */

/*
 * A pass begins, or ends. Between the two it is not disturbed unless it has lasted from one look to
 * the next. Accepts NULL.
 */
void watchdog_busy(struct watchdog *watchdog, bool begins);

#endif
