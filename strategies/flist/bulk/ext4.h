/*
 * ext4, ext3 and ext2 as they lie on a device: inodes by their number, and the names of a
 * directory. Parts of the inode tables are read when one of their inodes is asked for first, and
 * kept.
 *
 * Nothing that comes from the device is believed: numbers of blocks and inodes, sizes and lengths
 * are held against what the filesystem has, checksums against what they are the sums of. What does
 * not fit is not answered, and the kernel has to be asked.
 *
 * It is a reader of its own: libext2fs has a handle that threads cannot share, and every program
 * that links this library would need it.
 */
#ifndef FLIST_BULK_EXT4_H
#define FLIST_BULK_EXT4_H

#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/bulk/inode.h"
#include "strategies/flist/collect/names.h"
#include "strategies/flist/list/arena.h"

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

#endif
