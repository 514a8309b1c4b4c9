#include "strategies/flist/list/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

enum {
	CHUNK_MIN = 64 * 1024,
	GROWTH = 8, /* a new chunk adds one part in so many: that much may stay unused */
	HUGE_PAGE = 2 * 1024 * 1024,
	HUGE_FROM = 512 * 1024, /* an arena that holds as much goes on in huge pages */
};

struct flist_chunk {
	struct flist_chunk *next;
	size_t size;
};

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

static void *map_pages(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

/* `size`: a multiple of HUGE_PAGE. Where the system has no huge pages these are ordinary ones. */
static void *map_huge_pages(size_t size)
{
	char *all = map_pages(size + HUGE_PAGE);
	if (!all)
		return NULL;
	const size_t before = -(uintptr_t)all % HUGE_PAGE;
	if (before)
		(void)munmap(all, before);
	(void)munmap(all + before + size, HUGE_PAGE - before);
	(void)madvise(all + before, size, MADV_HUGEPAGE);
	return all + before;
}

static int add_chunk(struct flist_arena *arena, size_t need)
{
	const bool huge = arena->bytes >= HUGE_FROM;
	struct flist_chunk *chunk;
	if (need > SIZE_MAX / 4)
		return -1;
	if (need < arena->bytes / GROWTH)
		need = arena->bytes / GROWTH;
	need = round_up(need, huge ? HUGE_PAGE : CHUNK_MIN);
	chunk = huge ? map_huge_pages(need) : map_pages(need);
	if (!chunk)
		return -1;
	*chunk = (struct flist_chunk){.next = arena->chunks, .size = need};
	arena->chunks = chunk;
	arena->at = (char *)(chunk + 1);
	arena->end = (char *)chunk + need;
	arena->bytes += need;
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
