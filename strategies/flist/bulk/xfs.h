/*
 * xfs by bulkstat: inodes by their number, many with one call, through a descriptor of a directory.
 * The kernel answers from the inodes that it has in memory, else from the inode tables; names are
 * not among the answers and are read by calls. What lies behind an inode that is asked for is read
 * with it, and kept.
 *
 * The size of a file that is being written is what the device has of it: the filesystem is to be
 * synchronised before. Everything else is as stat has it.
 */
#ifndef FLIST_BULK_XFS_H
#define FLIST_BULK_XFS_H

#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/bulk/inode.h"
#include "strategies/flist/list/arena.h"

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

#endif
