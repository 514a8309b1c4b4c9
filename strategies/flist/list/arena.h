/*
 * The memory of a list: given out piece by piece by the thread that it belongs to, without a lock,
 * and given back all at once.
 *
 * Fresh memory costs a page fault at the first touch of every page. An arena that has become large
 * therefore goes on in huge pages, which take one fault for 512 of them. A small one does not: it
 * would clear 2 MiB for little. Where several are filled at once, each has to be larger before it
 * takes them.
 */
#ifndef FLIST_LIST_ARENA_H
#define FLIST_LIST_ARENA_H

#include <stddef.h>

struct flist_chunk;

struct flist_arena {
	char *at, *end; /* what is left of the newest chunk */
	struct flist_chunk *chunks;
	size_t bytes;     /* of all chunks */
	unsigned at_once; /* so many are filled at the same time, this one included; 0: many */
};

/* Aligned to 8 bytes, not cleared; NULL: out of memory. */
void *flist_arena_alloc(struct flist_arena *arena, size_t size);

/* Makes the piece that was given out last end here. */
static inline void flist_arena_trim(struct flist_arena *arena, void *end)
{
	arena->at = (char *)end + (-(size_t)end & 7);
}

void flist_arena_empty(struct flist_arena *arena); /* takes all pieces back, keeps a chunk */
void flist_arena_release(struct flist_arena *arena);

/*
 * Moves all chunks of `from` to `to`, where they live as long as its own. What is left of the
 * newest one is given back: of a hundred jobs, each with little, that is most of the memory.
 */
void flist_arena_join(struct flist_arena *to, struct flist_arena *from);

#endif
