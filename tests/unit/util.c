#include "engine/base/util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/test.h"

static const char *nth(size_t i, const void *names)
{
	return ((const char *const *)names)[i];
}

static const char *near(const char *word)
{
	static const char *const names[] = {"lstat", "fstatat", "statx", "threaded", "cached"};
	return nearest(word, ARRAY_LEN(names), nth, names);
}

static void nearest_corrects_small_mistakes(void **state)
{
	(void)state;
	assert_string_equal(near("lstat"), "lstat");
	assert_string_equal(near("lsat"), "lstat");       /* left out */
	assert_string_equal(near("lstatt"), "lstat");     /* once too often */
	assert_string_equal(near("statc"), "statx");      /* wrong key */
	assert_string_equal(near("lsatt"), "lstat");      /* swapped */
	assert_string_equal(near("htreadd"), "threaded"); /* two slips in a long word */
}

static void nearest_finds_nothing_far_away(void **state)
{
	(void)state;
	assert_null(near("readdir"));
	assert_null(near(""));
	assert_null(near("xyz"));
	assert_null(nearest("lstat", 0, nth, NULL));
	char huge[500];
	memset(huge, 'l', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	assert_null(near(huge));
}

static void counts_as_people_write_them(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t count;
	} good[] = {
		{"0", 0},           {"20000", 20000},
		{"007", 7},         {"100k", 100000},
		{"2K", 2000},       {"3m", 3000000},
		{"1G", 1000000000}, {"18446744073709551615", UINT64_MAX},
	};
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint64_t count = 1;
		assert_int_equal(parse_count(good[i].text, &count), 0);
		assert_int_equal(count, good[i].count);
	}
}

static void invalid_counts_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"",    "-1",  "+1", " 1",  "1 ", "k",
					  "1kk", "1.5", "0x", "ten", "1t", "1e3"};
	static const char *const large[] = {"18446744073709551616", "99999999999999999999",
					    "18446744073709551615k"};
	uint64_t count;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse_count(bad[i], &count), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(large); i++)
		assert_int_equal(parse_count(large[i], &count), -ERANGE);
}

static void digits_are_grouped(void **state)
{
	(void)state;
	char buf[32];
	assert_string_equal(group_digits(0, buf, sizeof(buf)), "0");
	assert_string_equal(group_digits(999, buf, sizeof(buf)), "999");
	assert_string_equal(group_digits(1000, buf, sizeof(buf)), "1,000");
	assert_string_equal(group_digits(1234567, buf, sizeof(buf)), "1,234,567");
	assert_string_equal(group_digits(UINT64_MAX, buf, sizeof(buf)),
			    "18,446,744,073,709,551,615");
}

