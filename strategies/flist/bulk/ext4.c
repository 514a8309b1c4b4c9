/*
 * Reads the superblock, group descriptors and inodes of an ext4, and requests read-ahead if the
 * device is slow.
 */
#include "strategies/flist/bulk/ext4_disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "strategies/flist/clock.h"

static bool is_power_of_two(uint32_t n)
{
	return n > 0 && !(n & (n - 1));
}

static void load_super(struct flist_ext4 *fs, const char *super)
{
	const uint32_t shift = ext4_load32(super + SUPER_BLOCK_SIZE);
	const bool is_old = ext4_load32(super + SUPER_REVISION) == 0;
	fs->block_size = shift <= 6 ? 1024U << shift : 0;
	fs->inode_size = is_old ? INODE_OLD : ext4_load16(super + SUPER_INODE_SIZE);
	fs->incompat = is_old ? 0 : ext4_load32(super + SUPER_INCOMPAT);
	fs->ro_compat = is_old ? 0 : ext4_load32(super + SUPER_RO_COMPAT);
	fs->n_inodes = ext4_load32(super + SUPER_INODES);
	fs->group_inodes = ext4_load32(super + SUPER_GROUP_INODES);
	fs->n_blocks = ext4_load32(super + SUPER_BLOCKS);
	fs->desc_size = DESC_SMALL;
	if (fs->incompat & INCOMPAT_64BIT) {
		fs->n_blocks |= (uint64_t)ext4_load32(super + SUPER_BLOCKS_HIGH) << 32;
		fs->desc_size = ext4_load16(super + SUPER_DESC_SIZE);
	}
	fs->checksums = fs->ro_compat & RO_CHECKSUMS;
}

static void begin_checksums(struct flist_ext4 *fs, const char *super)
{
	flist_crc32c_init(&fs->block_crc, fs->block_size - TAIL_SIZE, true);
	flist_crc32c_init(&fs->inode_crc, fs->inode_size, true);
	if (fs->incompat & INCOMPAT_SEED)
		fs->seed = ext4_load32(super + SUPER_SEED);
	else
		fs->seed = ext4_sum(fs, UINT32_MAX, super + SUPER_UUID, 16);
}

/* Checks every number that later code divides by, allocates or relies on. */
static bool is_sane(struct flist_ext4 *fs, const char *super)
{
	const uint32_t first = ext4_load32(super + SUPER_FIRST_BLOCK);
	const uint32_t group_blocks = ext4_load32(super + SUPER_GROUP_BLOCKS);
	const off_t size = lseek(fs->fd, 0, SEEK_END);
	if (ext4_load16(super + SUPER_MAGIC) != MAGIC || fs->block_size == 0 || size < 0 ||
	    !is_power_of_two(fs->inode_size) || fs->inode_size < INODE_OLD ||
	    fs->inode_size > fs->block_size || fs->desc_size < DESC_SMALL ||
	    !is_power_of_two(fs->desc_size) || fs->desc_size > DESC_MOST)
		return false;
	if (fs->n_blocks > (uint64_t)size / fs->block_size || first > 1 || first >= fs->n_blocks ||
	    group_blocks == 0 || fs->group_inodes == 0 || fs->group_inodes > fs->block_size * 8)
		return false;
	const uint64_t groups = (fs->n_blocks - first + group_blocks - 1) / group_blocks;
	if (groups > UINT32_MAX || groups * fs->group_inodes != fs->n_inodes ||
	    fs->n_inodes / (fs->block_size / fs->inode_size) > fs->n_blocks)
		return false;
	fs->n_groups = (uint32_t)groups;
	fs->group_parts = (fs->group_inodes + EXT4_PART - 1) / EXT4_PART;
	/*
	 * The descriptors follow the superblock, which in a filesystem with clusters need not be in
	 * the first group.
	 */
	fs->desc_at = (SUPER_AT / fs->block_size + 1ULL) * fs->block_size;
	return ext4_has_blocks(fs, fs->desc_at / fs->block_size,
			       (groups * fs->desc_size) / fs->block_size + 1);
}

static int allocate(struct flist_ext4 *fs)
{
	fs->tables = calloc(fs->n_groups, sizeof(*fs->tables));
	fs->parts = calloc((size_t)fs->n_groups * fs->group_parts, sizeof(*fs->parts));
	fs->wanted = calloc(fs->n_groups, sizeof(*fs->wanted));
	return fs->tables && fs->parts && fs->wanted ? 0 : -ENOMEM;
}

