/*
 * The readers of the tables of ext4, btrfs and xfs, and the inode that they return. Each reads
 * inodes by their number; those of ext4 and btrfs also read the names of a directory.
 */
#ifndef FLIST_BULK_TABLES_H
#define FLIST_BULK_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/names/names.h"

/* An inode, in the same form for all filesystems. */

struct flist_disk_inode {
	uint64_t size, blocks;
	int64_t atime_ns, mtime_ns, ctime_ns;
	int64_t btime_ns; /* INT64_MIN: not known */
	uint32_t uid, gid;
	uint32_t rdev; /* device: major (12 bits), minor (20); directory: its number in its part,
			  from 1 */
	uint16_t mode; /* 0: not available, use a system call */
	uint16_t nlink;
};

_Static_assert(sizeof(struct flist_disk_inode) == 64, "a cache line");

/*
 * ext4, ext3 and ext2, read from the device: inodes by their number, and the names of a directory.
 * A part of an inode table is read when one of its inodes is needed first, and is kept until all of
 * them were used.
 *
 * All data from the device is checked: block and inode numbers, sizes and lengths against the
 * limits of the filesystem, and checksums. What is invalid is not returned, and the caller has to
 * use system calls.
 *
 * libext2fs is not used: threads cannot share a handle of it, and every program that links this
 * library would need it.
 */

struct flist_ext4;

/* Consecutive blocks requested by read-ahead. */
struct flist_ext4_ahead {
	uint64_t from, to;
	uint64_t size; /* size of the last request, bytes */
};

/* What a job reads with. All zero but fs. */
struct flist_ext4_reader {
	struct flist_ext4 *fs;
	struct flist_arena kept;      /* parts of inode tables, which all jobs use */
	struct flist_ext4_part *free; /* parts that were used */
	struct flist_ext4_uses *uses; /* those of the inode returned last */
	uint32_t n_uses;              /* number of them that have begun since, and not ended */
	char *raw;                    /* buffer for a part, as on the device */
	char *names;                  /* buffer for the blocks of a directory */
	size_t names_room;
	char *run;                      /* buffer for the blocks of several directories */
	struct flist_ext4_attrs *block; /* names of attributes in the block read last */
	uint64_t parts;                 /* that it has read */
	uint32_t
		ahead; /* bytes: size of the last read-ahead request for a part of an inode table */
	struct flist_ext4_ahead dirs;
	uint32_t cold; /* number of further parts that are expected not to be cached */
};

void flist_ext4_reader_release(struct flist_ext4_reader *reader);

/*
 * Reads the superblock from a descriptor, which stays the caller's. since_ns: an inode that changed
 * at that time or later may be changing. -ENOMEM; errors of pread(2); -ENOTSUP: it cannot be read,
 * and *why is the reason.
 */
int flist_ext4_open(struct flist_ext4 **fs, int fd, int64_t since_ns, const char **why);
void flist_ext4_free(struct flist_ext4 *fs); /* accepts NULL; readers are released before */

/* Called before any inode is read: names of extended attributes are wanted. */
void flist_ext4_want_xattrs(struct flist_ext4 *fs);

/*
 * Returns an inode, for one of its names. NULL: not available, it may be changing, or it has one
 * name and was returned before. Valid until this reader's next call.
 */
const struct flist_disk_inode *flist_ext4_inode(struct flist_ext4_reader *reader, uint32_t ino);

/*
 * Sets `names` to the names of a directory, in no order, with the inode number as number. The texts
 * are valid until the next call. Each directory is returned only once. 0; -EAGAIN: it may be
 * changing, was returned before, is encrypted, is damaged, or needs too much memory; use system
 * calls.
 */
int flist_ext4_names(struct flist_ext4_reader *reader, uint32_t ino, struct flist_names *names);

/*
 * Writes the names of the extended attributes of the inode that this reader was given last, in the
 * format of listxattr(2), and returns their size, bytes. kinds: a bit for each prefix that a name
 * has. The kernel may list fewer: it hides some prefixes, depending on mount options and
 * privileges. -EAGAIN: use system calls.
 */
long flist_ext4_xattrs(struct flist_ext4_reader *reader, uint32_t ino, char *names, size_t room,
		       uint32_t *kinds);

/*
 * xfs, by the ioctl bulkstat: the inodes of a directory, many with one call, through a descriptor
 * of a directory. The kernel takes them from its inode cache, or from the inode tables. Names are
 * not included, and are read by system calls.
 *
 * If the whole filesystem is listed, the inodes that follow one that is needed will be needed, too:
 * they are read with it and kept. Otherwise most of them may belong to other trees. Then only runs
 * are read: inodes of one directory whose numbers are near each other.
 *
 * The size of a file that is being written is that on the device, so the filesystem has to be
 * synced first. Everything else is as stat(2) returns it.
 */

