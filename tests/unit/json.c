#include "engine/json/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_json.h"

/* A scratch folder and an arena for each test. */
struct scratch {
	struct arena *arena;
	char dir[64], path[96];
};

static int open_scratch(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	s->arena = arena_new();
	snprintf(s->dir, sizeof(s->dir), "/tmp/statmark-json.XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/file.json", s->dir);
	*state = s;
	return 0;
}

/* Fails when a test left anything but its one file: that would be a temporary file. */
static int close_scratch(void **state)
{
	struct scratch *s = *state;
	unlink(s->path);
	int left = rmdir(s->dir);
	arena_free(s->arena);
	free(s);
	return left;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void every_byte_survives(void **state)
{
	struct scratch *s = *state;
	char bytes[600];
	size_t n = 0;
	for (int b = 1; b < 256; b++) {
		bytes[n++] = (char)b;
		bytes[n++] = 'x';
	}
	bytes[n] = '\0';
	for (const char *from = bytes; *from; from++) {
		json_t *json = json_from_text(from);
		assert_non_null(json);
		assert_string_equal(json_to_text(json, s->arena), from);
		json_decref(json);
		assert_string_equal(text_unescape(s->arena, text_visible(s->arena, from)), from);
	}
}

static void escape_spells_only_what_it_must(void **state)
{
	struct scratch *s = *state;
	static const char *const same[] = {
		"", "abc", "caf\303\251", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "tab\there\n"};
	static const char *const escaped[][2] = {
		{"\\", "\\x5c"},
		{"a\377b", "a\\xffb"},
		{"\xc0\x80", "\\xc0\\x80"},          /* overlong NUL */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"\xe2\x82", "\\xe2\\x82"}, /* cut short */
		{"\\x41", "\\x5cx41"},
	};
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_string_equal(text_escape(s->arena, same[i]), same[i]);
	for (size_t i = 0; i < ARRAY_LEN(escaped); i++)
		assert_string_equal(text_escape(s->arena, escaped[i][0]), escaped[i][1]);
	assert_string_equal(text_visible(s->arena, "\033[31m\302\233\342\200\256"),
			    "\\x1b[31m\\xc2\\x9b\\xe2\\x80\\xae");
	assert_null(text_escape(s->arena, NULL));
}

/* What is written without jansson says what jansson's would, and is safe on a terminal, too. */
static void quoted_text_has_no_controls(void **state)
{
	static const char *const controls[][2] = {
		{"a\302\233b", "\"a\\u009Bb\""}, {"\177", "\"\\u007F\""},
		{"\342\200\256", "\"\\u202E\""}, {"\342\201\246", "\"\\u2066\""},
		{"\302\240", "\"\302\240\""},    {"\302", "\"\\\\xc2\""}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
		char quoted[64];
		quoted[text_spell(quoted, controls[i][0], TEXT_QUOTED)] = '\0';
		assert_string_equal(quoted, controls[i][1]);
		json_t *read = json_loads(quoted, JSON_DECODE_ANY, NULL);
		json_t *json = json_from_text(controls[i][0]);
		assert_true(json_equal(read, json));
		json_decref(read);
		json_decref(json);
	}
}

/* What is shown may be shown by a terminal, which acts on DEL and C1 controls. */
static void shown_text_has_no_control_characters(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	(void)state;
	assert_non_null(to);
	assert_int_equal(json_show(to, json_string("a\x7f\302\233\342\200\256\303\251\n")), 0);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, "\"a\\u007F\\u009B\\u202E\303\251\\n\"\n");
	free(text);
}

/* What is written without jansson is what jansson would have written. */
static void quoted_text_is_that_of_jansson(void **state)
{
	char bytes[600], quoted[TEXT_SPELLED_MAX(sizeof(bytes))];
	size_t n = 0;
	(void)state;
	for (int b = 1; b < 256; b++) {
		if (b == 0x7f)
			continue;
		bytes[n++] = (char)b;
		bytes[n++] = 'x';
	}
	strcpy(bytes + n, "caf\303\251 \"\\\" \xe2\x82 \xf0\x9f\x98\x80");
	for (const char *from = bytes; *from; from++) {
		json_t *json = json_from_text(from);
		char *text = json_dumps(json, JSON_ENCODE_ANY);
		quoted[text_spell(quoted, from, TEXT_QUOTED)] = '\0';
		assert_string_equal(quoted, text);
		free(text);
		json_decref(json);
	}
}

static void unescape_takes_foreign_text(void **state)
{
	struct scratch *s = *state;
	static const char *const same[] = {"\\", "\\x", "\\x4", "\\xzz", "\\x00", "\\n", "a\\"};
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		assert_string_equal(text_unescape(s->arena, same[i]), same[i]);
}

