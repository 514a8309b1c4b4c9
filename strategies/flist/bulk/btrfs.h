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
#ifndef FLIST_BULK_BTRFS_H
#define FLIST_BULK_BTRFS_H

#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/bulk/inode.h"
#include "strategies/flist/collect/names.h"
#include "strategies/flist/list/arena.h"

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
