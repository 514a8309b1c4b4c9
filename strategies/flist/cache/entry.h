/*
 * An answer with the question it belongs to, in one allocation: 120 bytes and the path. It is
 * counted, not owned: the cache holds one reference while the entry is in its index, everyone who
 * was given the metadata holds one, and whoever lets go last frees it. So an entry that is removed
 * or given up stays good for those who still look at it.
 */
#ifndef FLIST_CACHE_ENTRY_H
#define FLIST_CACHE_ENTRY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "strategies/flist/flist.h"

struct flist_key {
	const char *path;
	size_t len; /* bytes, without the NUL */
	unsigned flags;
};

/* No errno and nothing that a fetch returns. */
enum { FLIST_PENDING = INT32_MIN };

struct flist_entry {
	struct flist_meta meta; /* first: the pointer that callers hold is the entry's */
	_Atomic uint32_t refs;
	int32_t status; /* 0, -errno or FLIST_PENDING; under the shard's lock */
	uint32_t flags;
	uint32_t len;
	char path[]; /* len bytes, no NUL */
};

/* With one reference, pending; NULL: out of memory. */
struct flist_entry *flist_entry_new(const struct flist_key *key);
void flist_entry_unref(struct flist_entry *entry);

static inline void flist_entry_ref(struct flist_entry *entry)
{
	atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
}

static inline bool flist_entry_is(const struct flist_entry *entry, const struct flist_key *key)
{
	return entry->len == key->len && entry->flags == key->flags &&
	       !memcmp(entry->path, key->path, key->len);
}

#endif
