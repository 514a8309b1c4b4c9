/*
 * The cache when memory runs out: the n-th allocation fails, for every n. The sources are compiled
 * into this test with an allocator of its own, which works in every variant, sanitizers included:
 * those say whether anything leaked or was used after.
 */
#include <errno.h>
#include <pthread.h> /* musl declares calloc in what this includes */
#include <stdbool.h>
#include <stdlib.h>

#include "tests/test.h"

/* How many allocations succeed before one fails; negative: all. */
static int countdown = -1;

static bool refuse(void)
{
	return countdown >= 0 && countdown-- == 0;
}

#define malloc(size)               (refuse() ? NULL : malloc(size))
#define calloc(n, size)            (refuse() ? NULL : calloc(n, size))
#define aligned_alloc(align, size) (refuse() ? NULL : aligned_alloc(align, size))

#include "strategies/flist/cache/cache.c"

enum { ENTRIES = 200, CAPACITY = 64 /* one shard, whose table has to grow */ };

static int fetch_nothing(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	(void)arg;
	(void)path;
	*meta = (struct flist_meta){.nlink = flags + 1};
	return 0;
}

static int new_cache(struct flist_cache **cache)
{
	return flist_cache_new(
		cache, &(struct flist_cache_options){.capacity = CAPACITY, .fetch = fetch_nothing});
}

static void no_cache_without_memory(void **state)
{
	struct flist_cache *cache;
	int n = 0, ret;
	(void)state;
	do {
		countdown = n++;
		ret = new_cache(&cache);
		countdown = -1;
		assert_int_equal(ret, cache ? 0 : -ENOMEM);
		flist_cache_free(cache);
	} while (ret);
	assert_true(n > 2);
}

static void path_of(int i, char *path)
{
	for (int bit = 0; bit < 8; bit++)
		path[bit] = (char)('0' + (i >> bit & 1));
	path[8] = '\0';
}

/* One get or insert whose n-th allocation fails leaves everything else as it was. */
static int try_with(struct flist_cache *cache, const char *path, bool insert, int n)
{
	static const struct flist_meta known;
	const struct flist_meta *meta = NULL;
	int ret;
	countdown = n;
	ret = insert ? flist_cache_insert(cache, path, 0, &known)
		     : flist_cache_get(cache, path, 0, &meta);
	countdown = -1;
	assert_int_equal(meta != NULL, !ret && !insert);
	flist_meta_unref(meta);
	return ret;
}

static void fill(struct flist_cache *cache, bool insert)
{
	char path[9];
	for (int i = 0; i < ENTRIES; i++) {
		size_t length = flist_cache_length(cache);
		uint64_t misses = flist_cache_misses(cache);
		const struct flist_meta *meta;
		int n = 0;
		path_of(i, path);
		while (try_with(cache, path, insert, n++)) {
			assert_int_equal(flist_cache_length(cache), length);
			assert_int_equal(flist_cache_misses(cache), misses);
			assert_int_equal(flist_cache_peek(cache, path, 0, &meta), -ENODATA);
		}
		assert_in_range(n, 2, 3);
		assert_int_equal(flist_cache_peek(cache, path, 0, &meta), 0);
		flist_meta_unref(meta);
	}
	assert_int_equal(flist_cache_length(cache), CAPACITY);
}

static void a_get_or_insert_without_memory_changes_nothing(void **state)
{
	(void)state;
	for (int insert = 0; insert <= 1; insert++) {
		struct flist_cache *cache;
		assert_int_equal(new_cache(&cache), 0);
		fill(cache, insert);
		flist_cache_free(cache);
	}
}

/* The answer that is there is not lost when there is no memory for a newer one. */
static void a_failed_insert_replaces_nothing(void **state)
{
	struct flist_cache *cache;
	const struct flist_meta *meta;
	(void)state;
	assert_int_equal(new_cache(&cache), 0);
	assert_int_equal(flist_cache_insert(cache, "a", 0, &(struct flist_meta){.ino = 1}), 0);
	assert_int_equal(try_with(cache, "a", true, 0), -ENOMEM);
	assert_int_equal(flist_cache_get(cache, "a", 0, &meta), 0);
	assert_int_equal(meta->ino, 1);
	flist_meta_unref(meta);
	flist_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_cache_without_memory),
		cmocka_unit_test(a_get_or_insert_without_memory_changes_nothing),
		cmocka_unit_test(a_failed_insert_replaces_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
