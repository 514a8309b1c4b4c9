/*
 * How a list keeps what is known about the entries of a directory: some of them, or all, in a
 * block, sorted by name. An entry is a line of 8 bytes, facts of 56 and its name: a third less than
 * a struct flist_meta, because entries of one directory nearly always share device and owner, and
 * those are kept once for a run of entries that agree. Less memory is less time: its first touch
 * is what collecting costs beside the system calls.
 */
#ifndef FLIST_LIST_BLOCK_H
#define FLIST_LIST_BLOCK_H

#include <stdint.h>
#include <string.h>

#include "strategies/flist/flist.h"
#include "strategies/flist/list/arena.h"

enum flist_line_state {
	FLIST_LINE_LISTED, /* lazy: only name and type are known */
	FLIST_LINE_KNOWN,
	FLIST_LINE_FAILED, /* lazy, and asking failed later: the errno is in facts->ino */
};

struct flist_line {
	uint32_t name;     /* where it begins in the block's names */
	uint16_t mode;     /* type and permissions; lazy: only the type, or 0 */
	uint16_t len : 12; /* of the name */
	uint16_t state : 2;
	uint16_t entered : 1; /* a directory with a node of its own */
};

struct flist_facts {
	uint64_t ino, size, blocks;
	int64_t atime_ns, mtime_ns, ctime_ns;
	uint32_t nlink;
	uint32_t shared; /* which one */
};

struct flist_shared {
	uint64_t dev, rdev, mnt_id;
	uint32_t uid, gid, blksize, valid;
};

struct flist_block {
	struct flist_block *next; /* of the same directory, in no order */
	struct flist_node *node;  /* the directory */
	struct flist_node *child; /* the first of those entered, linked by sibling */
	struct flist_line *lines;
	struct flist_facts *facts; /* NULL: lazy */
	struct flist_shared *shared;
	int64_t *btimes_ns; /* NULL: not wanted */
	char *names;        /* each with a NUL */
	uint32_t n, n_shared;
};

/* Metadata of entry i, which is known. */
void flist_block_meta(const struct flist_block *block, uint32_t i, struct flist_meta *meta);

/*
 * Takes over metadata of entry i. While a block is made, its `shared` is an array of the maker's
 * with room for one more than entries; sealing gives it one of its own. 0 or -ENOMEM.
 */
void flist_block_put(struct flist_block *block, uint32_t i, const struct flist_meta *meta);
int flist_block_seal(struct flist_block *block, struct flist_arena *arena);

/* Back to names and types. */
void flist_block_forget(struct flist_block *block);

/*
 * Copies a name, with its NUL if len counts it. Names are short: a call of memcpy, or the string
 * instruction that compilers put in its place, costs more than the copy.
 */
static inline void flist_copy_name(char *to, const char *from, size_t len)
{
	enum { STEP = 8 };
	size_t at = 0;
	if (len < STEP) {
		for (; at < len; at++)
			to[at] = from[at];
		return;
	}
	for (; at + STEP < len; at += STEP)
		memcpy(to + at, from + at, STEP);
	memcpy(to + len - STEP, from + len - STEP, STEP);
}

static inline const char *flist_block_name(const struct flist_block *block, uint32_t i)
{
	return block->names + block->lines[i].name;
}

#endif
