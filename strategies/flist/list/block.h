/*
 * How a list keeps what is known about the entries of a directory: some of them, or all, in a
 * block, sorted by name. An entry is a line of 8 bytes, its name, and its facts in as few bytes as
 * those of its neighbours need, some 10 to 30 where a struct flist_meta has 104. For much about an
 * entry can be guessed from the first one of its directory, or from what else is known of it, and
 * only the difference is kept; device and owner are kept once for a run of entries that agree.
 *
 * It is done for speed: the first touch of fresh memory is what collecting costs most, beside the
 * system calls.
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
	FLIST_LINE_LISTED, /* lazy: only name and type are known */
	FLIST_LINE_KNOWN,
	FLIST_LINE_FAILED, /* lazy, and asking failed later */
};

struct flist_line {
	uint32_t name;     /* where it begins in the block's names */
	uint16_t mode;     /* type and permissions; lazy: only the type, or 0 */
	uint16_t len : 12; /* of the name */
	uint16_t state : 2;
	uint16_t entered : 1; /* a directory with a node of its own */
};

/* The numbers of an entry, each as a difference that is mostly small or 0; block.c tells which. */
enum flist_fact {
	FLIST_FACT_INO,
	FLIST_FACT_SIZE, /* or why it could not be had: the errno */
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
	struct flist_block *next; /* of the same directory, in no order */
	struct flist_node *node;  /* the directory */
	struct flist_node *child; /* the first of those entered, linked by sibling */
	struct flist_line *lines;
	char *names;       /* each with a NUL */
	const char *facts; /* records of one size; NULL: lazy */
	struct flist_shared *shared;
	const struct flist_extra **extras; /* of each entry; NULL: nothing extra was asked */
	uint64_t ino, mtime_ns;            /* of the first entry */
	uint32_t n, n_shared;
	uint8_t widths[FLIST_FACTS]; /* bytes of each fact, 0 to 8 */
	uint8_t record;              /* of all */
};

/* Of entry i: its metadata, if it is known, or why it failed (-errno). */
void flist_block_meta(const struct flist_block *block, uint32_t i, struct flist_meta *meta);
int flist_block_error(const struct flist_block *block, uint32_t i);

static inline const char *flist_block_name(const struct flist_block *block, uint32_t i)
{
	return block->names + block->lines[i].name;
}

/* A difference of either sign, in modular arithmetic, as a number that is small when it is. */
static inline uint64_t flist_fold(uint64_t difference)
{
	return difference << 1 ^ -(difference >> 63);
}

static inline uint64_t flist_unfold(uint64_t number)
{
	return number >> 1 ^ -(number & 1);
}

/* How many blocks a file of that size has where they are of 4 KiB and none is a hole. */
static inline uint64_t flist_guess_blocks(uint64_t size)
{
	return (size >> 12) * 8 + (size & 4095 ? 8 : 0);
}

/* ---- Making blocks --------------------------------------------------------------------------- */

/*
 * Makes blocks, one after the other: entries are noted at full length in memory that is used again
 * and again, and put into as few bytes as they need when all are known.
 */

typedef uint64_t flist_facts[FLIST_FACTS];

struct flist_maker {
	struct flist_block *block; /* under way */
	flist_facts *facts;        /* of its entries */
	flist_facts any;           /* every bit that is set in one of them */
	struct flist_shared *shared;
	const struct flist_extra **extras;
	bool has_extras;
	size_t room;    /* of facts, of shared and of extras */
	uint32_t names; /* bytes used */
};

void flist_maker_release(struct flist_maker *maker);

/*
 * Begins a block of at most n entries, whose names have so many bytes with their NULs; asked: there
 * will be metadata. Nothing else comes from the arena until it is ended. 0 or -ENOMEM.
 */
int flist_maker_begin(struct flist_maker *maker, struct flist_arena *arena, size_t n, size_t names,
		      bool asked);

/* Adds an entry; then its metadata, or why it could not be had (-errno), may be put to it. */
struct flist_line *flist_maker_add(struct flist_maker *maker, const char *name, size_t len,
				   uint32_t mode);
void flist_maker_put(struct flist_maker *maker, const struct flist_meta *meta);
/* What is extra about it, which lives as long as the block; for all entries or for none. */
void flist_maker_put_extra(struct flist_maker *maker, const struct flist_extra *extra);
void flist_maker_put_error(struct flist_maker *maker, int error);

/* The block is complete and stays as it is; what it did not need goes back. 0 or -ENOMEM. */
int flist_maker_end(struct flist_maker *maker, struct flist_arena *arena);

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

#endif
