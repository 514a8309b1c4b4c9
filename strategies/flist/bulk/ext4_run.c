/*
 * Reads the blocks of several directories at once. In a filesystem that was filled once, the blocks
 * of directories are next to each other, or nearly so, in the order of their inodes. So a part of
 * the table needs one read for the blocks of its directories and one to check their inodes again,
 * instead of two reads for each directory. A run is kept until jobs have copied all its
 * directories; if no run is free, each directory is read separately.
 */
#include "strategies/flist/bulk/ext4_disk.h"

#include <sys/stat.h>

enum { RUN_GAP = 2 /* maximum number of other blocks between two directories */ };

/* The directories of a part that follow each other on the device. */
struct block_range {
	uint64_t first; /* first block */
	uint32_t blocks;
	uint32_t from, to; /* indices of inodes in the part */
	uint32_t n;
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

static struct block_range find_range(const struct flist_ext4 *fs, struct flist_ext4_part *part,
				     uint32_t n)
{
	struct block_range range = {0};
	for (uint32_t i = 0; i < n; i++) {
		const struct flist_disk_inode *inode = &part->inodes[i];
		uint64_t first, blocks;
		struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		if (!dir || !is_one_piece(fs, inode, dir, &first, &blocks))
			continue;
		if (range.n == 0)
			range = (struct block_range){.first = first, .from = i};
		const uint64_t end = range.first + range.blocks;
		if (first < end || first > end + RUN_GAP ||
		    (first + blocks - range.first) * fs->block_size > EXT4_RUN)
			continue;
		dir->in_run = true;
		dir->run_at = (uint32_t)(first - range.first) * fs->block_size;
		range.blocks = (uint32_t)(first + blocks - range.first);
		range.to = i + 1;
		range.n++;
	}
	return range;
}

/* Returns a free run: the first one, whose memory was used before. NULL: none. */
static struct flist_ext4_run *free_run(struct flist_ext4_reader *reader)
{
	struct flist_ext4_run *run;
	for (uint32_t i = 0; i < reader->n_runs; i++) {
		run = reader->runs[i];
		if (atomic_load_explicit(&run->left, memory_order_acquire) == 0)
			return run;
	}
	if (reader->n_runs == FLIST_EXT4_RUNS)
		return NULL;
	run = flist_arena_alloc(&reader->kept, sizeof(*run));
	if (run) {
		atomic_init(&run->left, 0);
		reader->runs[reader->n_runs++] = run;
	}
	return run;
}

/* Reads the blocks, unless they are not cached, and then the inodes again. */
static bool read_range(struct flist_ext4_reader *reader, const struct block_range *range,
		       uint32_t first, struct flist_ext4_run *run)
{
	struct flist_ext4 *fs = reader->fs;
	const size_t size = (size_t)range->blocks * fs->block_size;
	const uint64_t at = range->first * fs->block_size;
	int ret = ext4_read_cached(fs, run->blocks, size, at);
	if (ret == -EOPNOTSUPP && reader->cold == 0)
		ret = ext4_read(fs, run->blocks, size, at);
	return !ret && !ext4_read(fs, reader->raw + (size_t)range->from * fs->inode_size,
				  (size_t)(range->to - range->from) * fs->inode_size,
				  flist_ext4_where(fs, first + range->from));
}

void flist_ext4_read_run(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first, uint32_t n)
{
	const struct flist_ext4 *fs = reader->fs;
	const struct block_range range = find_range(fs, part, n);
	struct flist_ext4_run *run = range.n > 1 ? free_run(reader) : NULL;
	const bool is_read = run && read_range(reader, &range, first, run);
	uint32_t left = 0;
	for (uint32_t i = range.from; i < range.to; i++) {
		struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		if (!dir)
			continue;
		dir->in_run &= is_read &&
			       ext4_is_same(fs, reader->raw + (size_t)i * fs->inode_size, dir->raw);
		left += dir->in_run;
	}
	if (left > 0) {
		atomic_store_explicit(&run->left, left, memory_order_relaxed);
		part->run = run;
	}
}

void flist_ext4_take_from_run(struct flist_ext4_run *run, const struct flist_ext4_dir *dir,
			      char *names, size_t size)
{
	memcpy(names, run->blocks + dir->run_at, size);
	atomic_fetch_sub_explicit(&run->left, 1, memory_order_release);
}
