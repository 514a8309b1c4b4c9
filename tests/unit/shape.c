/* Shapes: what they mean, and that every way to get one wrong is told with its place. */
#include "datasets/shape/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datasets/shape/special.h"
#include "engine/base/util.h"
#include "engine/json/json_node.h"
#include "tests/test.h"

static int parse(struct shape *shape, const char *text, struct err *err)
{
	*err = (struct err){0};
	return shape_parse(shape, "x.json", text, strlen(text), err);
}

static void is_refused(const char *text, const char *words)
{
	struct shape shape;
	struct err err;
	assert_int_equal(parse(&shape, text, &err), -EINVAL);
	assert_string_equal(err.text, words);
	assert_int_equal(err.code, -EINVAL);
}

static void is_range(const struct quantity *q, uint64_t min, uint64_t max)
{
	assert_int_equal(q->n, 1);
	assert_int_equal(quantity_min(q), min);
	assert_int_equal(quantity_max(q), max);
}

static void test_defaults_make_a_source_tree(void **state)
{
	struct shape shape;
	struct err err;
	(void)state;
	assert_int_equal(parse(&shape, "{}", &err), 0);
	assert_string_equal(shape.name, "x");
	assert_int_equal(shape.entries, 20000);
	is_range(&shape.files_per_dir.at[0], 12, 25);
	is_range(&shape.name_length, 4, 24);
	assert_int_equal(shape.depth, 16);
	assert_int_equal(shape.fill, FILL_EVEN);
}

static void test_every_key_is_read(void **state)
{
	struct shape shape;
	struct err err;
	(void)state;
	assert_int_equal(
		parse(&shape,
		      "{\"schema\":\"statmark-shape/1\",\"name\":\"n-1\",\"summary\":\"s\","
		      "\"entries\":7,\"files_per_dir\":{\"min\":1,\"max\":2},"
		      "\"dirs_per_dir\":3,\"depth\":4,\"fill\":\"deep\","
		      "\"name_length\":{\"min\":5,\"max\":6},\"seed\":9007199254740991}",
		      &err),
		0);
	assert_string_equal(shape.name, "n-1");
	assert_string_equal(shape.summary, "s");
	assert_int_equal(shape.entries, 7);
	is_range(&shape.files_per_dir.at[0], 1, 2);
	is_range(&shape.dirs_per_dir.at[0], 3, 3);
	assert_int_equal(shape.depth, 4);
	assert_int_equal(shape.fill, FILL_DEEP);
	is_range(&shape.name_length, 5, 6);
	assert_true(shape.seed == (UINT64_C(1) << 53) - 1);
}

static void test_depth_follows_when_no_directory_is_allowed(void **state)
{
	struct shape shape;
	struct err err;
	(void)state;
	assert_int_equal(
		parse(&shape, "{\"entries\":5,\"files_per_dir\":9,\"dirs_per_dir\":0}", &err), 0);
	assert_int_equal(shape.depth, 0);
}

/* What follows the place is jansson's wording. */
static void is_refused_at(const char *text, const char *place)
{
	struct shape shape;
	struct err err;
	assert_int_equal(parse(&shape, text, &err), -EINVAL);
	assert_true(strlen(err.text) > strlen(place));
	err.text[strlen(place)] = '\0';
	assert_string_equal(err.text, place);
}

static void test_wrong_documents(void **state)
{
	(void)state;
	is_refused_at("", "x.json:1:0: ");
	is_refused_at("{\"entries\": 1,", "x.json:1:14: ");
	is_refused_at("{\n  \"entries\": 1\n  \"seed\": 2\n}", "x.json:3:8: ");
	is_refused_at("{\"seed\":1,\"seed\":2}", "x.json:1:16: invalid JSON: duplicate object key");
	is_refused_at("{\"entries\":99999999999999999999}", "x.json:1:31: ");
	is_refused_at("{\"name\":\"\xff\"}", "x.json:1:");
	is_refused("[1]", "x.json: $: expected an object, found an array");
}

static void test_wrong_keys(void **state)
{
	(void)state;
	is_refused("{\"entires\":1}", "x.json: $.entires: no such key; did you mean 'entries'?");
	is_refused("{\"qqqqqq\":1}",
		   "x.json: $.qqqqqq: no such key; there are schema, name, summary, origin, "
		   "entries, files_per_dir, dirs_per_dir, depth, fill, profile, fixed_depths, "
		   "long_paths, name_length, dir_name_length, alphabet, extensions, file_size, "
		   "symlinks, hard_links, fifos, sockets, devices, xattrs, modes, owners, mtime, "
		   "holes, specials, seed");
	is_refused("{\"dirs_per_dir\":{\"min\":1,\"mx\":2}}",
		   "x.json: $.dirs_per_dir.mx: no such key; did you mean 'max'?");
	is_refused("{\"dirs_per_dir\":{\"min\":1}}", "x.json: $.dirs_per_dir: has no \"max\"");
}

