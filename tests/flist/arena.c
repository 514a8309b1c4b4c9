/* Memory that is given out piece by piece: how much of it there is, and of which pages. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "strategies/flist/list/arena.h"
#include "tests/test.h"

enum { PIECE = 1000, HUGE_PAGE = 2 * 1024 * 1024 };

/* Pieces of PIECE bytes until there are `size`; each full of a byte of its own. */
static size_t fill(struct flist_arena *arena, char **pieces, size_t size)
{
	const size_t n = size / PIECE;
	for (size_t i = 0; i < n; i++) {
		pieces[i] = flist_arena_alloc(arena, PIECE);
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i % 251), PIECE);
	}
	return n;
}

static char **room_for(size_t size)
{
	char **pieces = malloc(size / PIECE * sizeof(*pieces));
	assert_non_null(pieces);
	return pieces;
}

static void pieces_keep_their_contents(void **state)
{
	enum { SIZE = 5 * HUGE_PAGE };
	struct flist_arena arena = {0};
	char **pieces = room_for(SIZE);
	const size_t n = fill(&arena, pieces, SIZE);
	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal((size_t)pieces[i] % 8, 0);
		for (size_t k = 0; k < PIECE; k++)
			assert_int_equal((unsigned char)pieces[i][k], i % 251);
	}
	free(pieces);
	flist_arena_release(&arena);
}

static bool tells_of_huge_pages(void)
{
	return access("/sys/kernel/mm/transparent_hugepage/enabled", F_OK) == 0 &&
	       access("/proc/self/smaps", R_OK) == 0;
}

/* Whether the kernel was asked for huge pages where `at` lies, as /proc/self/smaps tells. */
static bool is_of_huge_pages(const void *at)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[4096];
	bool inside = false, found = false;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (unsigned long)at >= from && (unsigned long)at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " hg") != NULL;
	}
	(void)fclose(file);
	return found;
}

enum { CHEAP = 500, DEAR = 22000 /* ns */ };

static void a_small_arena_takes_small_pages(void **state)
{
	enum { SIZE = 400 * 1000 };
	struct flist_arena arena = {.page_ns = CHEAP};
	char **pieces = room_for(SIZE);
	const size_t n = fill(&arena, pieces, SIZE);
	(void)state;
	if (tells_of_huge_pages())
		assert_false(is_of_huge_pages(pieces[n - 1]));
	assert_in_range(arena.bytes, SIZE, SIZE + 128 * 1024);
	free(pieces);
	flist_arena_release(&arena);
}

/* Earlier if small pages cost much, later if they cost little. */
static void the_cost_of_small_pages_decides(void **state)
{
	static const struct {
		uint32_t page_ns;
		size_t first; /* bytes before the first huge page, about */
	} rows[] = {{DEAR, 128 * 1024}, {CHEAP, 2 * 1024 * 1024}};
	(void)state;
	if (!tells_of_huge_pages())
		skip_because("this kernel has no huge pages");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct flist_arena arena = {.page_ns = rows[i].page_ns};
		size_t bytes = 0;
		char *piece = flist_arena_alloc(&arena, PIECE);
		for (; piece && !is_of_huge_pages(piece); bytes += PIECE)
			piece = flist_arena_alloc(&arena, PIECE);
		assert_non_null(piece);
		assert_in_range(bytes, rows[i].first * 3 / 4, rows[i].first * 5 / 4);
		flist_arena_release(&arena);
	}
}

static bool is_in_memory(const char *at)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned char in_memory = 0;
	assert_int_equal(mincore((void *)((uintptr_t)at / page * page), page, &in_memory), 0);
	return in_memory & 1;
}

/* The pages of the first chunk are allocated when they are used, those of later ones before. */
static void later_chunks_are_in_memory_at_once(void **state)
{
	struct flist_arena arena = {0};
	(void)state;
	if (sysconf(_SC_PAGESIZE) > 4096)
		skip_because("a chunk has only few pages here");
	assert_non_null(flist_arena_alloc(&arena, PIECE));
	assert_false(is_in_memory(arena.end - 1));
	const char *first = arena.end;
	while (arena.end == first)
		assert_non_null(flist_arena_alloc(&arena, PIECE));
#ifdef MADV_POPULATE_WRITE
	if (madvise(arena.chunks, 1, MADV_POPULATE_WRITE) == 0) {
		assert_true(is_in_memory(arena.end - 1));
		assert_true(arena.page_ns > 0);
	}
#endif
	flist_arena_release(&arena);
}

static void a_large_piece_is_in_memory_when_it_is_used(void **state)
{
	enum { SIZE = 1000 * 1000 };
	struct flist_arena arena = {.page_ns = CHEAP};
	(void)state;
	assert_non_null(flist_arena_alloc(&arena, PIECE));
	char *large = flist_arena_alloc(&arena, SIZE);
	assert_non_null(large);
	assert_false(is_in_memory(large + SIZE - 1));
	flist_arena_release(&arena);
}

static void a_large_arena_takes_huge_pages(void **state)
{
	enum { SIZE = 40 * 1000 * 1000 };
	struct flist_arena arena = {0};
	char **pieces = room_for(SIZE);
	const size_t n = fill(&arena, pieces, SIZE);
	(void)state;
	assert_in_range(arena.bytes, SIZE, SIZE + SIZE / 8 + 2 * HUGE_PAGE);
	if (tells_of_huge_pages()) {
		assert_false(is_of_huge_pages(pieces[0]));
		assert_true(is_of_huge_pages(pieces[n / 2]));
		assert_true(is_of_huge_pages(pieces[n - 1]));
	}
	free(pieces);
	flist_arena_release(&arena);
}

/* A huge page of which little is used is no memory of the list that it ends in. */
static void unused_memory_is_returned(void **state)
{
	enum { SIZE = 700 * 1000 };
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct flist_arena arena = {.page_ns = DEAR}, all = {0};
	char **pieces = room_for(SIZE);
	const size_t n = fill(&arena, pieces, SIZE);
	(void)state;
	assert_in_range(arena.bytes, HUGE_PAGE, SIZE + HUGE_PAGE);
	flist_arena_join(&all, &arena);
	assert_in_range(all.bytes, SIZE, SIZE + 65536 + page);
	for (size_t i = 0; i < n; i++)
		assert_int_equal((unsigned char)pieces[i][PIECE - 1], i % 251);
	free(pieces);
	flist_arena_release(&all);
}

static void too_much_is_refused(void **state)
{
	struct flist_arena arena = {0};
	char **pieces = room_for(HUGE_PAGE);
	(void)state;
	assert_null(flist_arena_alloc(&arena, SIZE_MAX));
	assert_null(flist_arena_alloc(&arena, SIZE_MAX / 2));
	fill(&arena, pieces, HUGE_PAGE);
	assert_null(flist_arena_alloc(&arena, SIZE_MAX / 2));
	assert_null(flist_arena_alloc(&arena, SIZE_MAX / 4 - 1));
	assert_non_null(flist_arena_alloc(&arena, PIECE));
	free(pieces);
	flist_arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_keep_their_contents),
		cmocka_unit_test(a_small_arena_takes_small_pages),
		cmocka_unit_test(the_cost_of_small_pages_decides),
		cmocka_unit_test(later_chunks_are_in_memory_at_once),
		cmocka_unit_test(a_large_piece_is_in_memory_when_it_is_used),
		cmocka_unit_test(a_large_arena_takes_huge_pages),
		cmocka_unit_test(unused_memory_is_returned),
		cmocka_unit_test(too_much_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
