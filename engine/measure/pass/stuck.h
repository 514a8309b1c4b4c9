/*
 * Which call of the kernel a thread waits in, as /proc tells it: for the words to a person whose
 * server does not answer. It costs the watched thread nothing.
 */
#ifndef ENGINE_MEASURE_PASS_STUCK_H
#define ENGINE_MEASURE_PASS_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { STUCK_WORDS_MAX = 4600 };

/* How long a thread of this process has run, in ns; 0: not known. */
uint64_t stuck_ran_ns(pid_t tid);

/*
 * Writes what it waits for: "newfstatat of '/mnt/x/y'", or "a call that cannot be seen". False when
 * it waits for another thread, or runs.
 */
bool stuck_call(pid_t tid, char words[STUCK_WORDS_MAX]);

#endif
