/*
 * The device of a mounted filesystem, to read from, and what the mount table says about the tree.
 * The device is what stat calls st_dev, whether that is a partition, a loop device or a volume of
 * LVM; it is opened by the name that /sys has for it, and never for writing. A btrfs has more than
 * one device and each of its subvolumes an st_dev of its own; none is opened.
 * Nor is that of an xfs, which is asked by calls.
 */
#ifndef FLIST_BULK_DEVICE_H
#define FLIST_BULK_DEVICE_H

#include <stddef.h>
#include <stdint.h>

/* Where something else is mounted: the path of its mount point below the root. */
struct flist_mount {
	const char *path;
	size_t dir_len; /* bytes of it up to its last component, without the slash */
};

enum flist_device_kind { FLIST_DEVICE_EXT4, FLIST_DEVICE_BTRFS, FLIST_DEVICE_XFS };

struct flist_device {
	enum flist_device_kind kind;
	int fd;       /* -1: none; only an ext4 is read from one */
	uint64_t dev; /* st_dev of the root */
	char *table;  /* the mount table, which the paths are in */
	struct flist_mount *mounts;
	size_t n_mounts;
};

/*
 * Finds and opens the device that a directory is on. 0; -ENOMEM; -ENOTSUP: it cannot be read in
 * place of the directory, and *why says for what reason, in words that stay.
 */
int flist_device_open(struct flist_device *device, int root, const char **why);
void flist_device_close(struct flist_device *device);

#endif
