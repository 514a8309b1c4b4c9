/*
 * Makes blocks, one after the other: entries are noted at full length in memory that is used again
 * and again, and put into as few bytes as they need when all are known.
 */
#ifndef FLIST_LIST_MAKER_H
#define FLIST_LIST_MAKER_H

#include <stddef.h>
#include <string.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/block.h"

typedef uint64_t flist_facts[FLIST_FACTS];

struct flist_maker {
	struct flist_block *block; /* under way */
	flist_facts *facts;        /* of its entries */
	flist_facts any;           /* every bit that is set in one of them */
	struct flist_shared *shared;
	size_t room;    /* of facts and of shared */
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
