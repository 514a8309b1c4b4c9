#include "tests/flist/with_meta.h"

#include <stdlib.h>

#include "tests/test.h"

const char *const meta_names[] = {"file", "link", "dangling", "fifo", "sub", NULL};

static int64_t in_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void valid_or_zero(const struct flist_meta *meta, uint32_t field, int64_t got,
			  int64_t wanted)
{
	assert_int_equal(got, meta->valid & field ? wanted : 0);
}

void meta_is(const struct flist_meta *meta, const struct stat *st, uint32_t wanted)
{
	const struct flist_meta *m = meta;
	assert_int_equal(m->valid & wanted, wanted);
	assert_int_equal(m->dev, st->st_dev);
	assert_int_equal(m->rdev, st->st_rdev);
	assert_int_equal(m->blksize, st->st_blksize);
	valid_or_zero(m, FLIST_TYPE, m->mode & S_IFMT, st->st_mode & S_IFMT);
	valid_or_zero(m, FLIST_MODE, m->mode & 07777, st->st_mode & 07777);
	valid_or_zero(m, FLIST_NLINK, m->nlink, (int64_t)st->st_nlink);
	valid_or_zero(m, FLIST_UID, m->uid, st->st_uid);
	valid_or_zero(m, FLIST_GID, m->gid, st->st_gid);
	valid_or_zero(m, FLIST_INO, (int64_t)m->ino, (int64_t)st->st_ino);
	valid_or_zero(m, FLIST_SIZE, (int64_t)m->size, st->st_size);
	valid_or_zero(m, FLIST_BLOCKS, (int64_t)m->blocks, st->st_blocks);
	valid_or_zero(m, FLIST_ATIME, m->atime_ns, m->atime_ns);
	valid_or_zero(m, FLIST_MTIME, m->mtime_ns, in_ns(st->st_mtim));
	valid_or_zero(m, FLIST_CTIME, m->ctime_ns, in_ns(st->st_ctim));
	valid_or_zero(m, FLIST_BTIME, m->btime_ns, m->btime_ns);
	valid_or_zero(m, FLIST_MNT_ID, (int64_t)m->mnt_id, (int64_t)m->mnt_id);
}

void meta_is_empty(const struct flist_meta *meta)
{
	static const struct flist_meta empty;
	assert_memory_equal(meta, &empty, sizeof(empty));
}

int meta_scratch(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	*state = s;
	return s && scratch_make(s) ? 0 : -1;
}

int meta_no_scratch(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

int meta_things(void **state)
{
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	return !scratch_file(s->fd, "file", 12345) || symlinkat("file", s->fd, "link") ||
	       symlinkat("nothing", s->fd, "dangling") || mkfifoat(s->fd, "fifo", 0600) ||
	       mkdirat(s->fd, "sub", 0711);
}