static void text_is_cut_in_the_middle(void **state)
{
	struct scratch *s = *state;
	assert_string_equal(text_shorten(s->arena, "abcdef", 6), "abcdef");
	assert_string_equal(text_shorten(s->arena, "abcdefg", 6), "ab..fg");
	assert_string_equal(text_shorten(s->arena, "\303\251\303\251\303\251\303\251", 3),
			    "\303\251..");
	assert_int_equal(text_width("\303\251x"), 2);
}

static void numbers_that_json_lacks(void **state)
{
	(void)state;
	const double none[] = {NAN, INFINITY, -INFINITY};
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_true(json_is_null(json_from_real(none[i])));
}

static void counts_of_any_size(void **state)
{
	(void)state;
	static const struct {
		uint64_t count;
		bool number;
	} cases[] = {{0, true},
		     {UINT64_C(1) << 53, true},
		     {(UINT64_C(1) << 53) + 1, false},
		     {UINT64_MAX, false}};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *json = json_from_count(cases[i].count);
		uint64_t back;
		assert_int_equal(json_is_integer(json), cases[i].number);
		assert_true(json_to_count(json, &back));
		assert_int_equal(back, cases[i].count);
		json_decref(json);
	}
}

static void values_that_are_no_count(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"-1",     "1.5", "\"\"", "\"-1\"", "\"1x\"",
		"\" 1\"", "[]",  "null", "true",   "\"18446744073709551616\""};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		json_t *json = json_loads(bad[i], JSON_DECODE_ANY, NULL);
		uint64_t count;
		assert_non_null(json);
		if (json_to_count(json, &count))
			fail_msg("%s was read as the count %llu", bad[i],
				 (unsigned long long)count);
		json_decref(json);
	}
}

static void flat_parts_take_one_line(void **state)
{
	(void)state;
	json_t *json = json_loads("{\"a\":{\"b\":1,\"c\":[1,2]},\"d\":{\"e\":0.1,\"f\":null},"
				  "\"g\":[],\"h\":[{},{\"i\":\"\\n\"}]}",
				  0, NULL);
	char *text;
	size_t size;
	assert_int_equal(json_print(json, &text, &size), 0);
	assert_string_equal(text, "{\n"
				  "  \"a\": {\n"
				  "    \"b\": 1,\n"
				  "    \"c\": [1, 2]\n"
				  "  },\n"
				  "  \"d\": {\"e\": 0.1, \"f\": null},\n"
				  "  \"g\": [],\n"
				  "  \"h\": [\n"
				  "    {},\n"
				  "    {\"i\": \"\\n\"}\n"
				  "  ]\n"
				  "}\n");
	assert_int_equal(size, strlen(text));
	free(text);
	json_decref(json);
}

static void errors_name_file_line_and_column(void **state)
{
	struct scratch *s = *state;
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"{\n \"a\": 1,\n}", ":3:1: invalid JSON"},
		{"{\"a\": 1, \"a\": 2}", "duplicate object key"},
		{"", "invalid JSON"},
		{"{\"a\": \"\377\"}", "unable to decode byte 0xff"},
		{"{} x", "end of file expected"},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		json_t *json;
		put(s->path, cases[i].text);
		assert_int_equal(json_read_file(s->path, &json, &err), -EINVAL);
		assert_int_equal(strncmp(err.text, s->path, strlen(s->path)), 0);
		if (!strstr(err.text, cases[i].words))
			fail_msg("'%s' lacks '%s'", err.text, cases[i].words);
	}
}

static void unreadable_files(void **state)
{
	struct scratch *s = *state;
	struct err err = {0};
	json_t *json;
	assert_int_equal(json_read_file(s->path, &json, &err), -ENOENT);
	assert_non_null(strstr(err.text, s->path));
	assert_int_equal(json_read_file(s->dir, &json, NULL), -EISDIR);
	put(s->path, "[");
	assert_int_equal(truncate(s->path, (off_t)JSON_FILE_MAX + 1), 0);
	err = (struct err){0};
	assert_int_equal(json_read_file(s->path, &json, &err), -EFBIG);
	assert_non_null(strstr(err.text, "larger than 128 MiB"));
}

static void deep_nesting_is_refused(void **state)
{
	struct scratch *s = *state;
	enum { DEEP = 100000 };
	char *text = calloc(1, DEEP + 1);
	json_t *json;
	memset(text, '[', DEEP);
	put(s->path, text);
	free(text);
	assert_int_equal(json_read_file(s->path, &json, NULL), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_byte_survives),
		TEST(escape_spells_only_what_it_must),
		TEST(quoted_text_has_no_controls),
		TEST(shown_text_has_no_control_characters),
		TEST(quoted_text_is_that_of_jansson),
		TEST(unescape_takes_foreign_text),
		TEST(text_is_cut_in_the_middle),
		cmocka_unit_test(numbers_that_json_lacks),
		cmocka_unit_test(counts_of_any_size),
		cmocka_unit_test(values_that_are_no_count),
		cmocka_unit_test(flat_parts_take_one_line),
		TEST(errors_name_file_line_and_column),
		TEST(unreadable_files),
		TEST(deep_nesting_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
