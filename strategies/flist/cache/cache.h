/*
 * A lookup in a cache by a caller that can fetch the answer faster than by the whole path. The key
 * is still the path.
 */
#ifndef FLIST_CACHE_CACHE_H
#define FLIST_CACHE_CACHE_H

#include "strategies/flist/flist.h"

struct flist_fetcher {
	flist_fetch *fetch;
	void *arg;
};

/* As flist_cache_get, but a cache without a fetch of its own asks the asker. */
int flist_cache_get_by(struct flist_cache *cache, const char *path, unsigned flags,
		       const struct flist_fetcher *asker, const struct flist_meta **meta);

#endif