static int begin(struct flist_ext4 *fs, const char **why)
{
	char super[SUPER_SIZE];
	int ret = ext4_read(fs, super, sizeof(super), SUPER_AT);
	if (ret)
		return ret;
	load_super(fs, super);
	if (!is_sane(fs, super)) {
		*why = "the superblock is damaged";
		return -ENOTSUP;
	}
	if (fs->incompat & ~(uint32_t)INCOMPAT_KNOWN ||
	    (fs->checksums && super[SUPER_CHECKSUM_TYPE] != CHECKSUM_CRC32C)) {
		*why = "the filesystem has features that libflist does not support";
		return -ENOTSUP;
	}
	if (fs->checksums)
		begin_checksums(fs, super);
	return allocate(fs);
}

int flist_ext4_open(struct flist_ext4 **fs, int fd, int64_t since_ns, const char **why)
{
	struct flist_ext4 *new = calloc(1, sizeof(*new));
	int ret = -ENOMEM;
	*fs = NULL;
	*why = NULL;
	if (new) {
		new->fd = fd;
		new->since_ns = since_ns;
		ret = begin(new, why);
	}
	if (ret)
		flist_ext4_free(new);
	else
		*fs = new;
	return ret;
}

void flist_ext4_free(struct flist_ext4 *fs)
{
	if (!fs)
		return;
	free(fs->tables);
	free(fs->wanted);
	free((void *)fs->parts);
	free(fs);
}

void flist_ext4_reader_release(struct flist_ext4_reader *reader)
{
	flist_arena_release(&reader->kept);
	free(reader->raw);
	free(reader->names);
	free(reader->run);
	free(reader->block);
	*reader = (struct flist_ext4_reader){.fs = reader->fs};
}

/* ---- Inodes ---------------------------------------------------------------------------------- */

/*
 * Returns the first block of a group's inode table. It never moves, so it is read once. 0: not
 * available.
 */
static uint64_t find_table(struct flist_ext4 *fs, uint32_t group)
{
	uint64_t table = atomic_load_explicit(&fs->tables[group], memory_order_relaxed);
	char desc[DESC_MOST] = {0};
	if (table)
		return table;
	if (ext4_read(fs, desc, fs->desc_size, fs->desc_at + (uint64_t)group * fs->desc_size))
		return 0;
	table = ext4_load32(desc + DESC_TABLE);
	if (fs->desc_size > DESC_SMALL)
		table |= (uint64_t)ext4_load32(desc + DESC_TABLE_HIGH) << 32;
	if (fs->checksums) {
		char number[4];
		const uint16_t noted = ext4_load16(desc + DESC_CHECKSUM);
		ext4_store32(number, group);
		memset(desc + DESC_CHECKSUM, 0, sizeof(noted));
		const uint32_t seed = ext4_sum(fs, fs->seed, number, sizeof(number));
		if (!ext4_sums_agree((uint16_t)ext4_sum(fs, seed, desc, fs->desc_size), noted))
			return 0;
	}
	if (!ext4_has_blocks(fs, table,
			     ((uint64_t)fs->group_inodes * fs->inode_size + fs->block_size - 1) /
				     fs->block_size))
		return 0;
	atomic_store_explicit(&fs->tables[group], table, memory_order_relaxed);
	return table;
}

bool flist_ext4_is_right(const struct flist_ext4 *fs, uint32_t ino, char *raw)
{
	const bool is_wide = fs->inode_size > INODE_OLD &&
			     ext4_load16(raw + INODE_EXTRA) >= INODE_CHECKSUM_HIGH + 2 - INODE_OLD;
	uint32_t noted = ext4_load16(raw + INODE_CHECKSUM), found;
	memset(raw + INODE_CHECKSUM, 0, 2);
	if (is_wide) {
		noted |= (uint32_t)ext4_load16(raw + INODE_CHECKSUM_HIGH) << 16;
		memset(raw + INODE_CHECKSUM_HIGH, 0, 2);
	}
	found = ext4_sum(fs, ext4_seed(fs, ino, raw), raw, fs->inode_size);
	return ext4_sums_agree(is_wide ? found : found & 0xffff, noted);
}

static uint64_t size_of(const struct flist_ext4 *fs, const char *raw)
{
	uint64_t size = ext4_load32(raw + INODE_SIZE);
	if (S_ISREG(ext4_load16(raw + INODE_MODE)) || fs->incompat & INCOMPAT_LARGE_DIR)
		size |= (uint64_t)ext4_load32(raw + INODE_SIZE_HIGH) << 32;
	return size;
}

