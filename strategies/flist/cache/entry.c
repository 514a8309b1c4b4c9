#include "strategies/flist/cache/entry.h"

#include <stdlib.h>

struct flist_entry *flist_entry_new(const struct flist_key *key)
{
	struct flist_entry *entry;
	if (key->len > UINT32_MAX)
		return NULL;
	entry = malloc(sizeof(*entry) + key->len);
	if (!entry)
		return NULL;
	atomic_init(&entry->refs, 1);
	entry->status = FLIST_PENDING;
	entry->flags = key->flags;
	entry->len = (uint32_t)key->len;
	memcpy(entry->path, key->path, key->len);
	return entry;
}

void flist_entry_unref(struct flist_entry *entry)
{
	/* Release what this thread read from the entry, acquire before it is given back. */
	if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) == 1)
		free(entry);
}

const struct flist_meta *flist_meta_ref(const struct flist_meta *meta)
{
	flist_entry_ref((struct flist_entry *)meta);
	return meta;
}

void flist_meta_unref(const struct flist_meta *meta)
{
	if (meta)
		flist_entry_unref((struct flist_entry *)meta);
}
