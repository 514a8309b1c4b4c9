/*
 * Stores the entries of a directory for a list: a block holds some or all of them, sorted by name.
 * An entry takes a line of 8 bytes, its name, and its numbers (facts) in as few bytes as the
 * entries of its block need, some 10 to 30 instead of the 104 bytes of a struct flist_meta. Most
 * numbers can be predicted from the first entry of the block or from other numbers of the entry, so
 * only the difference is stored. Device and owner are stored once for consecutive entries that
 * agree in them.
 *
 * This is done for speed: next to the system calls, the first access to fresh memory is the largest
 * cost of collecting.
 */
#ifndef FLIST_LIST_BLOCK_H
#define FLIST_LIST_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "strategies/flist/flist.h"
#include "strategies/flist/list/arena.h"

enum flist_line_state {
	FLIST_LINE_LISTED, /* of a lazy list: only name and type are known */
	FLIST_LINE_KNOWN,
	FLIST_LINE_FAILED, /* of a lazy list: the metadata could not be fetched later */
};

struct flist_line {
	uint32_t name;     /* offset in the block's names */
	uint16_t mode;     /* type and permissions; of a lazy list only the type, or 0 */
	uint16_t len : 12; /* of the name, bytes */
	uint16_t state : 2;
	uint16_t entered : 1; /* it is a directory that has a node */
};

/*
 * The numbers of an entry. Each is stored as a difference that is mostly small or 0; see fold_facts
 * in block.c.
 */
enum flist_fact {
	FLIST_FACT_INO,
	FLIST_FACT_SIZE, /* of an entry that failed: the errno */
	FLIST_FACT_BLOCKS,
	FLIST_FACT_MTIME,
	FLIST_FACT_CTIME,
	FLIST_FACT_ATIME,
	FLIST_FACT_BTIME,
	FLIST_FACT_NLINK,
	FLIST_FACT_SHARED,
	FLIST_FACTS
};

struct flist_shared {
	uint64_t dev, rdev, mnt_id;
	uint32_t uid, gid, blksize, valid;
};

struct flist_block {
	struct flist_block *next; /* next block of the same directory, in no order */
	struct flist_node *node;  /* the directory */
	struct flist_node *child; /* first child that is entered; linked by sibling */
	struct flist_line *lines;
	char *names;       /* NUL-terminated */
	const char *facts; /* one record per entry, all of one size; NULL: lazy */
	struct flist_shared *shared;
	const struct flist_extra **extras; /* of each entry; NULL: no extra fields */
	uint64_t ino, mtime_ns;            /* of the first entry */
	uint32_t n, n_shared;
	uint8_t widths[FLIST_FACTS]; /* size of each fact in a record, bytes, 0 to 8 */
	uint8_t record;              /* size of a record, bytes */
};

/*
 * Return the metadata of entry i (state FLIST_LINE_KNOWN), or its error (FLIST_LINE_FAILED):
 * -errno.
 */
void flist_block_meta(const struct flist_block *block, uint32_t i, struct flist_meta *meta);
int flist_block_error(const struct flist_block *block, uint32_t i);

static inline const char *flist_block_name(const struct flist_block *block, uint32_t i)
{
	return block->names + block->lines[i].name;
}

/*
 * Maps a difference of either sign (modulo 2^64) to a number that is small if its absolute value
 * is. flist_unfold is the inverse.
 */
static inline uint64_t flist_fold(uint64_t difference)
{
	return difference << 1 ^ -(difference >> 63);
}

static inline uint64_t flist_unfold(uint64_t number)
{
	return number >> 1 ^ -(number & 1);
}

/*
 * The number of 512-byte blocks of a file of this size without holes, with a block size of 4 KiB.
 */
static inline uint64_t flist_guess_blocks(uint64_t size)
{
	return (size >> 12) * 8 + (size & 4095 ? 8 : 0);
}

/* ---- Making blocks --------------------------------------------------------------------------- */

/*
 * Makes blocks, one after the other. Entries are first stored with 8 bytes per number, in memory
 * that is reused for the next block; when the block is complete, the numbers are written with as
 * few bytes as they need.
 */

typedef uint64_t flist_facts[FLIST_FACTS];

struct flist_block_builder {
	struct flist_block *block; /* being made */
	flist_facts *facts;        /* of its entries, one element each */
	flist_facts any;           /* bitwise or of the facts of all entries */
	struct flist_shared *shared;
	const struct flist_extra **extras;
	bool has_extras;
	size_t room;    /* elements of facts, of shared and of extras */
	uint32_t names; /* bytes of names used */
};

void flist_block_builder_release(struct flist_block_builder *builder);

/*
 * Begins a block of at most n entries, whose names take at most `names` bytes with their NULs.
 * asked: the block will have metadata. Nothing else may be allocated in the arena until
 * flist_block_builder_end. 0 or -ENOMEM.
 */
int flist_block_builder_begin(struct flist_block_builder *builder, struct flist_arena *arena,
			      size_t n, size_t names, bool asked);

/*
 * Adds an entry, whose name has len bytes without the NUL. If the block has metadata,
 * flist_block_builder_put, flist_block_builder_put_error (error: -errno) or
 * flist_block_builder_put_nothing (it stays without, FLIST_LINE_LISTED) has to follow.
 */
struct flist_line *flist_block_builder_add(struct flist_block_builder *builder, const char *name,
					   size_t len, uint32_t mode);
void flist_block_builder_put(struct flist_block_builder *builder, const struct flist_meta *meta);
/*
 * Sets the extra fields of the entry added last, which must be valid as long as the block. NULL: it
 * has none. If it is called for one entry, it has to be called for each later one with metadata.
 */
void flist_block_builder_put_extra(struct flist_block_builder *builder,
				   const struct flist_extra *extra);
void flist_block_builder_put_error(struct flist_block_builder *builder, int error);
void flist_block_builder_put_nothing(struct flist_block_builder *builder);

/* Completes the block and returns unused memory to the arena. 0 or -ENOMEM. */
int flist_block_builder_end(struct flist_block_builder *builder, struct flist_arena *arena);

/*
 * Copies len bytes of a name (with the NUL if len includes it). Names are short: a call of memcpy,
 * or the string instruction that compilers use instead, costs more than the copy.
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

#endif
