#include "strategies/flist/list/block.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Making blocks --------------------------------------------------------------------------- */

enum { NUMBER = 8 /* size of each store and load, bytes; part of it may be unused */ };

void flist_block_builder_release(struct flist_block_builder *builder)
{
	free(builder->facts);
	free(builder->shared);
	free(builder->extras);
	*builder = (struct flist_block_builder){.room = 0};
}

static int make_facts_room(struct flist_block_builder *builder, size_t n)
{
	size_t room = builder->room ? builder->room : 256;
	if (n <= builder->room)
		return 0;
	while (room < n)
		room *= 2;
	flist_block_builder_release(builder);
	builder->facts = malloc(room * sizeof(*builder->facts));
	builder->shared = malloc(room * sizeof(*builder->shared));
	builder->extras = malloc(room * sizeof(*builder->extras));
	if (!builder->facts || !builder->shared || !builder->extras) {
		flist_block_builder_release(builder);
		return -ENOMEM;
	}
	builder->room = room;
	return 0;
}

int flist_block_builder_begin(struct flist_block_builder *builder, struct flist_arena *arena,
			      size_t n, size_t names, bool asked)
{
	struct flist_block *block;
	int ret = asked ? make_facts_room(builder, n) : 0;
	if (ret)
		return ret;
	block = flist_arena_alloc(arena, sizeof(*block) + n * sizeof(*block->lines) + names);
	if (!block)
		return -ENOMEM;
	*block = (struct flist_block){.lines = (struct flist_line *)(block + 1)};
	block->names = (char *)(block->lines + n);
	block->facts = asked ? block->names : NULL; /* not NULL: not lazy */
	builder->block = block;
	builder->names = 0;
	builder->has_extras = false;
	memset(builder->any, 0, sizeof(builder->any));
	return 0;
}

struct flist_line *flist_block_builder_add(struct flist_block_builder *builder, const char *name,
					   size_t len, uint32_t mode)
{
	struct flist_block *block = builder->block;
	struct flist_line *line = &block->lines[block->n++];
	*line = (struct flist_line){
		.name = builder->names, .mode = (uint16_t)mode, .len = len & 0xfff};
	flist_copy_name(block->names + builder->names, name, len + 1);
	builder->names += (uint32_t)len + 1;
	return line;
}

/*
 * Returns the index of the shared values of an entry. Only the ones stored last are compared, since
 * they usually match; a search would only save memory.
 */
static uint32_t share_with_last(struct flist_block_builder *builder, const struct flist_meta *meta)
{
	struct flist_block *block = builder->block;
	const struct flist_shared s = {
		.dev = meta->dev,
		.rdev = meta->rdev,
		.mnt_id = meta->mnt_id,
		.uid = meta->uid,
		.gid = meta->gid,
		.blksize = meta->blksize,
		.valid = meta->valid,
	};
	const uint32_t n = block->n_shared;
	if (n > 0 && memcmp(&builder->shared[n - 1], &s, sizeof(s)) == 0)
		return n - 1;
	if (n == 0) {
		block->ino = meta->ino;
		block->mtime_ns = (uint64_t)meta->mtime_ns;
	}
	builder->shared[n] = s;
	return block->n_shared++;
}

/*
 * Inode numbers and times within a directory are close to each other, and the times of one entry
 * even closer.
 */
static void fold_facts(const struct flist_block *block, const struct flist_meta *meta,
		       uint64_t *facts)
{
	const uint64_t mtime = (uint64_t)meta->mtime_ns;
	facts[FLIST_FACT_INO] = flist_fold(meta->ino - block->ino);
	facts[FLIST_FACT_SIZE] = meta->size;
	facts[FLIST_FACT_BLOCKS] = flist_fold(meta->blocks - flist_guess_blocks(meta->size));
	facts[FLIST_FACT_MTIME] = flist_fold(mtime - block->mtime_ns);
	facts[FLIST_FACT_CTIME] = flist_fold((uint64_t)meta->ctime_ns - mtime);
	facts[FLIST_FACT_ATIME] = flist_fold((uint64_t)meta->atime_ns - mtime);
	facts[FLIST_FACT_BTIME] = 0;
	if (meta->valid & FLIST_BTIME)
		facts[FLIST_FACT_BTIME] = flist_fold((uint64_t)meta->btime_ns - mtime);
	facts[FLIST_FACT_NLINK] = flist_fold((uint64_t)meta->nlink - 1);
}

static uint64_t *facts_of_last(struct flist_block_builder *builder)
{
	return builder->facts[builder->block->n - 1];
}

static void finish_last(struct flist_block_builder *builder, enum flist_line_state state)
{
	const uint64_t *facts = facts_of_last(builder);
	builder->block->lines[builder->block->n - 1].state = state & 3;
	for (int k = 0; k < FLIST_FACTS; k++)
		builder->any[k] |= facts[k];
}

void flist_block_builder_put(struct flist_block_builder *builder, const struct flist_meta *meta)
{
	const uint32_t shared = share_with_last(builder, meta);
	uint64_t *facts = facts_of_last(builder);
	fold_facts(builder->block, meta, facts);
	facts[FLIST_FACT_SHARED] = shared;
	builder->block->lines[builder->block->n - 1].mode = (uint16_t)meta->mode;
	finish_last(builder, FLIST_LINE_KNOWN);
}

void flist_block_builder_put_extra(struct flist_block_builder *builder,
				   const struct flist_extra *extra)
{
	const uint32_t last = builder->block->n - 1;
	if (!extra && !builder->has_extras)
		return;
	for (uint32_t i = 0; !builder->has_extras && i < last; i++)
		builder->extras[i] = NULL;
	builder->has_extras = true;
	builder->extras[last] = extra;
}

