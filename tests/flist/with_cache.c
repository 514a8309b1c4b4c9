#include "tests/flist/with_cache.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/test.h"

struct flist_cache *with_cache(const struct flist_cache_options *options)
{
	struct flist_cache *cache;
	assert_int_equal(flist_cache_new(&cache, options), 0);
	assert_non_null(cache);
	return cache;
}

const struct flist_meta *cache_get(struct flist_cache *cache, const char *path, unsigned flags)
{
	const struct flist_meta *meta;
	assert_int_equal(flist_cache_get(cache, path, flags, &meta), 0);
	assert_non_null(meta);
	return meta;
}

void cache_get_fails(struct flist_cache *cache, const char *path, unsigned flags, int error)
{
	static const struct flist_meta unset;
	const struct flist_meta *meta = &unset;
	assert_int_equal(flist_cache_get(cache, path, flags, &meta), error);
	assert_null(meta);
}

bool cache_peek(struct flist_cache *cache, const char *path)
{
	const struct flist_meta *meta;
	int ret = flist_cache_peek(cache, path, 0, &meta);
	flist_meta_unref(meta);
	assert_true(ret == 0 || ret == -ENODATA);
	return ret == 0;
}

void cache_counts(struct flist_cache *cache, size_t length, uint64_t hits, uint64_t misses)
{
	assert_int_equal(flist_cache_length(cache), length);
	assert_int_equal(flist_cache_hits(cache), hits);
	assert_int_equal(flist_cache_misses(cache), misses);
	double rate = flist_cache_hit_rate(cache), gets = (double)(hits + misses);
	assert_true(rate >= 0 && rate <= 1);
	assert_int_equal((uint64_t)(rate * gets + 0.5), hits);
}

int cache_fetch_number(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	_Atomic uint64_t *calls = arg;
	atomic_fetch_add(calls, 1);
	*meta = (struct flist_meta){.ino = strtoull(path, NULL, 10), .nlink = flags + 1};
	return 0;
}

const char *cache_number(uint64_t n, char *buf)
{
	snprintf(buf, 24, "%llu", (unsigned long long)n);
	return buf;
}
