/*
 * Which call of the kernel a thread waits in, as /proc tells it: for the words to a person whose
 * server does not answer. It costs the watched thread nothing.
 */
#ifndef ENGINE_BASE_STUCK_H
#define ENGINE_BASE_STUCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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
	STUCK_UNSEEN, /* what it waits for is not told here */
};

enum stuck stuck_call(pid_t tid, char words[STUCK_WORDS_MAX]);

#endif
