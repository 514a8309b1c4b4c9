/* What the tables of a filesystem say of an inode, whichever filesystem it is. */
#ifndef FLIST_BULK_INODE_H
#define FLIST_BULK_INODE_H

#include <stdint.h>

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

#endif
