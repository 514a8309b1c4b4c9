/*
 * Creates threads, the only place in the harness and the datasets that does so: the workers of a
 * run, the threads that create or remove a tree, those of the simulated server, the watchdog. (The
 * library creates its own: strategies/flist.) Signals are blocked in all of them, so that only
 * calls of the main thread are interrupted.
 */
#ifndef ENGINE_BASE_THREADS_H
#define ENGINE_BASE_THREADS_H

struct threads;

/*
 * Creates n threads, each of which calls fn(arg, index), index below n, and ends when fn returns.
 * 0, or -errno if not all could be created: then *threads has those with the lowest indexes, or is
 * NULL. To be released by threads_join.
 */
int threads_start(struct threads **threads, unsigned n, void (*fn)(void *arg, unsigned index),
		  void *arg);

unsigned threads_count(const struct threads *threads); /* NULL: 0 */

/* Waits until all have ended and frees threads; accepts NULL. */
void threads_join(struct threads *threads);

#endif
