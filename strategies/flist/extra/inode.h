/* What a filesystem tells of an inode by calls of its own: its handle, its flags. */
#ifndef FLIST_EXTRA_INODE_H
#define FLIST_EXTRA_INODE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * By name_to_handle_at(2): up to FLIST_HANDLE_MOST bytes, and their type. -EOPNOTSUPP: the
 * filesystem makes none; -ENOSYS: there is no such call; errors of path resolution.
 */
int flist_inode_handle(int dirfd, const char *name, unsigned flags, unsigned char *bytes,
		       uint32_t *len, int32_t *type);

struct flist_inode_flags {
	uint32_t xflags;  /* FS_XFLAG_ of linux/fs.h */
	uint32_t project; /* if has_project */
	bool has_project;
};

/*
 * By file_getattr(2), Linux 6.17. Where there is none, files and directories are opened and asked
 * by ioctl: FS_IOC_FSGETXATTR, or FS_IOC_GETFLAGS, whose flags have the same names. type is S_IFMT
 * bits, or 0. -EOPNOTSUPP: cannot be told of this file; errors of stat(2) and open(2).
 */
int flist_inode_flags(int dirfd, const char *name, unsigned flags, uint32_t type,
		      struct flist_inode_flags *answer);

#endif
