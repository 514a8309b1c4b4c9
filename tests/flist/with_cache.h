/*
 * What the tests of libflist's cache share: calls that fail the test when they do not do what they
 * should, and a back end that needs no files.
 */
#ifndef TESTS_FLIST_WITH_CACHE_H
#define TESTS_FLIST_WITH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/flist.h"

struct flist_cache *with_cache(const struct flist_cache_options *options);

/* Gets that have to succeed, or to fail with an error (-errno). */
const struct flist_meta *cache_get(struct flist_cache *cache, const char *path, unsigned flags);
void cache_get_fails(struct flist_cache *cache, const char *path, unsigned flags, int error);

/* Whether it is there, links not followed. */
bool cache_peek(struct flist_cache *cache, const char *path);

void cache_counts(struct flist_cache *cache, size_t length, uint64_t hits, uint64_t misses);

/* Counts its calls in *arg, an _Atomic uint64_t; to a path that is a number it gives that inode. */
int cache_fetch_number(void *arg, const char *path, unsigned flags, struct flist_meta *meta);
const char *cache_number(uint64_t n, char *buf); /* such a path; returns buf, 24 bytes */

#endif
