/*
 * The on-disk format of ext4 and functions that read it, shared by the ext4 files. All numbers are
 * little-endian.
 */
#ifndef FLIST_BULK_EXT4_DISK_H
#define FLIST_BULK_EXT4_DISK_H

#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "strategies/flist/bulk/crc32c.h"
#include "strategies/flist/bulk/tables.h"

/* ---- The format ------------------------------------------------------------------------------ */

enum {
	SUPER_AT = 1024,
	SUPER_SIZE = 1024,
	MAGIC = 0xef53,
	CHECKSUM_CRC32C = 1,
};

enum { /* offsets in the superblock */
       SUPER_INODES = 0x00,
       SUPER_BLOCKS = 0x04,
       SUPER_FIRST_BLOCK = 0x14,
       SUPER_BLOCK_SIZE = 0x18,
       SUPER_GROUP_BLOCKS = 0x20,
       SUPER_GROUP_INODES = 0x28,
       SUPER_MAGIC = 0x38,
       SUPER_REVISION = 0x4c,
       SUPER_INODE_SIZE = 0x58,
       SUPER_INCOMPAT = 0x60,
       SUPER_RO_COMPAT = 0x64,
       SUPER_UUID = 0x68,
       SUPER_DESC_SIZE = 0xfe,
       SUPER_BLOCKS_HIGH = 0x150,
       SUPER_CHECKSUM_TYPE = 0x175,
       SUPER_SEED = 0x270,
};

enum { /* bits of features */
       INCOMPAT_EXTENTS = 0x40,
       INCOMPAT_64BIT = 0x80,
       INCOMPAT_SEED = 0x2000,
       INCOMPAT_LARGE_DIR = 0x4000,
       /*
	* Also: file type, recovery, multiple mount protection, flexible groups, attribute values in
	* inodes, inline data, encryption, case-insensitive names.
	*/
       INCOMPAT_KNOWN = 0x2 | 0x4 | INCOMPAT_EXTENTS | INCOMPAT_64BIT | 0x100 | 0x200 | 0x400 |
			INCOMPAT_SEED | INCOMPAT_LARGE_DIR | 0x8000 | 0x10000 | 0x20000,
       RO_HUGE_FILE = 0x8,
       RO_CHECKSUMS = 0x400,
};

enum { /* offsets in a group descriptor, and its sizes */
       DESC_TABLE = 0x08,
       DESC_CHECKSUM = 0x1e,
       DESC_TABLE_HIGH = 0x28,
       DESC_SMALL = 32,
       DESC_MOST = 1024,
};

enum { /* offsets in an inode */
       INODE_MODE = 0x00,
       INODE_UID = 0x02,
       INODE_SIZE = 0x04,
       INODE_ATIME = 0x08,
       INODE_CTIME = 0x0c,
       INODE_MTIME = 0x10,
       INODE_DTIME = 0x14,
       INODE_GID = 0x18,
       INODE_LINKS = 0x1a,
       INODE_BLOCKS = 0x1c,
       INODE_FLAGS = 0x20,
       INODE_BLOCK = 0x28,
       INODE_GENERATION = 0x64,
       INODE_XATTRS = 0x68, /* block of the attributes that do not fit into the inode */
       INODE_SIZE_HIGH = 0x6c,
       INODE_BLOCKS_HIGH = 0x74,
       INODE_XATTRS_HIGH = 0x76,
       INODE_UID_HIGH = 0x78,
       INODE_GID_HIGH = 0x7a,
       INODE_CHECKSUM = 0x7c,
       INODE_OLD = 0x80, /* smallest size of an inode, bytes */
       INODE_EXTRA = 0x80,
       INODE_CHECKSUM_HIGH = 0x82,
       INODE_CTIME_EXTRA = 0x84,
       INODE_MTIME_EXTRA = 0x88,
       INODE_ATIME_EXTRA = 0x8c,
       INODE_BTIME = 0x90,
       INODE_BTIME_EXTRA = 0x94,
       EXTRA_UNUSED = 32, /* bytes that a size of 0 means */
};

enum { /* extended attributes: in an inode after a magic number, in a block after a header */
       XATTR_MAGIC = 0xea020000,
       XATTR_HEAD = 32,
       XATTR_BLOCKS = 0x08, /* offset in the header */
       XATTR_CHECKSUM = 0x10,
       XATTR_ENTRY = 16, /* bytes of an entry before its name; the next two are offsets in it */
       XATTR_NAME_LEN = 0,
       XATTR_INDEX = 1, /* number of the name's prefix */
};

