/*
 * Finds and opens the block device of a mounted filesystem, and reads the mount table. The device
 * is the one in st_dev of the root: a partition, a loop device or an LVM volume. It is opened
 * read-only, by the name that /sys has for it. For btrfs and xfs no device is opened: a btrfs can
 * have several, and each of its subvolumes has its own st_dev; both are read by ioctls on
 * directories.
 */
#ifndef FLIST_BULK_DEVICE_H
#define FLIST_BULK_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* A mount point of another filesystem: its path relative to the root. */
struct flist_mount {
	const char *path;
	size_t dir_len; /* length of the path of its directory, without the slash, bytes */
};

enum flist_device_kind { FLIST_DEVICE_EXT4, FLIST_DEVICE_BTRFS, FLIST_DEVICE_XFS };

struct flist_device {
	enum flist_device_kind kind;
	int fd;       /* of the device; -1: none; ext4 only */
	uint64_t dev; /* st_dev of the root */
	char *table;  /* text of the mount table; the paths of mounts point into it */
	struct flist_mount *mounts;
	size_t n_mounts;
};

/*
 * Finds the device of the open directory `root`, opens it if it is ext4, and checks that the
 * process may see all of it. 0; -ENOMEM; -ENOTSUP: tables cannot be read, and *why is the reason, a
 * static string.
 */
int flist_device_open(struct flist_device *device, int root, const char **why);
void flist_device_close(struct flist_device *device);

#endif
