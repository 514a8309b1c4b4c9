/*
 * What is made of a call's answer, for answers that no filesystem here gives: the source is
 * compiled into this test.
 */
#include "strategies/flist/ask/ask.c"

#include <string.h>

#include "tests/flist/with_meta.h"
#include "tests/test.h"

#ifdef HAVE_STATX
/* Every byte of it says something. */
static void fill(struct flist_statx *stx, uint32_t mask)
{
	memset(stx, 0x5a, sizeof(*stx));
	stx->mode = S_IFDIR | 0751;
	stx->mtime = (struct flist_statx_time){.seconds = -1, .ns = 999999999};
	stx->ctime = (struct flist_statx_time){.seconds = 1700000000, .ns = 1};
	stx->mask = mask;
}

static void as_stat(const struct flist_meta *all, struct stat *st)
{
	*st = (struct stat){
		.st_ino = all->ino,
		.st_dev = all->dev,
		.st_rdev = all->rdev,
		.st_size = (off_t)all->size,
		.st_blocks = (blkcnt_t)all->blocks,
		.st_mode = all->mode,
		.st_nlink = all->nlink,
		.st_uid = all->uid,
		.st_gid = all->gid,
		.st_blksize = (blksize_t)all->blksize,
		.st_mtim = {all->mtime_ns / 1000000000, all->mtime_ns % 1000000000},
		.st_ctim = {all->ctime_ns / 1000000000, all->ctime_ns % 1000000000},
	};
}

static void missing_fields_are_zero(void **state)
{
	struct flist_meta all, meta;
	struct flist_statx stx;
	struct stat st;
	(void)state;
	fill(&stx, UINT32_MAX);
	from_statx(&all, &stx);
	assert_int_equal(all.valid, FLIST_FIELDS);
	assert_int_equal(all.ino, 0x5a5a5a5a5a5a5a5a);
	assert_int_equal(all.mode, S_IFDIR | 0751);
	as_stat(&all, &st);
	for (uint32_t field = 1; field <= FLIST_FIELDS; field <<= 1) {
		fill(&stx, field);
		from_statx(&meta, &stx);
		assert_int_equal(meta.valid, field);
		meta_is(&meta, &st, field);
		fill(&stx, FLIST_FIELDS & ~field);
		from_statx(&meta, &stx);
		meta_is(&meta, &st, FLIST_FIELDS & ~field);
	}
}
#else
static void missing_fields_are_zero(void **state)
{
	(void)state;
	skip_because("this build has no statx");
}
#endif

static void times_beyond_64_bits_become_the_nearest(void **state)
{
	const int64_t last = INT64_MAX / 1000000000, max = INT64_MAX, min = INT64_MIN;
	const struct {
		int64_t seconds, ns, wanted;
	} rows[] = {
		{0, 0, 0},
		{-1, 1, -999999999},
		{last, 854775807, max},
		{-last, 0, -last * 1000000000},
		{last, 854775808, max},
		{last + 1, 0, max},
		{-last - 2, 0, min},
		{max, 999999999, max},
		{min, 0, min},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(in_ns(rows[i].seconds, rows[i].ns), rows[i].wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_fields_are_zero),
		cmocka_unit_test(times_beyond_64_bits_become_the_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
