#include "strategies/flist/list/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "strategies/flist/clock.h"

/*
 * A new chunk has at least 1/GROWTH of the bytes of the arena, and that much may stay unused. An
 * arena of huge_from() bytes takes further chunks in huge pages, so up to 2 MiB more may stay
 * unused. A virtual machine may have given the memory of a huge page back to its host: then the
 * first access takes milliseconds. So where small pages cost little, an arena takes them for
 * longer.
 */
enum {
	CHUNK_MIN = 64 * 1024,
	GROWTH = 8,
	HUGE_FROM = 512 * 1024,            /* if the cost of a small page is not known, */
	HUGE_FROM_CHEAP = 2 * 1024 * 1024, /* if it is low, */
	HUGE_FROM_DEAR = 128 * 1024,       /* and if it is this high: */
	DEAR_PAGE = 4 * 1000,              /* ns */
	HUGE_PAGE = 2 * 1024 * 1024,
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

/* `size` is a multiple of HUGE_PAGE. If the system has no huge pages, these are ordinary ones. */
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

static size_t huge_from(const struct flist_arena *arena)
{
	if (!arena->page_ns)
		return HUGE_FROM;
	return arena->page_ns >= DEAR_PAGE ? HUGE_FROM_DEAR : HUGE_FROM_CHEAP;
}

/*
 * Allocates the pages of a chunk at once, which takes less time than a page fault for each. The
 * first time is measured.
 */
static void populate(struct flist_arena *arena, void *at, size_t size)
{
#ifdef MADV_POPULATE_WRITE
	const long page = sysconf(_SC_PAGESIZE);
	const uint64_t began = flist_clock();
	if (madvise(at, size, MADV_POPULATE_WRITE) || arena->page_ns || page <= 0)
		return;
	const uint64_t ns = (flist_clock() - began) / (size / (size_t)page + 1) + 1;
	arena->page_ns = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
#else
	(void)arena, (void)at, (void)size;
#endif
}

/*
 * Those of an arena that had some before will soon be used. A chunk for a large piece may not be: a
 * piece is allocated for the longest names, and then shortened.
 */
static struct flist_chunk *map_small_pages(struct flist_arena *arena, size_t size)
{
	void *at = map_pages(size);
	if (at && arena->chunks && size <= HUGE_FROM_CHEAP / GROWTH)
		populate(arena, at, size);
	return at;
}

/*
 * Maps a chunk for `need` bytes. If there is no memory for huge pages, there may still be some for
 * a small chunk.
 */
static struct flist_chunk *map_chunk(struct flist_arena *arena, size_t need)
{
	const size_t small = round_up(need, CHUNK_MIN), large = round_up(need, HUGE_PAGE);
	struct flist_chunk *chunk = arena->bytes >= huge_from(arena) ? map_huge_pages(large) : NULL;
	const size_t size = chunk ? large : small;
	if (!chunk)
		chunk = map_small_pages(arena, small);
	if (chunk)
		*chunk = (struct flist_chunk){.size = size};
	return chunk;
}

static int add_chunk(struct flist_arena *arena, size_t need)
{
	struct flist_chunk *chunk;
	if (need > SIZE_MAX / 4)
		return -1;
	if (need < arena->bytes / GROWTH)
		need = arena->bytes / GROWTH;
	chunk = map_chunk(arena, need);
	if (!chunk)
		return -1;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	arena->at = (char *)(chunk + 1);
	arena->end = (char *)chunk + chunk->size;
	arena->bytes += chunk->size;
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

/*
 * Unmaps the unused part of the newest chunk. The unmapped part of a huge page is freed when the
 * kernel needs memory.
 */
static void give_back_rest(struct flist_arena *arena)
{
	const long page = sysconf(_SC_PAGESIZE);
	const size_t unit = page > 0 ? (size_t)page : CHUNK_MIN;
	const size_t keep = round_up((size_t)(arena->at - (char *)arena->chunks), unit);
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

int flist_grow(void *array, size_t *room, size_t need, size_t size)
{
	void **memory = array, *grown;
	size_t n = *room ? *room : 16;
	if (need <= *room)
		return 0;
	while (n < need)
		n *= 2;
	grown = realloc(*memory, n * size);
	if (!grown)
		return -ENOMEM;
	*memory = grown;
	*room = n;
	return 0;
}
