/* The library's one door to xxHash: header only, so that nothing needs to be linked. */
#ifndef FLIST_CACHE_HASH_H
#define FLIST_CACHE_HASH_H

#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "strategies/flist/cache/entry.h"

/* A path with other flags is another key, and should not land in the same place. */
static inline uint64_t flist_hash(const struct flist_key *key, uint64_t seed)
{
	return XXH3_64bits_withSeed(key->path, key->len, seed ^ key->flags);
}

#endif
