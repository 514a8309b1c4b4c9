#include "strategies/flist/list/arena.h"

#include <stdint.h>
#include <sys/mman.h>

enum {
	CHUNK_MIN = 64 * 1024,
	GROWTH = 8, /* a new chunk adds one part in so many: that much may stay unused */
};

struct flist_chunk {
	struct flist_chunk *next;
	size_t size;
};

static size_t choose_size(const struct flist_arena *arena, size_t need)
{
	if (need < arena->bytes / GROWTH)
		need = arena->bytes / GROWTH;
	return (need + CHUNK_MIN - 1) / CHUNK_MIN * CHUNK_MIN;
}

static int add_chunk(struct flist_arena *arena, size_t need)
{
	if (need > SIZE_MAX / 4)
		return -1;
	const size_t size = choose_size(arena, need);
	struct flist_chunk *chunk =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk == MAP_FAILED)
		return -1;
	*chunk = (struct flist_chunk){.next = arena->chunks, .size = size};
	arena->chunks = chunk;
	arena->at = (char *)(chunk + 1);
	arena->end = (char *)chunk + size;
	arena->bytes += size;
	return 0;
}

void *flist_arena_alloc(struct flist_arena *arena, size_t size)
{
	size_t rounded = (size + 7) & ~(size_t)7;
	void *piece;
	if (rounded < size)
		return NULL;
	if ((size_t)(arena->end - arena->at) < rounded &&
	    add_chunk(arena, rounded + sizeof(struct flist_chunk)))
		return NULL;
	piece = arena->at;
	arena->at += rounded;
	return piece;
}

static void free_chunks(struct flist_chunk *chunk)
{
	while (chunk) {
		struct flist_chunk *next = chunk->next;
		munmap(chunk, chunk->size);
		chunk = next;
	}
}

void flist_arena_empty(struct flist_arena *arena)
{
	if (!arena->chunks)
		return;
	free_chunks(arena->chunks->next);
	arena->chunks->next = NULL;
	arena->bytes = arena->chunks->size;
	arena->at = (char *)(arena->chunks + 1);
}

void flist_arena_release(struct flist_arena *arena)
{
	free_chunks(arena->chunks);
	*arena = (struct flist_arena){0};
}

static void give_back_rest(struct flist_arena *arena)
{
	enum { PAGE = 4096 /* at least; a smaller one than the system's is refused */ };
	const size_t keep = ((size_t)(arena->at - (char *)arena->chunks) + PAGE - 1) / PAGE * PAGE;
	const size_t rest = arena->chunks->size - keep;
	if (rest == 0 || munmap((char *)arena->chunks + keep, rest))
		return;
	arena->chunks->size = keep;
	arena->bytes -= rest;
}

void flist_arena_join(struct flist_arena *to, struct flist_arena *from)
{
	struct flist_chunk **last = &to->chunks;
	if (from->chunks)
		give_back_rest(from);
	while (*last)
		last = &(*last)->next;
	*last = from->chunks;
	to->bytes += from->bytes;
	*from = (struct flist_arena){0};
}