static uint64_t blocks_of(const struct flist_ext4 *fs, const char *raw, uint64_t size)
{
	const uint32_t flags = ext4_load32(raw + INODE_FLAGS);
	uint64_t blocks = ext4_load32(raw + INODE_BLOCKS);
	if (fs->ro_compat & RO_HUGE_FILE) {
		blocks |= (uint64_t)ext4_load16(raw + INODE_BLOCKS_HIGH) << 32;
		if (flags & FLAG_HUGE)
			blocks *= fs->block_size / 512;
	}
	/* As the kernel reports it, so that such a file is not taken for one with a hole. */
	if (flags & FLAG_INLINE && S_ISREG(ext4_load16(raw + INODE_MODE)))
		blocks += (size + 511) / 512;
	return blocks;
}

/*
 * Decodes a device number. The old format has 8 bits each of the major and minor number; the new
 * one has 12 more bits of the minor number above them.
 */
static uint32_t rdev_of(const char *raw)
{
	const uint32_t old = ext4_load32(raw + INODE_BLOCK),
		       new = ext4_load32(raw + INODE_BLOCK + 4);
	const uint32_t form = old ? old & 0xffff : new;
	return (form >> 8 & 0xfff) << 20 | (form & 0xff) | (form >> 12 & 0xfff00);
}

static void decode(const struct flist_ext4 *fs, const char *raw, struct flist_disk_inode *inode)
{
	uint32_t end = INODE_OLD;
	if (fs->inode_size > INODE_OLD) {
		const uint32_t extra = ext4_load16(raw + INODE_EXTRA);
		end += extra ? extra : EXTRA_UNUSED;
		if (end > fs->inode_size)
			return;
	}
	inode->size = size_of(fs, raw);
	inode->blocks = blocks_of(fs, raw, inode->size);
	inode->atime_ns = ext4_time(raw, INODE_ATIME, INODE_ATIME_EXTRA, end);
	inode->mtime_ns = ext4_time(raw, INODE_MTIME, INODE_MTIME_EXTRA, end);
	inode->ctime_ns = ext4_time(raw, INODE_CTIME, INODE_CTIME_EXTRA, end);
	inode->btime_ns = INT64_MIN;
	if (end >= INODE_BTIME + 4)
		inode->btime_ns = ext4_time(raw, INODE_BTIME, INODE_BTIME_EXTRA, end);
	inode->uid = ext4_load16(raw + INODE_UID) | (uint32_t)ext4_load16(raw + INODE_UID_HIGH)
							    << 16;
	inode->gid = ext4_load16(raw + INODE_GID) | (uint32_t)ext4_load16(raw + INODE_GID_HIGH)
							    << 16;
	inode->nlink = ext4_load16(raw + INODE_LINKS);
	inode->mode = ext4_load16(raw + INODE_MODE);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		inode->rdev = rdev_of(raw);
	/* The kernel reports the length of the target, not that of its encrypted form. */
	if (S_ISLNK(inode->mode) && ext4_load32(raw + INODE_FLAGS) & FLAG_ENCRYPTED)
		inode->mode = 0;
}

uint64_t flist_ext4_where(struct flist_ext4 *fs, uint32_t ino)
{
	const uint64_t table = find_table(fs, (ino - 1) / fs->group_inodes);
	return table ? ext4_inode_at(fs, table, (ino - 1) % fs->group_inodes) : 0;
}

void flist_ext4_want_xattrs(struct flist_ext4 *fs)
{
	fs->wants_xattrs = true;
}

/* Whether the inode is in use and its checksum is correct. */
static bool is_good(const struct flist_ext4 *fs, uint32_t ino, char *raw)
{
	if (ext4_load16(raw + INODE_LINKS) == 0 || ext4_load16(raw + INODE_MODE) == 0 ||
	    ext4_load32(raw + INODE_DTIME) != 0)
		return false;
	return !fs->checksums || flist_ext4_is_right(fs, ino, raw);
}

