#include "engine/base/threads.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "engine/base/util.h"

struct threads {
	void (*fn)(void *arg, unsigned index);
	void *arg;
	unsigned n;
	struct thread {
		const struct threads *of;
		pthread_t id;
		unsigned index;
	} each[];
};

static void *thread_main(void *arg)
{
	const struct thread *t = arg;
	t->of->fn(t->of->arg, t->index);
	return NULL;
}

/* Signals of faults are not blocked, so that a sanitizer reports them in the faulting thread. */
static void block_signals(sigset_t *old)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
	sigset_t mask;
	sigfillset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		sigdelset(&mask, faults[i]);
	pthread_sigmask(SIG_SETMASK, &mask, old);
}

int threads_start(struct threads **out, unsigned n, void (*fn)(void *arg, unsigned index),
		  void *arg)
{
	struct threads *threads = calloc(1, sizeof(*threads) + n * sizeof(*threads->each));
	sigset_t old;
	int error = 0;
	*out = threads;
	if (!threads)
		return -ENOMEM;
	threads->fn = fn;
	threads->arg = arg;
	block_signals(&old);
	for (unsigned i = 0; i < n && !error; i++) {
		threads->each[i] = (struct thread){.of = threads, .index = i};
		error = -pthread_create(&threads->each[i].id, NULL, thread_main, &threads->each[i]);
		threads->n += !error;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

unsigned threads_count(const struct threads *threads)
{
	return threads ? threads->n : 0;
}

void threads_join(struct threads *threads)
{
	for (unsigned i = 0; i < threads_count(threads); i++)
		pthread_join(threads->each[i].id, NULL);
	free(threads);
}
