#include "strategies/flist/list/block.h"

#include <errno.h>
#include <string.h>

static uint32_t mode_mask(uint32_t valid)
{
	return (valid & FLIST_TYPE ? 0170000 : 0) | (valid & FLIST_MODE ? 07777 : 0);
}

void flist_block_meta(const struct flist_block *block, uint32_t i, struct flist_meta *meta)
{
	const struct flist_facts *f = &block->facts[i];
	const struct flist_shared *s = &block->shared[f->shared];
	*meta = (struct flist_meta){
		.ino = f->ino,
		.dev = s->dev,
		.rdev = s->rdev,
		.size = f->size,
		.blocks = f->blocks,
		.mnt_id = s->mnt_id,
		.atime_ns = f->atime_ns,
		.mtime_ns = f->mtime_ns,
		.ctime_ns = f->ctime_ns,
		.btime_ns = block->btimes_ns ? block->btimes_ns[i] : 0,
		.mode = block->lines[i].mode & mode_mask(s->valid),
		.nlink = f->nlink,
		.uid = s->uid,
		.gid = s->gid,
		.blksize = s->blksize,
		.valid = s->valid,
	};
}

/* The last one put usually fits; others are not searched for, they would only save memory. */
static uint32_t share_with_last(struct flist_block *block, const struct flist_meta *meta)
{
	const struct flist_shared s = {
		.dev = meta->dev,
		.rdev = meta->rdev,
		.mnt_id = meta->mnt_id,
		.uid = meta->uid,
		.gid = meta->gid,
		.blksize = meta->blksize,
		.valid = meta->valid,
	};
	uint32_t n = block->n_shared;
	if (n > 0 && memcmp(&block->shared[n - 1], &s, sizeof(s)) == 0)
		return n - 1;
	block->shared[n] = s;
	return block->n_shared++;
}

void flist_block_put(struct flist_block *block, uint32_t i, const struct flist_meta *meta)
{
	block->facts[i] = (struct flist_facts){
		.ino = meta->ino,
		.size = meta->size,
		.blocks = meta->blocks,
		.atime_ns = meta->atime_ns,
		.mtime_ns = meta->mtime_ns,
		.ctime_ns = meta->ctime_ns,
		.nlink = meta->nlink,
		.shared = share_with_last(block, meta),
	};
	if (block->btimes_ns)
		block->btimes_ns[i] = meta->btime_ns;
	block->lines[i].mode = (uint16_t)meta->mode;
	block->lines[i].state = FLIST_LINE_KNOWN;
}

int flist_block_seal(struct flist_block *block, struct flist_arena *arena)
{
	const size_t size = block->n_shared * sizeof(*block->shared);
	struct flist_shared *shared = flist_arena_alloc(arena, size);
	if (!shared)
		return -ENOMEM;
	if (size > 0)
		memcpy(shared, block->shared, size);
	block->shared = shared;
	return 0;
}

void flist_block_forget(struct flist_block *block)
{
	for (uint32_t i = 0; i < block->n; i++)
		block->lines[i].state = FLIST_LINE_LISTED;
	block->facts = NULL;
	block->shared = NULL;
	block->btimes_ns = NULL;
	block->n_shared = 0;
}
