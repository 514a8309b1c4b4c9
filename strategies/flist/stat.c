/* One path through stat(2): the back end that every POSIX system has. */
#include <errno.h>
#include <sys/stat.h>

#include "strategies/flist/flist.h"

static int64_t in_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void from_stat(struct flist_meta *meta, const struct stat *st)
{
	*meta = (struct flist_meta){
		.ino = st->st_ino,
		.dev = st->st_dev,
		.rdev = st->st_rdev,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.atime_ns = in_ns(st->st_atim),
		.mtime_ns = in_ns(st->st_mtim),
		.ctime_ns = in_ns(st->st_ctim),
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.blksize = (uint32_t)st->st_blksize,
		.valid = FLIST_BASIC,
	};
}

int flist_stat(const char *path, unsigned flags, struct flist_meta *meta)
{
	struct stat st;
	if (flags & ~(unsigned)FLIST_FOLLOW)
		return -EINVAL;
	if ((flags & FLIST_FOLLOW ? stat(path, &st) : lstat(path, &st)) < 0)
		return -errno;
	from_stat(meta, &st);
	return 0;
}