/* Decodes inode `first` and the following, as many as a part has, and returns the directories. */
static uint32_t decode_inodes(const struct flist_ext4_reader *reader, uint32_t first, uint32_t n,
			      struct flist_ext4_part *part)
{
	const struct flist_ext4 *fs = reader->fs;
	uint32_t n_dirs = 0;
	for (uint32_t i = 0; i < EXT4_PART; i++) {
		char *raw = reader->raw + (size_t)i * fs->inode_size;
		struct flist_disk_inode *inode = &part->inodes[i];
		inode->mode = 0;
		inode->rdev = 0;
		if (i >= n || !is_good(fs, first + i, raw))
			continue;
		decode(fs, raw, inode);
		if (ext4_may_change(fs, inode->ctime_ns))
			inode->mode = 0;
		if (S_ISDIR(inode->mode))
			inode->rdev = ++n_dirs;
	}
	return n_dirs;
}

/* Sets *dirs to the number of directories. 0 or -ENOMEM. */
static int decode_part(struct flist_ext4_reader *reader, uint32_t first, uint32_t n,
		       struct flist_ext4_part *part, uint32_t *dirs)
{
	const struct flist_ext4 *fs = reader->fs;
	*dirs = decode_inodes(reader, first, n, part);
	if (flist_ext4_part_dirs(reader, part, *dirs))
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct flist_ext4_dir *dir = ext4_dir_of(part, i);
		if (!dir)
			continue;
		dir->packed_len = 0;
		memcpy(dir->raw, reader->raw + (size_t)i * fs->inode_size, sizeof(dir->raw));
	}
	return fs->wants_xattrs ? flist_ext4_keep_xattrs(reader, part, n) : 0;
}

/* ---- Read-ahead ------------------------------------------------------------------------------ */

/*
 * When a part of a table is not cached, read-ahead is requested: more of the table, twice as much
 * each time, and the blocks of the directories in the part. No job waits for it: the data is in
 * memory, or being read, when the walk needs it.
 */

enum {
	WAITS = 20 * 1000,        /* ns: reading a cached part takes 4 us */
	AHEAD_FIRST = 32 * 1024,  /* bytes of directories, */
	AHEAD_LEAST = 128 * 1024, /* bytes of a table */
	AHEAD_MOST = 2 * 1024 * 1024,
	COLD_PARTS = 128, /* parts after one that was not cached */
};

static void want(const struct flist_ext4 *fs, uint64_t at, uint64_t size)
{
	(void)posix_fadvise(fs->fd, (off_t)at, (off_t)size, POSIX_FADV_WILLNEED);
}

/* Requests more of a group's table, from inode index `from`, unless that was requested before. */
static void want_table(struct flist_ext4_reader *reader, uint32_t group, uint32_t from)
{
	struct flist_ext4 *fs = reader->fs;
	const uint64_t table = atomic_load_explicit(&fs->tables[group], memory_order_relaxed);
	uint32_t wanted = atomic_load_explicit(&fs->wanted[group], memory_order_relaxed);
	uint32_t n = fs->group_inodes - from;
	reader->cold = COLD_PARTS;
	if (from < wanted)
		return;
	reader->ahead = reader->ahead ? reader->ahead * 2 : AHEAD_LEAST;
	if (reader->ahead > AHEAD_MOST)
		reader->ahead = AHEAD_MOST;
	if (n > reader->ahead / fs->inode_size)
		n = reader->ahead / fs->inode_size;
	if (n > 0 && atomic_compare_exchange_strong(&fs->wanted[group], &wanted, from + n))
		want(fs, ext4_inode_at(fs, table, from), (uint64_t)n * fs->inode_size);
}

/*
 * Requests the first blocks of a directory, which are usually all. If directories follow each other
 * on the device, or nearly so, the blocks after them are requested, too, twice as much each time.
 */
static void want_directory(struct flist_ext4_reader *reader, const char *raw)
{
	enum { AHEAD_GAP = 16 };
	const struct flist_ext4 *fs = reader->fs;
	struct flist_ext4_ahead *dirs = &reader->dirs;
	uint64_t n, first = ext4_first_blocks(raw, &n);
	if (!ext4_has_blocks(fs, first, n) || (first >= dirs->from && first + n <= dirs->to))
		return;
	const bool follows = dirs->size > 0 && first >= dirs->from && first <= dirs->to + AHEAD_GAP;
	dirs->size = follows ? dirs->size * 2 : AHEAD_FIRST;
	if (dirs->size > AHEAD_MOST)
		dirs->size = AHEAD_MOST;
	const uint64_t from = follows ? dirs->to : first;
	if (!follows)
		dirs->from = first;
	dirs->to = from + dirs->size / fs->block_size;
	if (dirs->to < first + n)
		dirs->to = first + n;
	if (dirs->to > fs->n_blocks)
		dirs->to = fs->n_blocks;
	want(fs, from * fs->block_size, (dirs->to - from) * fs->block_size);
}

