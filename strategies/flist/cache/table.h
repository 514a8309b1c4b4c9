/*
 * The index of one shard: a hash table with open addressing that finds an entry by path and flags.
 * It owns no entry and takes no lock; the shard does both.
 *
 * Linear probing over 16-byte slots, four to a cache line, that hold the hash: a lookup touches one
 * or two lines of slots and then only the entry it wants. Deletion shifts the followers back, so
 * there are no tombstones and a table that is full of turnover stays as fast as a new one. Between
 * 3/8 and 3/4 of the slots are in use while a table grows: 21 to 43 bytes per entry.
 */
#ifndef FLIST_CACHE_TABLE_H
#define FLIST_CACHE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "strategies/flist/cache/entry.h"

struct flist_slot {
	struct flist_entry *entry; /* NULL: empty */
	uint32_t hash;
	uint32_t asked_again; /* since the hand last came by */
};

struct flist_table {
	struct flist_slot *slots;
	uint32_t mask; /* number of slots - 1 */
	uint32_t used;
};

int flist_table_init(struct flist_table *table);     /* 0 or -ENOMEM */
void flist_table_release(struct flist_table *table); /* accepts a zeroed table */

/* Makes room for one more entry. 0, or -ENOMEM with the table as it was. */
int flist_table_reserve(struct flist_table *table);

/* Adds an entry that is not there, after a flist_table_reserve. */
void flist_table_add(struct flist_table *table, struct flist_entry *entry, uint32_t hash);

/* Moves other slots: pointers to slots are stale after this. */
void flist_table_delete(struct flist_table *table, struct flist_slot *slot);

/* Empties the table and keeps its slots. */
void flist_table_clear(struct flist_table *table);

static inline struct flist_slot *flist_table_find(const struct flist_table *table,
						  const struct flist_key *key, uint32_t hash)
{
	for (uint32_t i = hash & table->mask; table->slots[i].entry; i = (i + 1) & table->mask) {
		struct flist_slot *slot = &table->slots[i];
		if (slot->hash == hash && flist_entry_is(slot->entry, key))
			return slot;
	}
	return NULL;
}

#endif
