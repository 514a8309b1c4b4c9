/*
 * What the kernel answers to statx, spelt out: the layout is its binary interface and never
 * changes, but C libraries know it only since musl 1.2.5 and glibc 2.28, and some fields later.
 */
#ifndef FLIST_ASK_STATX_H
#define FLIST_ASK_STATX_H

#include <stdint.h>

struct flist_statx_time {
	int64_t seconds;
	uint32_t ns;
	int32_t reserved;
};

struct flist_statx {
	uint32_t mask; /* of the fields that are answered: enum flist_field */
	uint32_t blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare;
	uint64_t ino, size, blocks, attributes_mask;
	struct flist_statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t later[13]; /* what newer kernels add */
};

_Static_assert(sizeof(struct flist_statx) == 256, "the kernel writes 256 bytes");

#endif