/*
 * Reads, and sets *has_waited to whether the data was not cached. If that cannot be determined, the
 * duration decides.
 */
static int read_and_tell(const struct flist_ext4 *fs, void *to, size_t size, uint64_t at,
			 bool *has_waited)
{
	int ret = ext4_read_cached(fs, to, size, at);
	*has_waited = ret != 0;
	if (ret == -EOPNOTSUPP) {
		const uint64_t began = flist_clock();
		ret = ext4_read(fs, to, size, at);
		*has_waited = flist_clock() - began > WAITS;
	} else if (ret) {
		ret = ext4_read(fs, to, size, at);
	}
	return ret;
}

/* Reads n inodes of a group's table into reader->raw. 0 or -errno. */
static int read_table(struct flist_ext4_reader *reader, uint32_t group, uint32_t index, uint32_t n)
{
	struct flist_ext4 *fs = reader->fs;
	const uint64_t table = find_table(fs, group);
	bool has_waited;
	int ret;
	if (!table)
		return -EIO;
	ret = read_and_tell(fs, reader->raw, (size_t)n * fs->inode_size,
			    ext4_inode_at(fs, table, index), &has_waited);
	reader->parts++;
	reader->cold -= reader->cold > 0;
	if (has_waited)
		want_table(reader, group, index + n);
	return ret;
}

/* Reads a part of a group's table, and directories that are next to each other. 0 or -errno. */
static int fill_part(struct flist_ext4_reader *reader, uint32_t group, uint32_t index,
		     struct flist_ext4_part *part)
{
	const struct flist_ext4 *fs = reader->fs;
	const uint32_t left = fs->group_inodes - index, n = left < EXT4_PART ? left : EXT4_PART;
	const uint32_t first = group * fs->group_inodes + index + 1;
	uint32_t n_dirs = 0;
	int ret;
	if (!reader->raw)
		reader->raw = malloc((size_t)EXT4_PART * fs->inode_size);
	ret = reader->raw ? read_table(reader, group, index, n) : -ENOMEM;
	if (!ret)
		ret = decode_part(reader, first, n, part, &n_dirs);
	for (uint32_t i = 0; !ret && i < n_dirs && reader->cold > 0; i++)
		want_directory(reader, part->dirs[i].raw);
	if (!ret && n_dirs > 1)
		flist_ext4_read_run(reader, part, first, n);
	return ret;
}

/* Reads a part. If two jobs read the same part, all use the first one's. */
static struct flist_ext4_uses *read_part(struct flist_ext4_reader *reader, uint32_t group,
					 uint32_t number)
{
	struct flist_ext4 *fs = reader->fs;
	struct flist_ext4_part *part = flist_ext4_part_new(reader);
	struct flist_ext4_uses *uses = NULL, *other = NULL;
	if (!part)
		return NULL;
	if (!fill_part(reader, group, number * EXT4_PART, part))
		uses = flist_ext4_uses_new(reader, part);
	const bool is_empty = uses && atomic_load_explicit(&uses->left, memory_order_relaxed) == 0;
	const bool is_first =
		uses && atomic_compare_exchange_strong(
				&fs->parts[(size_t)group * fs->group_parts + number], &other, uses);
	if (!is_first || is_empty)
		flist_ext4_part_free(reader, part);
	return is_first ? uses : other;
}

struct flist_ext4_uses *flist_ext4_part(struct flist_ext4_reader *reader, uint32_t ino)
{
	struct flist_ext4 *fs = reader->fs;
	if (ino == 0 || ino > fs->n_inodes)
		return NULL;
	const uint32_t group = (ino - 1) / fs->group_inodes;
	const uint32_t number = (ino - 1) % fs->group_inodes / EXT4_PART;
	struct flist_ext4_uses *uses = atomic_load_explicit(
		&fs->parts[(size_t)group * fs->group_parts + number], memory_order_acquire);
	return uses ? uses : read_part(reader, group, number);
}

const struct flist_disk_inode *flist_ext4_inode(struct flist_ext4_reader *reader, uint32_t ino)
{
	struct flist_ext4_uses *uses = flist_ext4_part(reader, ino);
	const uint32_t n = ext4_in_part(reader->fs, ino);
	return uses && flist_ext4_use_inode(reader, uses, n) ? &uses->part->inodes[n] : NULL;
}
