#include "strategies/flist/cache/table.h"

#include <errno.h>
#include <stdlib.h>

enum { SLOTS_MIN = 16, LINE_BYTES = 64 };

/*
 * Not calloc: in memory that is fresh a slot would be looked at before it is written to, and so
 * each page fault twice, the second time with an interrupt to every CPU that runs the program.
 */
static int resize(struct flist_table *table, uint32_t n)
{
	struct flist_table old = *table;
	struct flist_slot *slots = aligned_alloc(LINE_BYTES, n * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	*table = (struct flist_table){.slots = slots, .mask = n - 1};
	flist_table_clear(table);
	for (uint32_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].entry)
			flist_table_add(table, old.slots[i].entry, old.slots[i].hash);
	free(old.slots);
	return 0;
}

int flist_table_init(struct flist_table *table)
{
	*table = (struct flist_table){0};
	return resize(table, SLOTS_MIN);
}

void flist_table_release(struct flist_table *table)
{
	free(table->slots);
	table->slots = NULL;
}

int flist_table_reserve(struct flist_table *table)
{
	uint32_t n = table->mask + 1;
	if (table->used < n - n / 4)
		return 0;
	return n > UINT32_MAX / 4 ? -ENOMEM : resize(table, n * 2);
}

void flist_table_add(struct flist_table *table, struct flist_entry *entry, uint32_t hash)
{
	uint32_t i = hash & table->mask;
	while (table->slots[i].entry)
		i = (i + 1) & table->mask;
	table->slots[i] = (struct flist_slot){.entry = entry, .hash = hash};
	table->used++;
}

void flist_table_delete(struct flist_table *table, struct flist_slot *slot)
{
	struct flist_slot *slots = table->slots;
	uint32_t mask = table->mask, hole = (uint32_t)(slot - slots);
	for (uint32_t i = (hole + 1) & mask; slots[i].entry; i = (i + 1) & mask) {
		/* A follower may fill the hole unless that puts it before its own first choice. */
		uint32_t from_home = (i - slots[i].hash) & mask, from_hole = (i - hole) & mask;
		if (from_home >= from_hole) {
			slots[hole] = slots[i];
			hole = i;
		}
	}
	slots[hole] = (struct flist_slot){0};
	table->used--;
}

void flist_table_clear(struct flist_table *table)
{
	memset(table->slots, 0, (table->mask + (size_t)1) * sizeof(*table->slots));
	table->used = 0;
}