struct flist_xfs;
struct flist_xfs_part;
struct flist_xfs_want;

/* What a job reads with. All zero but fs. */
struct flist_xfs_reader {
	struct flist_xfs *fs;
	struct flist_arena kept;           /* parts, which all jobs use */
	void *raw;                         /* buffer for a result */
	uint64_t behind;                   /* inode number that follows the last result */
	uint32_t want;                     /* number of inodes requested */
	const struct flist_xfs_part *last; /* part used last */
	struct flist_xfs_want *wants;      /* by inode number */
	struct flist_disk_inode *inodes;   /* by the number of their name */
	size_t room;                       /* of both */
	uint32_t asks, cold; /* number of calls; number of those that read the device */
};

void flist_xfs_reader_release(struct flist_xfs_reader *reader);

/*
 * Whether all directories of an xfs are in this directory's tree, apart from those above it. 1, 0
 * or -errno.
 */
int flist_xfs_has_all(int fd);

/*
 * Opens the filesystem of a directory, whose descriptor stays the caller's. since_ns: an inode that
 * changed at that time or later may be changing. is_whole: most inodes of the filesystem are going
 * to be needed. -ENOMEM; -ENOTSUP: bulkstat is not available, and *why is the reason.
 */
int flist_xfs_open(struct flist_xfs **fs, int fd, int64_t since_ns, bool is_whole,
		   const char **why);
bool flist_xfs_is_whole(const struct flist_xfs *fs);
void flist_xfs_free(struct flist_xfs *fs); /* accepts NULL; readers are released before */

/* Fetches one inode. false: not available, or it may be changing. */
bool flist_xfs_fetch(const struct flist_xfs *fs, uint64_t ino, struct flist_disk_inode *inode);

/*
 * Called for names in a reader's buffer before their inodes are requested. Of a part of a
 * filesystem, it reads the runs among them, and sets the numbers of the names. least: number of
 * inodes of a run; for fewer, system calls are faster. 1; 0: there is no run, and nothing was
 * changed; -ENOMEM.
 */
int flist_xfs_read(struct flist_xfs_reader *reader, struct flist_names *names, size_t least);

/*
 * Returns the inode of one of these names. NULL: not read, may be changing, or bulkstat lacks
 * something that stat(2) has. Valid until the next call of flist_xfs_read.
 */
const struct flist_disk_inode *flist_xfs_inode(struct flist_xfs_reader *reader,
					       const struct flist_name *name);

/*
 * Whether most inodes are read from the device. bulkstat then does not leave them in the kernel's
 * cache, and system calls, which do, are faster.
 */
bool flist_xfs_is_cold(const struct flist_xfs_reader *reader);

/*
 * btrfs, by the ioctl tree search in the tree of a subvolume, through a descriptor of one of its
 * directories: inodes by their number, and the names of a directory. The tree has both in the order
 * of inode numbers, so items near an inode that is needed are read with it and kept.
 *
 * A search finds the state of the last commit and only a part of later changes: names and inodes
 * stay in memory until the next commit. So the filesystem has to be synced first.
 *
 * The format of all items is checked. What is invalid is not returned, and the caller has to use
 * system calls.
 */

struct flist_btrfs;

/* What a job reads with. All zero but fs. */
struct flist_btrfs_reader {
	struct flist_btrfs *fs;
	struct flist_arena kept; /* parts of the tree, which all jobs use */
	char *raw;               /* buffer for a search */
	char *names, *many;      /* names of directories in a part; of one too large for that */
	size_t names_room, many_room;
	uint64_t searches, items; /* number of searches, and of items read */
};

void flist_btrfs_reader_release(struct flist_btrfs_reader *reader);

/*
 * Opens the subvolume of a directory, whose descriptor stays the caller's. since_ns: an inode that
 * changed at that time or later may be changing. -ENOMEM; -ENOTSUP: it cannot be searched, and *why
 * is the reason.
 */
int flist_btrfs_open(struct flist_btrfs **fs, int fd, int64_t since_ns, const char **why);
void flist_btrfs_free(struct flist_btrfs *fs); /* accepts NULL; readers are released before */

/*
 * Returns an inode. NULL: not available, or it may be changing. Valid until the readers are
 * released.
 */
const struct flist_disk_inode *flist_btrfs_inode(struct flist_btrfs_reader *reader, uint32_t ino);

/*
 * Sets `names` to the names of a directory, in no order, with the inode number as number. 0 as
 * number: use a system call, for example because it is a subvolume. The texts are valid until the
 * next call. Each directory is returned only once. 0; -EAGAIN: it may be changing, was returned
 * before, or needs too much memory; use system calls.
 */
int flist_btrfs_names(struct flist_btrfs_reader *reader, uint32_t ino, struct flist_names *names);

#endif
