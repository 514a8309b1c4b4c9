/*
 * The readers of filesystem tables, one for each filesystem, and what they answer of an inode. Each
 * reads inodes by their number and, but for xfs, the names of a directory.
 */
#ifndef FLIST_BULK_TABLES_H
#define FLIST_BULK_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/collect/names.h"
#include "strategies/flist/list/arena.h"

/* What the tables of a filesystem say of an inode, whichever filesystem it is. */

struct flist_disk_inode {
	uint64_t size, blocks;
	int64_t atime_ns, mtime_ns, ctime_ns;
	int64_t btime_ns; /* INT64_MIN: unknown */
	uint32_t uid, gid;
	uint32_t rdev; /* 12 bits, then 20; of a directory: which one of its part it is, from 1 */
	uint16_t mode; /* 0: the kernel has to be asked */
	uint16_t nlink;
};

_Static_assert(sizeof(struct flist_disk_inode) == 64, "a cache line");

/*
 * ext4, ext3 and ext2 as they lie on a device: inodes by their number, and the names of a
 * directory. Parts of the inode tables are read when one of their inodes is asked for first, and
 * kept.
 *
 * Everything that comes from the device is checked: numbers of blocks and inodes, sizes and lengths
 * against the limits of the filesystem, and checksums. What does not fit is not answered, and the
 * kernel has to be asked.
 *
 * It is a reader of its own: libext2fs has a handle that threads cannot share, and every program
 * that links this library would need it.
 */

struct flist_ext4;

enum { FLIST_EXT4_RUNS = 256 /* that a reader keeps at once */ };

/* Blocks in a row that the device was asked for before they were needed. */
struct flist_ext4_ahead {
	uint64_t from, to;
	uint64_t size; /* bytes, of the last time */
};

/* What a job reads with. All zero but fs. */
struct flist_ext4_reader {
	struct flist_ext4 *fs;
	struct flist_arena kept; /* parts of inode tables, for all jobs */
	char *raw;               /* such a part as it lies on the device */
	char *names;             /* the blocks of a directory */
	size_t names_room;
	struct flist_ext4_run *runs[FLIST_EXT4_RUNS];
	uint32_t n_runs;
	struct flist_ext4_attrs *block; /* the names of attributes in the block read last */
	uint64_t parts;                 /* that it has read */
	uint32_t
		ahead; /* bytes that the device was asked for beyond the last that was waited for */
	struct flist_ext4_ahead dirs;
	uint32_t cold; /* so many parts more are likely not to be in memory */
};

void flist_ext4_reader_release(struct flist_ext4_reader *reader);

/*
 * Reads the superblock from a descriptor, which stays the caller's. since_ns: what changed at that
 * time or later may be changing. -ENOMEM; errors of pread(2); -ENOTSUP with *why, if it cannot be
 * read.
 */
int flist_ext4_open(struct flist_ext4 **fs, int fd, int64_t since_ns, const char **why);
void flist_ext4_free(struct flist_ext4 *fs); /* accepts NULL; readers are released before */

/* Before anything is read: names of extended attributes will be asked for. */
void flist_ext4_want_xattrs(struct flist_ext4 *fs);

/* NULL: it cannot be told from the tables, or may be changing. Good until readers are released. */
const struct flist_disk_inode *flist_ext4_inode(struct flist_ext4_reader *reader, uint32_t ino);

/*
 * The names of a directory, in no order, each with its inode as its number; the texts are good
 * until the next call. Each directory is given out once. 0; -ENOMEM; -EAGAIN: it may be changing,
 * it was given out before, is encrypted or damaged: the kernel has to be asked.
 */
int flist_ext4_names(struct flist_ext4_reader *reader, uint32_t ino, struct flist_names *names);

/*
 * The names of the extended attributes of an inode that was answered, each with a NUL, as
 * listxattr(2) may tell them. How many bytes of the room they take. kinds: a bit for each way that
 * they begin, or may: the kernel leaves out those of some kinds, depending on mount options and
 * privileges. -EAGAIN: the kernel has to be asked.
 */
long flist_ext4_xattrs(struct flist_ext4_reader *reader, uint32_t ino, char *names, size_t room,
		       uint32_t *kinds);