static void put_no_meta(struct flist_block_builder *builder, uint64_t size,
			enum flist_line_state state)
{
	uint64_t *facts = facts_of_last(builder);
	memset(facts, 0, sizeof(flist_facts));
	facts[FLIST_FACT_SIZE] = size;
	finish_last(builder, state);
	flist_block_builder_put_extra(builder, NULL);
}

void flist_block_builder_put_error(struct flist_block_builder *builder, int error)
{
	put_no_meta(builder, (uint64_t)-error, FLIST_LINE_FAILED);
}

void flist_block_builder_put_nothing(struct flist_block_builder *builder)
{
	put_no_meta(builder, 0, FLIST_LINE_LISTED);
}

static void choose_widths(struct flist_block *block, const uint64_t *any)
{
	for (int k = 0; k < FLIST_FACTS; k++) {
		uint8_t width = 0;
		while (width < NUMBER && any[k] >> 8 * width)
			width++;
		block->widths[k] = width;
		block->record = (uint8_t)(block->record + width);
	}
}

/*
 * Writes each number with 8 bytes. The next number overwrites the bytes that do not belong to it.
 */
static void write_facts(const struct flist_block_builder *builder, const struct flist_block *block,
			char *at)
{
	uint8_t kinds[FLIST_FACTS], n = 0;
	for (uint8_t k = 0; k < FLIST_FACTS; k++) {
		if (block->widths[k])
			kinds[n++] = k;
	}
	for (uint32_t i = 0; i < block->n; i++) {
		const uint64_t *facts = builder->facts[i];
		for (uint8_t k = 0; k < n; k++) {
			const uint64_t number = htole64(facts[kinds[k]]);
			memcpy(at, &number, sizeof(number));
			at += block->widths[kinds[k]];
		}
	}
}

static int keep_extras(struct flist_block_builder *builder, struct flist_arena *arena)
{
	struct flist_block *block = builder->block;
	const size_t size = (size_t)block->n * sizeof(*block->extras);
	if (!builder->has_extras)
		return 0;
	block->extras = flist_arena_alloc(arena, size);
	if (!block->extras)
		return -ENOMEM;
	memcpy(block->extras, builder->extras, size);
	return 0;
}

static int keep_facts(struct flist_block_builder *builder, struct flist_arena *arena)
{
	struct flist_block *block = builder->block;
	const size_t size = block->n_shared * sizeof(*block->shared);
	char *facts;
	choose_widths(block, builder->any);
	block->shared = flist_arena_alloc(arena, size);
	facts = flist_arena_alloc(arena, (size_t)block->n * block->record + NUMBER);
	if (!block->shared || !facts)
		return -ENOMEM;
	if (size > 0)
		memcpy(block->shared, builder->shared, size);
	write_facts(builder, block, facts);
	block->facts = facts;
	return keep_extras(builder, arena);
}

int flist_block_builder_end(struct flist_block_builder *builder, struct flist_arena *arena)
{
	flist_arena_trim(arena, builder->block->names + builder->names);
	return builder->block->facts ? keep_facts(builder, arena) : 0;
}

/* ---- Reading blocks -------------------------------------------------------------------------- */

static uint64_t load(const char *at, unsigned bytes)
{
	static const uint64_t masks[] = {0,          0xff,         0xffff,         0xffffff,
					 0xffffffff, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
					 UINT64_MAX};
	uint64_t number;
	memcpy(&number, at, sizeof(number));
	return le64toh(number) & masks[bytes];
}

static void load_facts(const struct flist_block *block, uint32_t i, uint64_t *facts)
{
	const char *at = block->facts + (size_t)i * block->record;
	for (int k = 0; k < FLIST_FACTS; k++) {
		facts[k] = load(at, block->widths[k]);
		at += block->widths[k];
	}
}

static uint32_t mode_mask(uint32_t valid)
{
	return (valid & FLIST_TYPE ? 0170000 : 0) | (valid & FLIST_MODE ? 07777 : 0);
}

void flist_block_meta(const struct flist_block *block, uint32_t i, struct flist_meta *meta)
{
	uint64_t facts[FLIST_FACTS];
	load_facts(block, i, facts);
	const struct flist_shared *s = &block->shared[facts[FLIST_FACT_SHARED]];
	const uint64_t mtime = block->mtime_ns + flist_unfold(facts[FLIST_FACT_MTIME]);
	meta->ino = block->ino + flist_unfold(facts[FLIST_FACT_INO]);
	meta->dev = s->dev;
	meta->rdev = s->rdev;
	meta->size = facts[FLIST_FACT_SIZE];
	meta->blocks = flist_guess_blocks(meta->size) + flist_unfold(facts[FLIST_FACT_BLOCKS]);
	meta->mnt_id = s->mnt_id;
	meta->atime_ns = (int64_t)(mtime + flist_unfold(facts[FLIST_FACT_ATIME]));
	meta->mtime_ns = (int64_t)mtime;
	meta->ctime_ns = (int64_t)(mtime + flist_unfold(facts[FLIST_FACT_CTIME]));
	meta->btime_ns = 0;
	if (s->valid & FLIST_BTIME)
		meta->btime_ns = (int64_t)(mtime + flist_unfold(facts[FLIST_FACT_BTIME]));
	meta->mode = block->lines[i].mode & mode_mask(s->valid);
	meta->nlink = (uint32_t)(flist_unfold(facts[FLIST_FACT_NLINK]) + 1);
	meta->uid = s->uid;
	meta->gid = s->gid;
	meta->blksize = s->blksize;
	meta->valid = s->valid;
}

int flist_block_error(const struct flist_block *block, uint32_t i)
{
	uint64_t facts[FLIST_FACTS];
	load_facts(block, i, facts);
	return -(int)facts[FLIST_FACT_SIZE];
}
