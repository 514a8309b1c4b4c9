/*
 * Directory batches and parallel fetch when memory or threads run out: the n-th allocation fails,
 * for every n, and then the n-th thread. The sources are compiled into this test with an allocator
 * of its own, as in cache_oom.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/flist/with_meta.h"
#include "tests/test.h"

/* How many allocations, or threads, are had before one is not; negative: all. */
static _Atomic int allocations = -1, creations = -1;

static bool refuse(_Atomic int *countdown)
{
	int left = atomic_load(countdown);
	while (left >= 0 && !atomic_compare_exchange_weak(countdown, &left, left - 1))
		;
	return left == 0;
}

#define malloc(size)               (refuse(&allocations) ? NULL : malloc(size))
#define calloc(n, size)            (refuse(&allocations) ? NULL : calloc(n, size))
#define aligned_alloc(align, size) (refuse(&allocations) ? NULL : aligned_alloc(align, size))
#define pthread_create(thread, attr, start, arg)                                                   \
	(refuse(&creations) ? EAGAIN : pthread_create(thread, attr, start, arg))

#include "strategies/flist/ask/batch.c"
#include "strategies/flist/cache/cache.c"
#include "strategies/flist/threads.c"

enum { N = 300, JOBS = 4 };

static struct flist_dir *open_scratch(const struct scratch *s)
{
	struct flist_dir *dir;
	int n = 0, ret;
	do {
		allocations = n++;
		ret = flist_dir_open(&dir, s->path);
		allocations = -1;
		assert_int_equal(ret, dir ? 0 : -ENOMEM);
	} while (ret);
	assert_int_equal(n, 2);
	return dir;
}

static void no_directory_without_memory(void **state)
{
	struct flist_dir *dir;
	flist_dir_close(open_scratch(*state));
	allocations = 0;
	assert_int_equal(flist_dir_fdopen(&dir, -1), -ENOMEM);
	allocations = -1;
	assert_null(dir);
}

static void make_wheres(const struct scratch *s, struct flist_dir *dir, struct flist_where *wheres,
			char (*names)[16])
{
	for (int i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "f%d", i);
		assert_true(scratch_file(s->fd, names[i], i));
		wheres[i] = (struct flist_where){dir, names[i]};
	}
}

/* Every answer is right, or says that there was no memory for it. How many say so. */
static int without_memory(const struct flist_meta *metas, const int *statuses)
{
	int without = 0;
	for (int i = 0; i < N; i++) {
		without += statuses[i] == -ENOMEM;
		if (statuses[i])
			assert_int_equal(statuses[i], -ENOMEM);
		assert_int_equal(metas[i].size, statuses[i] ? 0 : i);
	}
	return without;
}

static void without_memory_enomem_is_returned(void **state)
{
	const struct scratch *s = *state;
	static struct flist_where wheres[N];
	static struct flist_meta metas[N];
	static char names[N][16];
	int statuses[N], n = 0, without;
	struct flist_dir *dir = open_scratch(s);
	make_wheres(s, dir, wheres, names);
	do {
		struct flist_many_options o = {.threads.jobs = JOBS};
		assert_int_equal(flist_cache_new(&o.cache, NULL), 0);
		allocations = n;
		assert_int_equal(flist_stat_many(wheres, N, &o, metas, statuses), 0);
		bool refused = allocations < 0;
		allocations = -1;
		without = without_memory(metas, statuses);
		/* The first is for threads: without them the call itself does it all. */
		assert_int_equal(without, refused && n > 0);
		assert_int_equal(flist_cache_length(o.cache), N - without);
		flist_cache_free(o.cache);
	} while (++n <= 1 || without);
	assert_true(n > N);
	flist_dir_close(dir);
}

static void fewer_threads_finish_the_work(void **state)
{
	const struct scratch *s = *state;
	static struct flist_where wheres[N];
	static struct flist_meta metas[N];
	static char names[N][16];
	int statuses[N];
	struct flist_dir *dir = open_scratch(s);
	make_wheres(s, dir, wheres, names);
	for (int n = 0; n < JOBS; n++) {
		struct flist_many_options o = {.threads.jobs = JOBS};
		creations = n;
		assert_int_equal(flist_stat_many(wheres, N, &o, metas, statuses), 0);
		assert_int_equal(creations, n == JOBS - 1 ? 0 : -1);
		creations = -1;
		assert_int_equal(without_memory(metas, statuses), 0);
	}
	flist_dir_close(dir);
}

int main(void)
{
#define with_scratch(test) cmocka_unit_test_setup_teardown(test, meta_scratch, meta_no_scratch)
	const struct CMUnitTest tests[] = {
		with_scratch(no_directory_without_memory),
		with_scratch(without_memory_enomem_is_returned),
		with_scratch(fewer_threads_finish_the_work),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
