#include "strategies/flist/list/block.h"

#include <endian.h>
#include <string.h>

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
