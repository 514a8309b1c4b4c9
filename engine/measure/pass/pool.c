#include "engine/measure/pass/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "engine/measure/pass/crew.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	/* Written with the lock held; read without the lock only while spinning. */
	_Atomic unsigned ticket;  /* incremented with each job, and at the end of the pass */
	_Atomic unsigned pending; /* helpers that have not finished the job */
	bool over, crowded;
	unsigned size, n;
	void (*job)(void *arg, unsigned index);
	void *arg;
};

/*
 * Waking a thread takes tens of microseconds, so a thread that waits spins for about that long
 * before it sleeps.
 */
enum { SPINS = 500 };

static void spin_while(const struct pool *pool, const _Atomic unsigned *number, unsigned value)
{
	for (int i = 0; i < SPINS && !pool->crowded && atomic_load(number) == value; i++)
		pause_cpu();
}

struct pool *pool_new(unsigned size, bool crowded)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return NULL;
	pool->size = size;
	pool->crowded = crowded;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->done, NULL);
	return pool;
}

void pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void pool_open(struct pool *pool)
{
	atomic_store(&pool->ticket, 0);
	atomic_store(&pool->pending, 0);
	pool->over = false;
}

/* Wakes the helpers. The lock must be held. */
static void call_helpers(struct pool *pool)
{
	atomic_fetch_add(&pool->ticket, 1);
	pthread_cond_broadcast(&pool->work);
}

void pool_help(struct pool *pool, unsigned index)
{
	unsigned seen = 0;
	bool over = false;
	while (!over) {
		spin_while(pool, &pool->ticket, seen);
		pthread_mutex_lock(&pool->lock);
		while (atomic_load(&pool->ticket) == seen)
			pthread_cond_wait(&pool->work, &pool->lock);
		/*
		 * This helper may have missed jobs with fewer workers, but never a job of its own:
		 * pool_run waits for it.
		 */
		seen = atomic_load(&pool->ticket);
		over = pool->over;
		bool mine = !over && index < pool->n;
		pthread_mutex_unlock(&pool->lock);
		if (!mine)
			continue;
		pool->job(pool->arg, index);
		pthread_mutex_lock(&pool->lock);
		if (atomic_fetch_sub(&pool->pending, 1) == 1)
			pthread_cond_signal(&pool->done);
		pthread_mutex_unlock(&pool->lock);
	}
}

static void await_helpers(struct pool *pool)
{
	for (unsigned pending; (pending = atomic_load(&pool->pending));) {
		spin_while(pool, &pool->pending, pending);
		pthread_mutex_lock(&pool->lock);
		if (atomic_load(&pool->pending) == pending)
			pthread_cond_wait(&pool->done, &pool->lock);
		pthread_mutex_unlock(&pool->lock);
	}
}

int pool_run(void *opaque, unsigned n, void (*job)(void *arg, unsigned index), void *arg)
{
	struct pool *pool = opaque;
	if (n > pool->size)
		return -EINVAL;
	if (n > 1) {
		pthread_mutex_lock(&pool->lock);
		pool->n = n;
		pool->job = job;
		pool->arg = arg;
		atomic_store(&pool->pending, n - 1);
		call_helpers(pool);
		pthread_mutex_unlock(&pool->lock);
	}
	if (n)
		job(arg, 0);
	await_helpers(pool);
	return 0;
}

void pool_dismiss(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->over = true;
	call_helpers(pool);
	pthread_mutex_unlock(&pool->lock);
}
