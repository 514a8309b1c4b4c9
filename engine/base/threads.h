/*
 * Makes threads, the only place in the harness and the datasets that does: the workers of a run,
 * the threads that share a tree, those of the simulated server, the watchdog. (The library makes
 * its own: strategies/flist.) Signals are blocked in all of them, so that only calls of the main
 * thread are interrupted.
 */
#ifndef ENGINE_BASE_THREADS_H
#define ENGINE_BASE_THREADS_H

struct threads;

/*
 * Makes n threads, of which each calls fn(arg, index), index below n, and ends when that returns.
 * 0, or -errno when not all can be had: those with the lowest indexes are there then, none where
 * *threads is NULL.
 */
int threads_start(struct threads **threads, unsigned n, void (*fn)(void *arg, unsigned index),
		  void *arg);

unsigned threads_count(const struct threads *threads); /* accepts NULL: 0 */

/* Waits for their end; accepts NULL. */
void threads_join(struct threads *threads);

#endif