enum {
	FLAG_ENCRYPTED = 0x800,
	FLAG_INDEX = 0x1000,
	FLAG_HUGE = 0x40000,
	FLAG_EXTENTS = 0x80000,
	FLAG_INLINE = 0x10000000,
};

enum { POINTERS = 15, DIRECT = 12 /* numbers of blocks in i_block */ };

enum { /* extents: a header, then entries of the same size */
       EXTENT_SIZE = 12,
       EXTENT_MAGIC = 0xf30a,
       EXTENT_DEPTH_MOST = 5,
       EXTENT_LEN_MOST = 32768, /* longer ones mark extents that were never written */
};

enum { /* entries of directories: sizes, bytes */
       ENTRY_HEAD = 8,
       TAIL_SIZE = 12,
       TAIL_TYPE = 0xde,
       NAME_LEN_MOST = 255,
       ENTRY_MIN = 12,
};

static inline uint16_t ext4_load16(const char *at)
{
	uint16_t number;
	memcpy(&number, at, sizeof(number));
	return le16toh(number);
}

static inline uint32_t ext4_load32(const char *at)
{
	uint32_t number;
	memcpy(&number, at, sizeof(number));
	return le32toh(number);
}

static inline void ext4_store16(char *at, uint16_t number)
{
	number = htole16(number);
	memcpy(at, &number, sizeof(number));
}

static inline void ext4_store32(char *at, uint32_t number)
{
	number = htole32(number);
	memcpy(at, &number, sizeof(number));
}

/* ---- The filesystem -------------------------------------------------------------------------- */

enum {
	EXT4_PART = 64, /* inodes in a part of a table, which are read at once: a bit each */
	EXT4_DIR_MOST = 64 * 1024 * 1024, /* limit of a directory's size, bytes */
	EXT4_RUN = 64 * 1024, /* limit of the blocks of the directories of a part, bytes */
};

/* A directory, as its inode was when its part of the table was read. */
struct flist_ext4_dir {
	uint32_t packed_at, packed_len; /* its entries in the part's; 0: they have not been read */
	char raw[INODE_OLD];
};

/* Names of attributes of one inode, or of several that have the same. */
struct flist_ext4_attrs {
	uint64_t block; /* block with more of them; 0: none */
	uint32_t kinds; /* a bit for each prefix number */
	uint32_t len;   /* of the names with their NULs, bytes */
	bool is_bad;    /* invalid: use system calls */
	char names[];
};

/* Consecutive inodes of a table. */
struct flist_ext4_part {
	struct flist_ext4_part *next; /* of those whose memory is free */
	struct flist_ext4_dir *dirs;
	uint32_t dirs_room;
	char *packed; /* entries of directories that were read with the part */
	uint32_t packed_room;
	const struct flist_ext4_attrs **attrs; /* by inode; NULL: they are not wanted */
	struct flist_disk_inode inodes[EXT4_PART];
};

/*
 * What a part is still needed for. Each inode is used once, for the name that refers to it, and a
 * directory once more, for its names. Then the memory of the part is used for another one. A part
 * with an inode that has several names is kept.
 */
struct flist_ext4_uses {
	_Atomic uint64_t inodes, names; /* a bit for each use that has not begun */
	_Atomic uint32_t left;          /* number of uses that have not ended */
	bool is_kept;                   /* its inodes may be used any number of times */
	struct flist_ext4_part *part;   /* valid during a use */
};

struct flist_ext4 {
	int fd;
	int64_t since_ns;
	uint64_t n_blocks;
	uint32_t block_size, inode_size, desc_size;
	uint32_t n_inodes, group_inodes, n_groups;
	uint32_t group_parts; /* number of parts of a group's table */
	uint64_t desc_at;     /* offset of the first descriptor on the device */
	uint32_t incompat, ro_compat;
	bool checksums, wants_xattrs;
	uint32_t seed;
	struct flist_crc32c block_crc, inode_crc; /* for data of the size of a block, of an inode */
	_Atomic uint32_t *wanted; /* by group: inodes of its table requested by read-ahead */
	_Atomic uint64_t *tables; /* by group: first block of its table; 0: not known yet */
	_Atomic(struct flist_ext4_uses *) *parts;
};