static void test_wrong_types(void **state)
{
	(void)state;
	is_refused("{\"entries\":\"many\"}",
		   "x.json: $.entries: expected a whole number, found \"many\"");
	is_refused("{\"entries\":1.5}", "x.json: $.entries: expected a whole number, found 1.5");
	is_refused("{\"depth\":null}", "x.json: $.depth: expected a whole number, found null");
	is_refused("{\"seed\":true}", "x.json: $.seed: expected a whole number, found true");
	is_refused("{\"name\":5}", "x.json: $.name: expected a string, found 5");
	is_refused("{\"fill\":{}}", "x.json: $.fill: expected a string, found an object");
	is_refused("{\"files_per_dir\":[1,2]}",
		   "x.json: $.files_per_dir[0]: expected an object, found 1");
	is_refused("{\"files_per_dir\":{\"min\":0,\"max\":\"9\"}}",
		   "x.json: $.files_per_dir.max: expected a whole number, found \"9\"");
}

static void test_wrong_values(void **state)
{
	(void)state;
	is_refused("{\"schema\":\"statmark-shape/2\"}",
		   "x.json: $.schema: expected \"statmark-shape/1\", found \"statmark-shape/2\"");
	is_refused("{\"entries\":-3}", "x.json: $.entries: must be at least 0, is -3");
	is_refused("{\"entries\":4294967296}",
		   "x.json: $.entries: must be at most 4294967295, is 4294967296");
	is_refused("{\"files_per_dir\":{\"min\":-3,\"max\":3}}",
		   "x.json: $.files_per_dir.min: must be at least 0, is -3");
	is_refused("{\"files_per_dir\":{\"min\":4,\"max\":3}}",
		   "x.json: $.files_per_dir: min 4 is above max 3");
	is_refused("{\"name_length\":0}", "x.json: $.name_length: must be at least 1, is 0");
	is_refused("{\"name_length\":{\"min\":1,\"max\":256}}",
		   "x.json: $.name_length.max: must be at most 255, is 256");
	is_refused("{\"depth\":513}", "x.json: $.depth: must be at most 512, is 513");
	is_refused("{\"seed\":9007199254740992}",
		   "x.json: $.seed: must be at most 9007199254740991, is 9007199254740992");
	is_refused("{\"fill\":\"wide\"}",
		   "x.json: $.fill: must be \"even\" or \"deep\", is \"wide\"");
	is_refused("{\"name\":\"../up\"}",
		   "x.json: $.name: must be letters, digits, '_', '.' and '-' (these two not "
		   "first), is \"../up\"");
	is_refused("{\"summary\":\"a\\u001bb\"}",
		   "x.json: $.summary: must be one line without control characters");
}

static void test_contradictions(void **state)
{
	(void)state;
	is_refused("{\"entries\":5000,\"files_per_dir\":10,\"dirs_per_dir\":3,\"depth\":2}",
		   "x.json: $.entries: is 5000, but depth 2 with at most 10 files and 3 "
		   "sub-directories per directory holds 142");
	is_refused("{\"dirs_per_dir\":0,\"depth\":3}",
		   "x.json: $.depth: is 3, but dirs_per_dir allows no sub-directories");
	is_refused("{\"depth\":3,\"dirs_per_dir\":{\"by_depth\":[4,0]}}",
		   "x.json: $.depth: is 3, but dirs_per_dir allows none at depth 1");
	is_refused("{\"depth\":12,\"name_length\":255}",
		   "x.json: $.depth: is 12, but with names of up to 255 bytes, paths have up to "
		   "3327 bytes; for more than 3072, set \"long_paths\": true");
	is_refused("{\"entries\":101,\"files_per_dir\":200,\"name_length\":2}",
		   "x.json: $.name_length: names of 2 bytes are too few for 101 different names");
	is_refused("{\"entries\":1,\"files_per_dir\":0,\"dirs_per_dir\":0}",
		   "x.json: $.entries: is 1, but depth 0 with at most 0 files and 0 "
		   "sub-directories per directory holds 0");
}

/* 10 + 3 * (1 + 10 + 3 * (1 + 10)) = 142, and one more does not fit. */
static void test_capacity(void **state)
{
	const struct shape shape = {.files_per_dir = LEVELS_RANGE(1, 10),
				    .dirs_per_dir = LEVELS_RANGE(0, 3),
				    .depth = 2};
	const struct shape endless = {.files_per_dir = LEVELS_RANGE(0, UINT32_MAX),
				      .dirs_per_dir = LEVELS_RANGE(0, UINT32_MAX),
				      .depth = 512};
	(void)state;
	assert_int_equal(shape_capacity(&shape, 0, UINT64_MAX), 142);
	assert_int_equal(shape_capacity(&shape, 1, UINT64_MAX), 43);
	assert_int_equal(shape_capacity(&shape, 2, UINT64_MAX), 10);
	assert_int_equal(shape_capacity(&shape, 0, 100), 100);
	assert_true(shape_capacity(&endless, 0, UINT64_MAX) == UINT64_MAX);
}

