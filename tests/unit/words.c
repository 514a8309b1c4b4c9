#include "engine/gate/arm/program.h"

#include <errno.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static struct arena *arena;

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return arena ? 0 : -1;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct {
	const char *text, *words[6];
} rows[] = {
	{"find", {"find"}},
	{"  find \t . \n", {"find", "."}},
	{"find {root} -ls", {"find", "/a b", "-ls"}},
	{"--dir={root}/x{root}", {"--dir=/a b/x/a b"}},
	{"'{root}' \"{root}\"", {"/a b", "/a b"}},
	{"'a b' c", {"a b", "c"}},
	{"\"a 'b\" 'c \"d'", {"a 'b", "c \"d"}},
	{"a\\ b \\'c", {"a b", "'c"}},
	{"\"a\\\"b\\c\" 'd\\e'", {"a\"b\\c", "d\\e"}},
	{"a'b'\"c\"d", {"abcd"}},
	{"'' x", {"", "x"}},
	{"$HOME *.c `id` ; |", {"$HOME", "*.c", "`id`", ";", "|"}},
	{"a\\", {"a\\"}},
	{"{rot} {root", {"{rot}", "{root"}},
	{"caf\303\251 \377", {"caf\303\251", "\377"}},
};

static void words_are_those_of_a_shell(void **state)
{
	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		char **words = NULL;
		assert_int_equal(words_split(rows[r].text, "/a b", arena, &words, NULL), 0);
		for (size_t i = 0; i < ARRAY_LEN(rows[r].words); i++) {
			if (!rows[r].words[i]) {
				assert_null(words[i]);
				break;
			}
			assert_non_null(words[i]);
			assert_string_equal(words[i], rows[r].words[i]);
		}
	}
}

static void invalid_commands_are_refused(void **state)
{
	static const char *const bad[] = {"", "  \t", "a 'b", "\"", "a \"b\\\""};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		char **words = NULL;
		assert_int_equal(words_split(bad[i], "/r", arena, &words, &err), -EINVAL);
		assert_true(strlen(err.text) > 0);
	}
}

static void there_is_a_limit(void **state)
{
	char text[2 * WORDS_MAX + 4];
	char **words = NULL;
	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 2 ? ' ' : 'a';
	text[2 * WORDS_MAX - 1] = '\0';
	assert_int_equal(words_split(text, "/r", arena, &words, NULL), 0);
	assert_non_null(words[WORDS_MAX - 1]);
	assert_null(words[WORDS_MAX]);
	text[2 * WORDS_MAX - 1] = ' ';
	text[2 * WORDS_MAX + 1] = '\0';
	assert_int_equal(words_split(text, "/r", arena, &words, NULL), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
	const struct CMUnitTest tests[] = {
		TEST(words_are_those_of_a_shell),
		TEST(invalid_commands_are_refused),
		TEST(there_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
