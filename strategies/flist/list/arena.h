/*
 * The memory of a list: allocated in pieces by one thread, without a lock, and freed all at once.
 *
 * The first access to a page of fresh memory costs a page fault. So an arena that has become large
 * allocates huge pages, each of which takes one fault instead of 512. A small arena does not: the
 * kernel would clear 2 MiB for little data. What is large depends on the cost of a small page,
 * which is measured.
 *
 * Arrays that grow are not in an arena: flist_grow.
 */
#ifndef FLIST_LIST_ARENA_H
#define FLIST_LIST_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct flist_chunk;

struct flist_arena {
	char *at, *end; /* free part of the newest chunk */
	struct flist_chunk *chunks;
	size_t bytes;     /* size of all chunks */
	uint32_t page_ns; /* what a small page costs; 0: not known */
};

/* Returns `size` bytes, aligned to 8 bytes, not cleared. NULL: out of memory. */
void *flist_arena_alloc(struct flist_arena *arena, size_t size);

/* Shortens the piece allocated last, so that it ends at `end`. */
static inline void flist_arena_trim(struct flist_arena *arena, void *end)
{
	arena->at = (char *)end + (-(size_t)end & 7);
}

void flist_arena_empty(struct flist_arena *arena); /* frees all pieces, keeps one chunk */
void flist_arena_release(struct flist_arena *arena);

/*
 * Moves all chunks of `from` to `to`; the pieces in them are then valid as long as `to`. The unused
 * part of the newest chunk is unmapped: with a hundred jobs that each have few entries, this is
 * most of the memory. `from` is empty afterwards.
 */
void flist_arena_join(struct flist_arena *to, struct flist_arena *from);

/*
 * Grows *array to hold at least `need` elements of `size` bytes; doubles *room, which counts
 * elements. 0 or -ENOMEM, with the array unchanged.
 */
int flist_grow(void *array, size_t *room, size_t need, size_t size);

#endif
