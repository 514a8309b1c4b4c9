/*
 * Converts metadata of libflist to a record of the engine, for all strategies that measure
 * libflist.
 */
#ifndef STRATEGIES_META_H
#define STRATEGIES_META_H

#include "engine/strategy.h"
#include "strategies/flist/flist.h"

_Static_assert((int)FLIST_BASIC == (STATX_BASIC_STATS), "both name fields by the bits of statx(2)");
_Static_assert((int)FIELD_SIZE == (int)FLIST_SIZE && (int)FIELD_MTIME == (int)FLIST_MTIME, "");

static inline void record_meta(struct record *r, const struct flist_meta *meta)
{
	r->ino = meta->ino;
	r->size = meta->size;
	r->blocks = meta->blocks;
	r->rdev = meta->rdev;
	r->mtime_ns = meta->mtime_ns;
	r->mode = (uint16_t)meta->mode;
	r->nlink = meta->nlink;
	r->uid = meta->uid;
	r->gid = meta->gid;
	r->status = 0;
	r->fields = (meta->valid & FIELDS_ALL) | FIELD_RDEV;
}

#endif