static void test_presets_hold_ten_million(void **state)
{
	size_t n = 0;
	(void)state;
	for (; shape_preset(n); n++) {
		struct shape shape;
		struct err err = {0};
		assert_int_equal(shape_load(&shape, shape_preset(n), &err), 0);
		assert_string_equal(shape.name, shape_preset(n));
		assert_true(strlen(shape.summary) > 0);
		shape.entries = 10000000;
		assert_int_equal(shape_check(&shape, shape.name, &err), 0);
		shape.entries = shape.specials ? 300 : 0;
		assert_int_equal(shape_check(&shape, shape.name, &err), 0);
	}
	assert_int_equal(n, 14);
}

static void test_changed_shapes_are_checked(void **state)
{
	struct shape shape;
	struct err err = {0};
	(void)state;
	assert_int_equal(shape_load(&shape, "flat", &err), 0);
	shape.entries = UINT64_MAX;
	assert_int_equal(shape_check(&shape, "flat", &err), -EINVAL);
	assert_string_equal(err.text,
			    "flat: $.entries: must be at most 4294967295, is 18446744073709551615");
}

static void test_text_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; shape_preset(i); i++) {
		struct shape shape, again;
		struct err err = {0};
		assert_int_equal(shape_load(&shape, shape_preset(i), &err), 0);
		strcpy(shape.summary, "\"quoted\" \\ \xc3\xa4");
		char *text = shape_to_json(&shape);
		assert_non_null(text);
		assert_int_equal(shape_parse(&again, "text", text, strlen(text), &err), 0);
		char *second = shape_to_json(&again);
		assert_string_equal(second, text);
		assert_string_equal(again.summary, shape.summary);
		free(text);
		free(second);
	}
}

static void test_hash_is_of_the_tree(void **state)
{
	struct shape shape;
	struct err err = {0};
	uint64_t first, second;
	(void)state;
	assert_int_equal(shape_load(&shape, "deep", &err), 0);
	assert_int_equal(shape_hash(&shape, &first), 0);
	strcpy(shape.name, "other");
	shape.summary[0] = '\0';
	assert_int_equal(shape_hash(&shape, &second), 0);
	assert_true(first == second);
	shape.seed++;
	assert_int_equal(shape_hash(&shape, &second), 0);
	assert_true(first != second);
}

static void load_fails(const char *word, int error, const char *words)
{
	struct shape shape;
	struct err err = {0};
	assert_int_equal(shape_load(&shape, word, &err), error);
	assert_string_equal(err.text, words);
}

static void test_unknown_shapes(void **state)
{
	(void)state;
	load_fails("sorce-tree", -ENOENT,
		   "no shape is called 'sorce-tree'; did you mean 'source-tree'?");
	load_fails("qqqqqqqq", -ENOENT,
		   "no shape is called 'qqqqqqqq'; a shape file's name has a slash or ends in "
		   ".json");
	load_fails("", -ENOENT,
		   "no shape is called ''; a shape file's name has a slash or ends in .json");
	load_fails("./nowhere/x", -ENOENT, "cannot read ./nowhere/x: No such file or directory");
	load_fails("absent.json", -ENOENT, "cannot read absent.json: No such file or directory");
	load_fails("/", -EISDIR, "cannot read /: Is a directory");
}

static void test_huge_files_are_refused(void **state)
{
	char path[] = "/tmp/statmark-XXXXXX", words[128];
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, INT64_C(200) << 20), 0);
	snprintf(words, sizeof(words),
		 "%s: 209715200 bytes, larger than 1 MiB, the limit of a shape", path);
	load_fails(path, -EFBIG, words);
	close(fd);
	unlink(path);
	load_fails("/dev/zero", -EFBIG, "/dev/zero: larger than 1 MiB, the limit of a shape");
}

static void test_files_name_their_shape(void **state)
{
	static const char text[] = "{\"entries\": 3}";
	struct shape shape;
	struct err err = {0};
	(void)state;
	assert_int_equal(shape_parse(&shape, "dir.d/my shape.json", text, strlen(text), &err), 0);
	assert_string_equal(shape.name, "my-shape");
	assert_int_equal(shape_parse(&shape, "/proc/self/fd/.x", text, strlen(text), &err), 0);
	assert_string_equal(shape.name, "unnamed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_make_a_source_tree),
		cmocka_unit_test(test_every_key_is_read),
		cmocka_unit_test(test_depth_follows_when_no_directory_is_allowed),
		cmocka_unit_test(test_wrong_documents),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_capacity),
		cmocka_unit_test(test_presets_hold_ten_million),
		cmocka_unit_test(test_changed_shapes_are_checked),
		cmocka_unit_test(test_text_comes_back),
		cmocka_unit_test(test_hash_is_of_the_tree),
		cmocka_unit_test(test_unknown_shapes),
		cmocka_unit_test(test_huge_files_are_refused),
		cmocka_unit_test(test_files_name_their_shape),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
