/*
 * A cache lookup for callers that can fetch the metadata faster than by the whole path, for example
 * by a name in an open directory. The key is still the path.
 */
#ifndef FLIST_CACHE_CACHE_H
#define FLIST_CACHE_CACHE_H

#include "strategies/flist/flist.h"

struct flist_fetcher {
	flist_fetch *fetch;
	void *arg;
};

/*
 * Like flist_cache_get, but if the cache has no fetch function of its own, a miss is fetched by
 * asker->fetch.
 */
int flist_cache_get_by(struct flist_cache *cache, const char *path, unsigned flags,
		       const struct flist_fetcher *asker, const struct flist_meta **meta);

#endif
