/* What a list keeps of an entry in few bytes is what it was given, whatever that is. */
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/base/rng.h"
#include "strategies/flist/ask/ask.h"
#include "strategies/flist/list/block.h"
#include "tests/test.h"

enum { N = 300 };

/* Numbers of every length, and the ends of their range. */
static uint64_t any_number(struct rng *rng)
{
	switch (rng_below(rng, 4)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX - rng_below(rng, 3);
	default:
		return rng_next(rng) >> rng_below(rng, 64);
	}
}

static struct flist_meta any_meta(struct rng *rng, const struct flist_meta *last)
{
	struct flist_meta meta = {
		.ino = any_number(rng),
		.dev = any_number(rng),
		.rdev = any_number(rng),
		.size = any_number(rng),
		.blocks = any_number(rng),
		.mnt_id = any_number(rng),
		.atime_ns = (int64_t)any_number(rng),
		.mtime_ns = (int64_t)any_number(rng),
		.ctime_ns = (int64_t)any_number(rng),
		.btime_ns = (int64_t)any_number(rng),
		.mode = S_IFREG | (rng_next(rng) & 07777),
		.nlink = (uint32_t)any_number(rng),
		.uid = (uint32_t)any_number(rng),
		.gid = (uint32_t)any_number(rng),
		.blksize = (uint32_t)any_number(rng),
		.valid = FLIST_FIELDS,
	};
	if (last && rng_below(rng, 2)) {
		meta.dev = last->dev;
		meta.rdev = last->rdev;
		meta.mnt_id = last->mnt_id;
		meta.uid = last->uid;
		meta.gid = last->gid;
		meta.blksize = last->blksize;
	}
	return meta;
}

static const char *name_of(uint32_t i)
{
	static const char names[] = "a-name-of-some-length-in-a-directory";
	return names + i % (sizeof(names) - 1);
}

static void put_all(struct flist_block_builder *builder, struct flist_arena *arena,
		    const struct flist_meta *metas, uint32_t n)
{
	size_t names = 0;
	for (uint32_t i = 0; i < n; i++)
		names += strlen(name_of(i)) + 1;
	assert_int_equal(flist_block_builder_begin(builder, arena, n, names, true), 0);
	for (uint32_t i = 0; i < n; i++) {
		flist_block_builder_add(builder, name_of(i), strlen(name_of(i)), 0);
		if (metas[i].valid)
			flist_block_builder_put(builder, &metas[i]);
		else
			flist_block_builder_put_error(builder, -(int)(i + 1));
	}
	assert_int_equal(flist_block_builder_end(builder, arena), 0);
}

static void is_what_was_put(const struct flist_block *block, const struct flist_meta *metas,
			    uint32_t n)
{
	assert_int_equal(block->n, n);
	for (uint32_t i = 0; i < n; i++) {
		struct flist_meta meta;
		assert_string_equal(flist_block_name(block, i), name_of(i));
		assert_int_equal(block->lines[i].len, strlen(name_of(i)));
		if (!metas[i].valid) {
			assert_int_equal(block->lines[i].state, FLIST_LINE_FAILED);
			assert_int_equal(flist_block_error(block, i), -(int)(i + 1));
			continue;
		}
		assert_int_equal(block->lines[i].state, FLIST_LINE_KNOWN);
		flist_block_meta(block, i, &meta);
		assert_memory_equal(&meta, &metas[i], sizeof(meta));
	}
}

static void entries_are_read_back_unchanged(void **state)
{
	struct flist_block_builder builder = {0};
	struct flist_arena arena = {0};
	struct rng rng = {7};
	(void)state;
	for (uint32_t n = 0; n < N; n += 1 + n / 3) {
		struct flist_meta metas[N];
		for (uint32_t i = 0; i < n; i++) {
			metas[i] = any_meta(&rng, i ? &metas[i - 1] : NULL);
			if (rng_below(&rng, 10) == 0)
				metas[i].valid = 0;
		}
		put_all(&builder, &arena, metas, n);
		is_what_was_put(builder.block, metas, n);
	}
	flist_block_builder_release(&builder);
	flist_arena_release(&arena);
}

/* What is not valid is 0 and stays it. */
static void fields_may_be_missing(void **state)
{
	struct flist_block_builder builder = {0};
	struct flist_arena arena = {0};
	(void)state;
	const struct flist_meta metas[] = {
		{.dev = 1, .mode = S_IFDIR, .valid = FLIST_TYPE},
		{.dev = 1, .mode = S_IFREG, .size = 7, .valid = FLIST_TYPE | FLIST_SIZE},
		{.dev = 2, .mode = S_IFREG | 0644, .nlink = 1, .valid = FLIST_BASIC},
	};
	put_all(&builder, &arena, metas, 3);
	is_what_was_put(builder.block, metas, 3);
	flist_block_builder_release(&builder);
	flist_arena_release(&arena);
}

/* Entries as they are found in a directory: alike, and made one after the other. */
static void similar_entries_take_few_bytes(void **state)
{
	struct flist_block_builder builder = {0};
	struct flist_arena arena = {0};
	struct flist_meta metas[N];
	struct rng rng = {7};
	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		const int64_t born = 1700000000000000000 + (int64_t)i * 50000;
		const uint64_t size = rng_below(&rng, 60000);
		metas[i] = (struct flist_meta){.ino = 1000000 + i,
					       .dev = 65024,
					       .size = size,
					       .blocks = (size + 4095) / 4096 * 8,
					       .atime_ns = born,
					       .mtime_ns = born,
					       .ctime_ns = born,
					       .mode = S_IFREG | 0644,
					       .nlink = 1,
					       .blksize = 4096,
					       .valid = FLIST_BASIC};
	}
	put_all(&builder, &arena, metas, N);
	is_what_was_put(builder.block, metas, N);
	assert_int_equal(builder.block->n_shared, 1);
	assert_in_range(builder.block->record, 2 + 2 + 4, 2 + 2 + 4);
	flist_block_builder_release(&builder);
	flist_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_read_back_unchanged),
		cmocka_unit_test(fields_may_be_missing),
		cmocka_unit_test(similar_entries_take_few_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
