/*
 * The memory of parts of inode tables. A walk visits directories in another order than that of the
 * table, so a part is kept until its last inode was used. The nearer the two orders are, the fewer
 * parts are in memory at a time.
 */
#include "strategies/flist/bulk/ext4_disk.h"

_Static_assert(EXT4_PART == 64, "a bit for each inode");

struct flist_ext4_part *flist_ext4_part_new(struct flist_ext4_reader *reader)
{
	struct flist_ext4_part *part = reader->free;
	if (part) {
		reader->free = part->next;
	} else {
		part = flist_arena_alloc(&reader->kept, sizeof(*part));
		if (!part)
			return NULL;
		part->dirs = NULL;
		part->attrs = NULL;
		part->packed = NULL;
		part->dirs_room = part->packed_room = 0;
	}
	return part;
}

/*
 * Returns memory for n elements: `old`, if it has room for them, or a larger one, without the
 * contents. NULL: there is none.
 */
static void *with_room(struct flist_ext4_reader *reader, void *old, uint32_t *room, uint32_t n,
		       size_t size)
{
	const uint32_t larger = n > 2 * *room ? n : 2 * *room;
	if (n <= *room)
		return old;
	void *new = flist_arena_alloc(&reader->kept, larger * size);
	if (new)
		*room = larger;
	return new;
}

int flist_ext4_part_dirs(struct flist_ext4_reader *reader, struct flist_ext4_part *part, uint32_t n)
{
	void *dirs = with_room(reader, part->dirs, &part->dirs_room, n, sizeof(*part->dirs));
	if (n > 0 && !dirs)
		return -ENOMEM;
	part->dirs = dirs;
	return 0;
}

int flist_ext4_part_packed(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			   uint32_t size)
{
	void *packed = with_room(reader, part->packed, &part->packed_room, size, 1);
	if (!packed)
		return -ENOMEM;
	part->packed = packed;
	return 0;
}

void flist_ext4_part_free(struct flist_ext4_reader *reader, struct flist_ext4_part *part)
{
	part->next = reader->free;
	reader->free = part;
}

struct flist_ext4_uses *flist_ext4_uses_new(struct flist_ext4_reader *reader,
					    struct flist_ext4_part *part)
{
	struct flist_ext4_uses *uses = flist_arena_alloc(&reader->kept, sizeof(*uses));
	uint64_t inodes = 0, names = 0;
	bool is_kept = false;
	if (!uses)
		return NULL;
	for (uint32_t i = 0; i < EXT4_PART; i++) {
		const struct flist_disk_inode *inode = &part->inodes[i];
		if (inode->mode == 0)
			continue;
		inodes |= 1ULL << i;
		if (S_ISDIR(inode->mode))
			names |= 1ULL << i;
		else
			is_kept |= inode->nlink > 1;
	}
	atomic_init(&uses->inodes, inodes);
	atomic_init(&uses->names, names);
	atomic_init(&uses->left,
		    (uint32_t)(__builtin_popcountll(inodes) + __builtin_popcountll(names)));
	uses->is_kept = is_kept;
	uses->part = part;
	return uses;
}

static bool clear_bit(_Atomic uint64_t *bits, uint32_t n)
{
	const uint64_t bit = 1ULL << n;
	return atomic_fetch_and_explicit(bits, ~bit, memory_order_relaxed) & bit;
}

bool flist_ext4_use_inode(struct flist_ext4_reader *reader, struct flist_ext4_uses *uses,
			  uint32_t n)
{
	if (uses->is_kept)
		return uses->part->inodes[n].mode != 0;
	if (reader->uses != uses) {
		if (reader->uses)
			flist_ext4_end_uses(reader, reader->uses, reader->n_uses);
		reader->uses = uses;
		reader->n_uses = 0;
	}
	if (!clear_bit(&uses->inodes, n))
		return false;
	reader->n_uses++;
	return true;
}

bool flist_ext4_use_names(struct flist_ext4_uses *uses, uint32_t n)
{
	return clear_bit(&uses->names, n);
}

void flist_ext4_end_uses(struct flist_ext4_reader *reader, struct flist_ext4_uses *uses, uint32_t n)
{
	if (uses->is_kept || n == 0)
		return;
	if (atomic_fetch_sub_explicit(&uses->left, n, memory_order_acq_rel) == n)
		flist_ext4_part_free(reader, uses->part);
}
