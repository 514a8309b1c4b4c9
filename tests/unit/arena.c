#include "engine/base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "tests/test.h"

static int open_arena(void **state)
{
	*state = arena_new();
	return *state ? 0 : -1;
}

static int close_arena(void **state)
{
	arena_free(*state);
	return 0;
}

static void free_accepts_null(void **state)
{
	(void)state;
	arena_free(NULL);
}

static void memory_is_zeroed_aligned_and_apart(void **state)
{
	enum { N = 2000 };
	static const unsigned char zero[N];
	unsigned char *mem[N];
	for (size_t i = 1; i < N; i++) {
		mem[i] = arena_alloc(*state, i);
		assert_non_null(mem[i]);
		assert_int_equal((uintptr_t)mem[i] % alignof(max_align_t), 0);
		assert_memory_equal(mem[i], zero, i);
		memset(mem[i], (int)(i & 0xff), i);
	}
	for (size_t i = 1; i < N; i++) {
		assert_int_equal(mem[i][0], i & 0xff);
		assert_int_equal(mem[i][i - 1], i & 0xff);
	}
}

static void larger_than_a_block(void **state)
{
	const size_t size = 1 << 20;
	char *small = arena_alloc(*state, 1), *large = arena_alloc(*state, size);
	assert_non_null(small);
	assert_non_null(large);
	memset(large, 1, size);
	assert_int_equal(*small, 0);
}

static void impossible_sizes_are_refused(void **state)
{
	assert_null(arena_alloc(*state, SIZE_MAX / 2));
	assert_null(arena_alloc(*state, SIZE_MAX - 8));
	assert_null(arena_alloc(*state, SIZE_MAX));
	assert_non_null(arena_alloc(*state, 1));
}

static void copies_text(void **state)
{
	char text[] = "source-tree";
	char *copy = arena_copy(*state, text);
	text[0] = 'X';
	assert_string_equal(copy, "source-tree");
	assert_string_equal(arena_copy(*state, ""), "");
	assert_null(arena_copy(*state, NULL));
}

static void prints_any_length(void **state)
{
	assert_string_equal(arena_print(*state, "%s/j%u", "lstat", 2), "lstat/j2");
	char *wide = arena_print(*state, "%*d", 40000, 7);
	assert_int_equal(strlen(wide), 40000);
	assert_int_equal(wide[39999], '7');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_accepts_null),
		cmocka_unit_test_setup_teardown(memory_is_zeroed_aligned_and_apart, open_arena,
						close_arena),
		cmocka_unit_test_setup_teardown(larger_than_a_block, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(impossible_sizes_are_refused, open_arena,
						close_arena),
		cmocka_unit_test_setup_teardown(copies_text, open_arena, close_arena),
		cmocka_unit_test_setup_teardown(prints_any_length, open_arena, close_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
