/*
 * Reads several directories at once. In a filesystem that was filled once, the blocks of
 * directories are next to each other, or nearly so, in the order of their inodes. So with a part of
 * the table, the blocks of its directories are read, often with one call, and then its inodes again
 * with another, instead of two calls for each directory. Only the entries are kept, which usually
 * fill a small part of a block.
 */
#include "strategies/flist/bulk/ext4_disk.h"

#include <stdlib.h>
#include <sys/stat.h>

enum { RUN_GAP = 2 /* maximum number of other blocks between two directories */ };

/* Directories of a part that follow each other on the device. */
struct block_range {
	uint64_t first; /* first block */
	uint32_t blocks;
	uint64_t members;       /* a bit for each directory, by index in the part, */
	uint32_t at[EXT4_PART]; /* and the offset of its blocks in the range, bytes */
};

/* What has been read of a part. */
struct run_reading {
	struct flist_ext4_reader *reader;
	struct flist_ext4_part *part;
	uint32_t first, n; /* inodes of the part: number of the first, how many */
	uint64_t read;     /* members of the ranges */
	uint32_t packed;   /* their entries, at the beginning of reader->run, bytes */
};

/* Whether the blocks of a directory are consecutive, according to its inode. */
static bool is_one_piece(const struct flist_ext4 *fs, const struct flist_disk_inode *inode,
			 const struct flist_ext4_dir *dir, uint64_t *first, uint64_t *n)
{
	const uint32_t flags = ext4_load32(dir->raw + INODE_FLAGS);
	const char *map = dir->raw + INODE_BLOCK;
	if (flags & (FLAG_ENCRYPTED | FLAG_INLINE) || !(flags & FLAG_EXTENTS) ||
	    ext4_load16(map) != EXTENT_MAGIC || ext4_load16(map + 2) != 1 ||
	    ext4_load16(map + 6) != 0 || ext4_load32(map + EXTENT_SIZE) != 0)
		return false;
	*first = ext4_first_blocks(dir->raw, n);
	return *n > 0 && *n <= EXT4_RUN / fs->block_size && inode->size == *n * fs->block_size &&
	       ext4_has_blocks(fs, *first, *n);
}

/* Finds directories from index i of the part that follow each other, and were in no range. */
static void find_range(const struct run_reading *r, uint32_t i, struct block_range *range)
{
	const struct flist_ext4 *fs = r->reader->fs;
	const uint32_t room = (EXT4_RUN - r->packed) / fs->block_size;
	for (range->members = range->blocks = 0; i < r->n; i++) {
		const struct flist_ext4_dir *dir = ext4_dir_of(r->part, i);
		uint64_t first, blocks;
		if (!dir || r->read >> i & 1 ||
		    !is_one_piece(fs, &r->part->inodes[i], dir, &first, &blocks))
			continue;
		if (!range->members)
			range->first = first;
		const uint64_t end = range->first + range->blocks;
		if (first < end || first > end + RUN_GAP || first + blocks - range->first > room)
			continue;
		range->at[i] = (uint32_t)(first - range->first) * fs->block_size;
		range->blocks = (uint32_t)(first + blocks - range->first);
		range->members |= 1ULL << i;
	}
}

static bool has_several(const struct block_range *range)
{
	return range->members & (range->members - 1);
}

/* Reads the blocks behind the entries before them, unless they are not cached. */
static bool read_range(const struct run_reading *r, const struct block_range *range)
{
	const struct flist_ext4_reader *reader = r->reader;
	const struct flist_ext4 *fs = reader->fs;
	const size_t size = (size_t)range->blocks * fs->block_size;
	const uint64_t at = range->first * fs->block_size;
	int ret = ext4_read_cached(fs, reader->run + r->packed, size, at);
	if (ret == -EOPNOTSUPP && reader->cold == 0)
		ret = ext4_read(fs, reader->run + r->packed, size, at);
	return !ret;
}

/* Packs the entries of a range. */
static void pack_range(struct run_reading *r, const struct block_range *range)
{
	const struct flist_ext4 *fs = r->reader->fs;
	char *run = r->reader->run;
	const char *blocks = run + r->packed;
	for (uint32_t i = 0; i < r->n; i++) {
		if (!(range->members >> i & 1))
			continue;
		struct flist_ext4_dir *dir = ext4_dir_of(r->part, i);
		const uint64_t n = r->part->inodes[i].size / fs->block_size;
		dir->packed_at = r->packed;
		dir->packed_len = flist_ext4_pack(fs, r->first + i, dir->raw, blocks + range->at[i],
						  (uint32_t)n, run + r->packed);
		r->packed += dir->packed_len;
	}
	r->read |= range->members;
}

/*
 * Reads the inodes of the directories again, and keeps the entries of those that have not changed.
 */
static void keep_unchanged(const struct run_reading *r)
{
	struct flist_ext4_reader *reader = r->reader;
	struct flist_ext4 *fs = reader->fs;
	const uint32_t from = (uint32_t)__builtin_ctzll(r->read);
	const uint32_t to = EXT4_PART - (uint32_t)__builtin_clzll(r->read);
	const bool is_kept = !ext4_read(fs, reader->raw, (size_t)(to - from) * fs->inode_size,
					flist_ext4_where(fs, r->first + from)) &&
			     !flist_ext4_part_packed(reader, r->part, r->packed);
	for (uint32_t i = from; i < to; i++) {
		const char *raw = reader->raw + (size_t)(i - from) * fs->inode_size;
		struct flist_ext4_dir *dir = ext4_dir_of(r->part, i);
		if (dir && !(is_kept && ext4_is_same(fs, raw, dir->raw)))
			dir->packed_len = 0;
	}
	if (is_kept)
		memcpy(r->part->packed, reader->run, r->packed);
}

void flist_ext4_read_run(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first, uint32_t n)
{
	struct run_reading r = {.reader = reader, .part = part, .first = first, .n = n};
	struct block_range range = {.first = 0};
	if (!reader->run)
		reader->run = malloc(EXT4_RUN);
	for (uint32_t i = 0; i < n && reader->run; i++) {
		if (r.read >> i & 1 || !ext4_dir_of(part, i))
			continue;
		find_range(&r, i, &range);
		if (!has_several(&range))
			continue;
		if (!read_range(&r, &range))
			break;
		pack_range(&r, &range);
	}
	if (r.packed > 0)
		keep_unchanged(&r);
}
