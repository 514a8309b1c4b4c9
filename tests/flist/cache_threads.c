/* The stat cache, asked by many threads at once. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "strategies/flist/flist.h"
#include "tests/flist/with_cache.h"
#include "tests/test.h"

enum { THREADS = 8 };

/* A back end whose first call waits for a sign, so that others can arrive meanwhile. */
struct gate {
	struct flist_cache *cache;
	sem_t entered, open;
	_Atomic uint64_t calls;
	int status; /* of the first call */
};

static int fetch_gate(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	struct gate *gate = arg;
	uint64_t call = atomic_fetch_add(&gate->calls, 1) + 1;
	(void)path;
	(void)flags;
	*meta = (struct flist_meta){.ino = call};
	if (call > 1)
		return 0;
	sem_post(&gate->entered);
	sem_wait(&gate->open);
	return gate->status;
}

struct asker {
	pthread_t thread;
	struct gate *gate;
	const struct flist_meta *meta;
	int ret;
};

static void *ask(void *arg)
{
	struct asker *a = arg;
	a->ret = flist_cache_get(a->gate->cache, "path", 0, &a->meta);
	return NULL;
}

static void gate_init(struct gate *gate, int status)
{
	*gate = (struct gate){.status = status};
	sem_init(&gate->entered, 0, 0);
	sem_init(&gate->open, 0, 0);
	gate->cache = with_cache(&(struct flist_cache_options){.fetch = fetch_gate, .arg = gate});
}

static void gate_release(struct gate *gate)
{
	flist_cache_free(gate->cache);
	sem_destroy(&gate->entered);
	sem_destroy(&gate->open);
}

static void start(struct asker *a, struct gate *gate)
{
	a->gate = gate;
	assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
}

/* All threads ask for one path before the one call that answers them returns. */
static void ask_at_once(struct gate *gate, struct asker *askers)
{
	start(&askers[0], gate);
	sem_wait(&gate->entered);
	for (int i = 1; i < THREADS; i++)
		start(&askers[i], gate);
	while (flist_cache_hits(gate->cache) < THREADS - 1)
		sched_yield();
	assert_false(cache_peek(gate->cache, "path"));
	assert_int_equal(flist_cache_length(gate->cache), 0);
	sem_post(&gate->open);
	for (int i = 0; i < THREADS; i++)
		pthread_join(askers[i].thread, NULL);
	assert_int_equal(gate->calls, 1);
}

static void one_call_answers_simultaneous_requests(void **state)
{
	struct asker askers[THREADS] = {0};
	struct gate gate;
	(void)state;
	gate_init(&gate, 0);
	ask_at_once(&gate, askers);
	cache_counts(gate.cache, 1, THREADS - 1, 1);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(askers[i].ret, 0);
		assert_ptr_equal(askers[i].meta, askers[0].meta);
		assert_int_equal(askers[i].meta->ino, 1);
		flist_meta_unref(askers[i].meta);
	}
	gate_release(&gate);
}

static void one_error_answers_simultaneous_requests(void **state)
{
	struct asker askers[THREADS] = {0};
	struct gate gate;
	(void)state;
	gate_init(&gate, -EIO);
	ask_at_once(&gate, askers);
	cache_counts(gate.cache, 0, THREADS - 1, 1);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(askers[i].ret, -EIO);
		assert_null(askers[i].meta);
	}
	flist_meta_unref(cache_get(gate.cache, "path", 0));
	assert_int_equal(gate.calls, 2);
	gate_release(&gate);
}

static void remove_path(struct flist_cache *cache)
{
	flist_cache_remove(cache, "path", 0);
}

static void insert_path(struct flist_cache *cache)
{
	assert_int_equal(flist_cache_insert(cache, "path", 0, &(struct flist_meta){.ino = 2}), 0);
}

/* What is asked for after a change never comes from a call that began before it. */
static void overtake(void (*change)(struct flist_cache *cache), int status)
{
	struct asker slow = {0};
	struct gate gate;
	const struct flist_meta *meta;
	gate_init(&gate, status);
	start(&slow, &gate);
	sem_wait(&gate.entered);
	change(gate.cache);
	meta = cache_get(gate.cache, "path", 0);
	assert_int_equal(meta->ino, 2);
	flist_meta_unref(meta);
	sem_post(&gate.open);
	pthread_join(slow.thread, NULL);
	assert_int_equal(slow.ret, status);
	assert_int_equal(slow.meta ? slow.meta->ino : 0, status ? 0 : 1);
	flist_meta_unref(slow.meta);
	meta = cache_get(gate.cache, "path", 0);
	assert_int_equal(meta->ino, 2);
	assert_int_equal(flist_cache_length(gate.cache), 1);
	flist_meta_unref(meta);
	gate_release(&gate);
}

static void a_slow_fetch_never_undoes_a_change(void **state)
{
	void (*const changes[])(struct flist_cache *) = {remove_path, insert_path,
							 flist_cache_clear};
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		overtake(changes[i], 0);
		overtake(changes[i], -EIO);
	}
}

struct crowd {
	struct flist_cache *cache;
	_Atomic uint64_t gets, wrong;
	_Atomic unsigned seed;
};

/* Asks, peeks, puts in and takes out at random; counts answers to other questions. */
static void *mill_about(void *arg)
{
	enum { OPS = 20000, PATHS = 400 };
	struct crowd *crowd = arg;
	unsigned seed = atomic_fetch_add(&crowd->seed, 1);
	uint64_t gets = 0;
	char path[24];
	for (int i = 0; i < OPS; i++) {
		uint64_t n = (uint64_t)rand_r(&seed) % PATHS;
		int what = rand_r(&seed) % 64;
		const struct flist_meta *meta = NULL;
		cache_number(n, path);
		if (what == 0)
			flist_cache_remove(crowd->cache, path, 0);
		else if (what == 1)
			flist_cache_insert(crowd->cache, path, 0, &(struct flist_meta){.ino = n});
		else if (what < 4)
			flist_cache_peek(crowd->cache, path, 0, &meta);
		else if (++gets && flist_cache_get(crowd->cache, path, 0, &meta))
			atomic_fetch_add(&crowd->wrong, 1);
		if (meta && meta->ino != n)
			atomic_fetch_add(&crowd->wrong, 1);
		flist_meta_unref(meta);
	}
	atomic_fetch_add(&crowd->gets, gets);
	return NULL;
}

static void many_threads_get_right_answers(void **state)
{
	static const size_t capacities[] = {8, 200, 0};
	(void)state;
	for (size_t c = 0; c < sizeof(capacities) / sizeof(*capacities); c++) {
		_Atomic uint64_t calls = 0;
		struct crowd crowd = {.seed = 1};
		pthread_t threads[THREADS];
		crowd.cache = with_cache(&(struct flist_cache_options){
			.capacity = capacities[c], .fetch = cache_fetch_number, .arg = &calls});
		for (int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, mill_about, &crowd), 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(crowd.wrong, 0);
		assert_int_equal(flist_cache_misses(crowd.cache), calls);
		assert_int_equal(flist_cache_hits(crowd.cache) + calls, crowd.gets);
		if (capacities[c])
			assert_true(flist_cache_length(crowd.cache) <= capacities[c]);
		flist_cache_free(crowd.cache);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_call_answers_simultaneous_requests),
		cmocka_unit_test(one_error_answers_simultaneous_requests),
		cmocka_unit_test(a_slow_fetch_never_undoes_a_change),
		cmocka_unit_test(many_threads_get_right_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