static inline int ext4_read(const struct flist_ext4 *fs, void *to, size_t size, uint64_t at)
{
	for (size_t done = 0; done < size;) {
		const ssize_t n = pread(fs->fd, (char *)to + done, size - done, (off_t)(at + done));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/*
 * Reads only what is in the page cache. -EAGAIN: not all of it is; -EOPNOTSUPP: this cannot be
 * determined.
 */
static inline int ext4_read_cached(const struct flist_ext4 *fs, void *to, size_t size, uint64_t at)
{
#ifdef RWF_NOWAIT
	const struct iovec all = {.iov_base = to, .iov_len = size};
	const ssize_t n = preadv2(fs->fd, &all, 1, (off_t)at, RWF_NOWAIT);
	if (n == (ssize_t)size)
		return 0;
	return n >= 0 || errno == EAGAIN ? -EAGAIN : -EOPNOTSUPP;
#else
	(void)fs, (void)to, (void)size, (void)at;
	return -EOPNOTSUPP;
#endif
}

static inline bool ext4_has_blocks(const struct flist_ext4 *fs, uint64_t first, uint64_t n)
{
	return first > 0 && first < fs->n_blocks && n <= fs->n_blocks - first;
}

static inline uint32_t ext4_sum(const struct flist_ext4 *fs, uint32_t seed, const void *data,
				size_t size)
{
	return flist_crc32c(size == fs->inode_size ? &fs->inode_crc : &fs->block_crc, seed, data,
			    size);
}

/* Builds for fuzzing take every checksum for right: random changes would get no further. */
static inline bool ext4_sums_agree(uint32_t computed, uint32_t stored)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	(void)computed;
	(void)stored;
	return true;
#else
	return computed == stored;
#endif
}

/* The seed of checksums of an inode and of its blocks. */
static inline uint32_t ext4_seed(const struct flist_ext4 *fs, uint32_t ino, const char *raw)
{
	char start[8];
	ext4_store32(start, ino);
	memcpy(start + 4, raw + INODE_GENERATION, 4);
	return ext4_sum(fs, fs->seed, start, sizeof(start));
}

static inline uint64_t ext4_inode_at(const struct flist_ext4 *fs, uint64_t table, uint32_t index)
{
	return table * fs->block_size + (uint64_t)index * fs->inode_size;
}

/*
 * Decodes a time: seconds, and if the inode has them, two more bits of seconds and the nanoseconds.
 * end: size of the inode's used part, bytes.
 */
static inline int64_t ext4_time(const char *raw, int at, int extra_at, uint32_t end)
{
	int64_t s = (int32_t)ext4_load32(raw + at), ns = 0, sum_ns;
	if ((uint32_t)extra_at + 4 <= end) {
		const uint32_t extra = ext4_load32(raw + extra_at);
		s += (int64_t)(extra & 3) << 32;
		ns = extra >> 2;
	}
	if (__builtin_mul_overflow(s, 1000000000, &sum_ns) ||
	    __builtin_add_overflow(sum_ns, ns, &sum_ns))
		return s < 0 ? INT64_MIN : INT64_MAX;
	return sum_ns;
}

/*
 * Whether an inode with this ctime may be changing. A time with a precision of one second can be
 * any time within it.
 */
static inline bool ext4_may_change(const struct flist_ext4 *fs, int64_t ctime_ns)
{
	enum { SECOND = 1000000000 };
	return ctime_ns >= fs->since_ns ||
	       (ctime_ns % SECOND == 0 && ctime_ns >= fs->since_ns - SECOND);
}

/*
 * Whether a directory is unchanged since `before`: compares all fields of its inode that change
 * with its entries, which are before and after the access time.
 */
static inline bool ext4_is_same(const struct flist_ext4 *fs, const char *now, const char *before)
{
	enum { AFTER_BLOCKS = INODE_BLOCK + 4 * POINTERS };
	const uint32_t end = fs->inode_size > INODE_OLD ? INODE_CTIME_EXTRA + 4 : INODE_OLD;
	return memcmp(now, before, INODE_ATIME) == 0 &&
	       memcmp(now + INODE_CTIME, before + INODE_CTIME, AFTER_BLOCKS + 4 - INODE_CTIME) ==
		       0 &&
	       !ext4_may_change(fs, ext4_time(now, INODE_CTIME, INODE_CTIME_EXTRA, end));
}

/*
 * Returns the first block of a directory, and sets *n to the number of consecutive blocks from
 * there. If its extents are in a block of their own, it is that block. 0: not in the inode.
 */
static inline uint64_t ext4_first_blocks(const char *raw, uint64_t *n)
{
	const char *map = raw + INODE_BLOCK, *entry = map + EXTENT_SIZE;
	*n = 1;
	if (!(ext4_load32(raw + INODE_FLAGS) & FLAG_EXTENTS))
		return ext4_load32(map);
	if (ext4_load16(map + 2) == 0)
		return 0;
	if (ext4_load16(map + 6) > 0) /* the block with the extents */
		return ext4_load32(entry + 4) | (uint64_t)ext4_load16(entry + 8) << 32;
	*n = ext4_load16(entry + 4);
	return ext4_load32(entry + 8) | (uint64_t)ext4_load16(entry + 6) << 32;
}

/* Whether the checksum of an inode is correct. Sets the checksum in raw to 0. */
bool flist_ext4_is_right(const struct flist_ext4 *fs, uint32_t ino, char *raw);

/*
 * Reads the entries of those directories of a part that are next to each other on the device. The
 * part has n inodes from number `first`. Overwrites reader->raw.
 */
void flist_ext4_read_run(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t first, uint32_t n);

/*
 * Checks the n blocks of a directory, and moves its entries to `to`, at or before the blocks, as if
 * they were those of one block. raw: its inode. Returns the length, bytes; 0: invalid.
 */
uint32_t flist_ext4_pack(const struct flist_ext4 *fs, uint32_t ino, const char *raw,
			 const char *blocks, uint32_t n, char *to);

/* Returns the offset of an inode on the device; 0: not available. */
uint64_t flist_ext4_where(struct flist_ext4 *fs, uint32_t ino);

/*
 * Stores the names of attributes of the first n inodes of a part, which are in reader->raw. 0 or
 * -ENOMEM.
 */
int flist_ext4_keep_xattrs(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			   uint32_t n);

/*
 * Returns the uses of the part of a table that has an inode; reads it if necessary. NULL: not
 * available.
 */
struct flist_ext4_uses *flist_ext4_part(struct flist_ext4_reader *reader, uint32_t ino);

/* Returns an inode's number in its part. */
static inline uint32_t ext4_in_part(const struct flist_ext4 *fs, uint32_t ino)
{
	return (ino - 1) % fs->group_inodes % EXT4_PART;
}

/* Returns memory for a part with no inodes. NULL: there is none. */
struct flist_ext4_part *flist_ext4_part_new(struct flist_ext4_reader *reader);

/* Makes room for n directories of a part. 0 or -ENOMEM. */
int flist_ext4_part_dirs(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			 uint32_t n);

/* Makes room for `size` bytes of entries of a part. 0 or -ENOMEM. */
int flist_ext4_part_packed(struct flist_ext4_reader *reader, struct flist_ext4_part *part,
			   uint32_t size);

void flist_ext4_part_free(struct flist_ext4_reader *reader, struct flist_ext4_part *part);

/* Returns the uses of a part that has been decoded. NULL: out of memory. */
struct flist_ext4_uses *flist_ext4_uses_new(struct flist_ext4_reader *reader,
					    struct flist_ext4_part *part);

/*
 * Begin a use of inode n of a part. false: it has begun before, or there is nothing to use. The use
 * of an inode ends when the reader begins one in another part.
 */
bool flist_ext4_use_inode(struct flist_ext4_reader *reader, struct flist_ext4_uses *uses,
			  uint32_t n);
bool flist_ext4_use_names(struct flist_ext4_uses *uses, uint32_t n);

/* Ends n uses. */
void flist_ext4_end_uses(struct flist_ext4_reader *reader, struct flist_ext4_uses *uses,
			 uint32_t n);

/* Returns inode n of a part as a directory; NULL: it is not one. */
static inline struct flist_ext4_dir *ext4_dir_of(const struct flist_ext4_part *part, uint32_t n)
{
	const struct flist_disk_inode *inode = &part->inodes[n];
	return S_ISDIR(inode->mode) ? &part->dirs[inode->rdev - 1] : NULL;
}

#endif