static void grouping_never_overflows(void **state)
{
	(void)state;
	for (size_t size = 1; size < 10; size++) {
		char buf[16];
		memset(buf, '#', sizeof(buf));
		group_digits(1234567, buf, size);
		assert_true(strlen(buf) < size);
		for (size_t i = size; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
	}
}

static void array_grows_and_keeps(void **state)
{
	(void)state;
	uint32_t *items = NULL;
	size_t room = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(array_grow(&items, &room, i + 1, sizeof(*items)), 0);
		assert_true(room > i);
		items[i] = i;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void array_survives_a_refusal(void **state)
{
	(void)state;
	uint64_t *items = NULL;
	size_t room = 0;
	assert_int_equal(array_grow(&items, &room, 1, sizeof(*items)), 0);
	items[0] = 42;
	size_t before = room;
	assert_int_equal(array_grow(&items, &room, SIZE_MAX / 2, sizeof(*items)), -ENOMEM);
	assert_int_equal(items[0], 42);
	assert_int_equal(room, before);
	free(items);
}

/* A scratch file with this content; the caller unlinks and frees. */
static char *scratch(const char *text, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	char *path = NULL;
	assert_true(asprintf(&path, "%s/statmark-util-XXXXXX", tmp ? tmp : "/tmp") > 0);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
	return path;
}

static void drop(char *path)
{
	unlink(path);
	free(path);
}

static void reads_a_whole_file(void **state)
{
	(void)state;
	char content[10000];
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (char)i;
	char *path = scratch(content, sizeof(content)), *text = NULL;
	size_t size = 0;
	assert_int_equal(read_file(path, sizeof(content), &text, &size), 0);
	assert_int_equal(size, sizeof(content));
	assert_memory_equal(text, content, size);
	assert_int_equal(text[size], '\0');
	free(text);
	assert_int_equal(read_file(path, sizeof(content) - 1, &text, &size), -EFBIG);
	drop(path);
}

static void reads_files_without_a_size(void **state)
{
	(void)state;
	char *text = NULL;
	size_t size = 0;
	assert_int_equal(read_file("/proc/self/status", 1 << 20, &text, &size), 0);
	assert_non_null(strstr(text, "\nPid:"));
	assert_int_equal(strlen(text), size);
	free(text);
	assert_int_equal(read_file("/dev/zero", 100000, &text, &size), -EFBIG);
}

static void read_errors_are_returned(void **state)
{
	(void)state;
	char *text;
	size_t size;
	assert_int_equal(read_file("/nonexistent/file", 10, &text, &size), -ENOENT);
	assert_int_equal(read_file("/", 10, &text, &size), -EISDIR);
}

static void reads_the_first_line(void **state)
{
	(void)state;
	char line[8];
	char *path = scratch("first\nsecond\n", 13);
	assert_true(read_line(path, line, sizeof(line)));
	assert_string_equal(line, "first");
	drop(path);
	path = scratch("longer than the room", 20);
	assert_true(read_line(path, line, sizeof(line)));
	assert_string_equal(line, "longer ");
	drop(path);
	path = scratch("", 0);
	assert_false(read_line(path, line, sizeof(line)));
	drop(path);
	assert_false(read_line("/nonexistent/file", line, sizeof(line)));
}

static void times_have_units(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint64_t ns;
	} rows[] = {
		{"0", 0, 0},           {"0ms", 0, 0},         {"1ns", 0, 1},
		{"1.5ms", 0, 1500000}, {"300us", 0, 300000},  {"10s", 0, UINT64_C(10000000000)},
		{"1", -EINVAL, 0},     {"", -EINVAL, 0},      {"ms", -EINVAL, 0},
		{"-1ms", -EINVAL, 0},  {"1km", -EINVAL, 0},   {"1.2.3ms", -EINVAL, 0},
		{"11s", -ERANGE, 0},   {"1e3ms", -EINVAL, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t ns = 0;
		const int error = parse_time(rows[i].text, UINT64_C(10000000000), &ns);
		if (error != rows[i].error || (!error && ns != rows[i].ns))
			fail_msg("'%s': %d, %llu ns", rows[i].text, error, (unsigned long long)ns);
	}
}

static void a_time_is_written_in_its_largest_unit(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {{0, "0ns"},           {1, "1ns"},
		    {1000, "1us"},        {1500, "1500ns"},
		    {5000000, "5ms"},     {1500000, "1500us"},
		    {10000000000, "10s"}, {120000000000, "120s"}};
	char text[24];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(time_text(rows[i].ns, text, sizeof(text)), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nearest_corrects_small_mistakes),
		cmocka_unit_test(nearest_finds_nothing_far_away),
		cmocka_unit_test(counts_as_people_write_them),
		cmocka_unit_test(invalid_counts_are_refused),
		cmocka_unit_test(digits_are_grouped),
		cmocka_unit_test(grouping_never_overflows),
		cmocka_unit_test(array_grows_and_keeps),
		cmocka_unit_test(array_survives_a_refusal),
		cmocka_unit_test(reads_a_whole_file),
		cmocka_unit_test(reads_files_without_a_size),
		cmocka_unit_test(read_errors_are_returned),
		cmocka_unit_test(reads_the_first_line),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(a_time_is_written_in_its_largest_unit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