/*
 * xfs by bulkstat: inodes by their number, many with one call, through a descriptor of a directory.
 * The kernel answers from the inodes that it has in memory, else from the inode tables; names are
 * not among the answers and are read by calls. What lies behind an inode that is asked for is read
 * with it, and kept.
 *
 * The size of a file that is being written is what the device has of it: the filesystem is to be
 * synchronised before. Everything else is as stat has it.
 */

struct flist_xfs;
struct flist_xfs_part;

/* What a job reads with. All zero but fs. */
struct flist_xfs_reader {
	struct flist_xfs *fs;
	struct flist_arena kept;           /* inodes, for all jobs */
	void *raw;                         /* an answer */
	uint64_t behind;                   /* the inode behind the last answer */
	uint32_t want;                     /* inodes that it asked for */
	const struct flist_xfs_part *last; /* that it looked into */
	uint64_t inodes;                   /* that it has read */
	uint32_t asks, waits;              /* how often it asked, and waited for the device */
};

void flist_xfs_reader_release(struct flist_xfs_reader *reader);

/*
 * The filesystem that a directory is in, whose descriptor stays the caller's. since_ns: what
 * changed at that time or later may be changing. -ENOMEM; -ENOTSUP with *why: it cannot be asked.
 */
int flist_xfs_open(struct flist_xfs **fs, int fd, int64_t since_ns, const char **why);
uint64_t flist_xfs_root(const struct flist_xfs *fs); /* the inode of its root; 0: not known */
void flist_xfs_free(struct flist_xfs *fs);           /* accepts NULL; readers are released before */

/*
 * NULL: the answers do not have it, may be changing, or lack what stat says of such an inode. Good
 * until readers are released.
 */
const struct flist_disk_inode *flist_xfs_inode(struct flist_xfs_reader *reader, uint64_t ino);

/*
 * Whether inodes are mostly read from the device: the kernel then makes each of them for one answer
 * only, and calls, which leave them in memory, are faster.
 */
bool flist_xfs_waits(const struct flist_xfs_reader *reader);

/*
 * btrfs by searches of the tree of a subvolume, through a descriptor of one of its directories:
 * inodes by their number, and the names of a directory. The tree has both side by side in the order
 * of inode numbers, so what lies near an inode that is asked for is read with it, and kept.
 *
 * A search sees what the last commit has written, and of what came later only a part: names and
 * inodes wait in memory for the next commit. So the filesystem is synchronised before.
 *
 * What comes from the kernel is held against the form that it should have; what does not fit is not
 * answered, and has to be asked by calls.
 */

struct flist_btrfs;

/* What a job reads with. All zero but fs. */
struct flist_btrfs_reader {
	struct flist_btrfs *fs;
	struct flist_arena kept; /* parts of the tree, for all jobs */
	char *raw;               /* the answer of a search */
	char *names, *many; /* of the directories of a part; of one that is too large for that */
	size_t names_room, many_room;
	uint64_t searches, items; /* that it has made and read */
};

void flist_btrfs_reader_release(struct flist_btrfs_reader *reader);

/*
 * The subvolume that a directory is in, whose descriptor stays the caller's. since_ns: what changed
 * at that time or later may be changing. -ENOMEM; -ENOTSUP with *why, if it cannot be searched.
 */
int flist_btrfs_open(struct flist_btrfs **fs, int fd, int64_t since_ns, const char **why);
void flist_btrfs_free(struct flist_btrfs *fs); /* accepts NULL; readers are released before */

/* NULL: it cannot be told from the tree, or may be changing. Good until readers are released. */
const struct flist_disk_inode *flist_btrfs_inode(struct flist_btrfs_reader *reader, uint32_t ino);

/*
 * The names of a directory, in no order, each with its inode as its number, or 0: that has to be
 * asked by a call, as a subvolume has to. The texts are good until the next call. Each directory is
 * given out once. 0; -ENOMEM; -EAGAIN: it may be changing, or was given out before: the kernel has
 * to be asked.
 */
int flist_btrfs_names(struct flist_btrfs_reader *reader, uint32_t ino, struct flist_names *names);

#endif
