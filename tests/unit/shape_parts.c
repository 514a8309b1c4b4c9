/* The keys that say what else than plain files there is: read, written back, and refused by place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "datasets/shape/special.h"
#include "tests/test.h"

static int parse(struct shape *shape, const char *text, struct err *err)
{
	*err = (struct err){0};
	return shape_parse(shape, "x.json", text, strlen(text), err);
}

static struct shape shape_of(const char *text)
{
	struct shape shape;
	struct err err;
	if (parse(&shape, text, &err))
		fail_msg("%s", err.text);
	return shape;
}

static void is_refused(const char *text, const char *words)
{
	struct shape shape;
	struct err err;
	assert_int_equal(parse(&shape, text, &err), -EINVAL);
	assert_string_equal(err.text, words);
}

/* What was read is written, and what was left out is not. */
static void comes_back(const char *key, const char *value)
{
	char document[512], wanted[512];
	snprintf(document, sizeof(document), "{\"%s\": %s}", key, value);
	snprintf(wanted, sizeof(wanted), "  \"%s\": %s,\n", key, value);
	const struct shape shape = shape_of(document), plain = shape_of("{}");
	char *text = shape_to_json(&shape), *without = shape_to_json(&plain);
	if (!strstr(text, wanted))
		fail_msg("'%s' lacks '%s'", text, wanted);
	assert_null(strstr(without, key));
	uint64_t hash, other;
	assert_int_equal(shape_hash(&shape, &hash), 0);
	assert_int_equal(shape_hash(&plain, &other), 0);
	assert_true(hash != other); /* another tree */
	free(text);
	free(without);
}

/* What crossover changes of a shape: the tree exists, is another one, and comes back from JSON. */
static void depth_and_length_of_names_can_be_set(void **state)
{
	static const char *const texts[] = {"{}", "{\"dirs_per_dir\": 0, \"files_per_dir\": 20000}",
					    "{\"profile\": [[0, 2], [9, 0]]}"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct shape shape = shape_of(texts[i]);
		struct err err = {0};
		shape_set_depth(&shape, 40);
		shape_set_name_length(&shape, 20);
		assert_int_equal(shape_check(&shape, "set", &err), 0);
		assert_int_equal(shape_path_max(&shape), 40 * 21 + 20);
		struct profile_level level;
		profile_level(&level, &shape.profile, shape.entries, 39);
		assert_int_equal(level.dirs, 1);
		assert_int_equal(level.files, 0);
		profile_level(&level, &shape.profile, shape.entries, 40);
		assert_int_equal(level.files, shape.entries - 40);
		char *text = shape_to_json(&shape);
		const struct shape back = shape_of(text);
		uint64_t hash, other;
		assert_int_equal(shape_hash(&shape, &hash), 0);
		assert_int_equal(shape_hash(&back, &other), 0);
		assert_true(hash == other);
		free(text);
	}
}

static void test_every_part_comes_back(void **state)
{
	(void)state;
	comes_back("long_paths", "true");
	comes_back("dir_name_length", "{\"min\": 4, \"max\": 9}");
	comes_back("alphabet", "\"utf8\"");
	comes_back("alphabet", "{\"characters\": \"a\\\"\\\\\xc3\xa4\"}");
	comes_back("extensions",
		   "[{\"value\": \".c\", \"weight\": 4}, {\"value\": \"\", \"weight\": 1}]");
	comes_back("file_size", "{\"histogram\": [[0, 4095, 3], [4096, 1099511627776, 1]]}");
	comes_back("symlinks", "{\"per_mille\": 9, \"kinds\": {\"file\": 4, \"chain\": 1}}");
	comes_back("hard_links", "{\"per_mille\": 900, \"of\": \"parent\"}");
	comes_back("hard_links", "{\"per_mille\": 9, \"of\": \"directory\", \"group\": 64}");
	comes_back("fifos", "5");
	comes_back("sockets", "5");
	comes_back("devices", "1000");
	comes_back("xattrs",
		   "{\"per_mille\": 5, \"count\": 2, \"size\": {\"min\": 1, \"max\": 9}}");
	comes_back("modes", "\"0640\"");
	comes_back("modes", "[{\"value\": \"0000\", \"weight\": 1}, {\"value\": \"7777\", "
			    "\"weight\": 2}]");
	comes_back("owners", "\"0:4294967294\"");
	comes_back("mtime", "{\"min\": 0, \"max\": 4294967295}");
	comes_back("holes", "500");
	comes_back("specials", "[\"long-names\", \"huge-dir\"]");
}

static void test_neutral_without_them(void **state)
{
	const struct shape shape = shape_of("{}");
	(void)state;
	assert_false(shape.long_paths);
	assert_int_equal(shape.file_size.n, 0);
	assert_int_equal(shape.symlinks.per_mille, 0);
	assert_int_equal(shape.hard_links.per_mille, 0);
	assert_int_equal(shape.modes.n + shape.owners.n + shape.mtime.n, 0);
	assert_int_equal(shape.fifos + shape.sockets + shape.devices + shape.holes, 0);
	assert_int_equal(shape.specials, 0);
}

static void test_wrong_parts(void **state)
{
	(void)state;
	is_refused("{\"alphabet\":\"upper\"}",
		   "x.json: $.alphabet: must be \"lower\", \"mixed\", \"hex\", \"utf8\" or "
		   "\"any-bytes\", is \"upper\"");
	is_refused("{\"alphabet\":{\"characters\":\"\"}}",
		   "x.json: $.alphabet.characters: must not be empty");
	is_refused("{\"alphabet\":{\"characters\":\"a7\"}}",
		   "x.json: $.alphabet.characters: must contain neither '/' nor digits, as "
		   "digits number the names");
	is_refused(
		"{\"extensions\":[{\"value\":\"c\",\"weight\":1}]}",
		"x.json: $.extensions: 'c' must begin with neither letter nor digit, and have no "
		"'/'");
	is_refused("{\"symlinks\":{\"per_mille\":1001}}",
		   "x.json: $.symlinks.per_mille: must be at most 1000, is 1001");
	is_refused("{\"symlinks\":{\"per_mille\":5,\"kinds\":{\"filee\":1}}}",
		   "x.json: $.symlinks.kinds.filee: no such key; did you mean 'file'?");
	is_refused("{\"symlinks\":{\"per_mille\":5,\"kinds\":{}}}",
		   "x.json: $.symlinks.kinds: must have at least one kind");
	is_refused("{\"hard_links\":{\"per_mille\":5,\"of\":\"parent\",\"group\":4}}",
		   "x.json: $.hard_links.group: is only for links of a file in the same directory");
	is_refused("{\"hard_links\":{\"per_mille\":5,\"group\":65}}",
		   "x.json: $.hard_links.group: must be at most 64, is 65");
	is_refused("{\"modes\":\"0888\"}",
		   "x.json: $.modes: must be octal permissions such as \"0644\", is \"0888\"");
	is_refused("{\"modes\":{\"min\":\"0\",\"max\":\"7\"}}",
		   "x.json: $.modes: must be a string or a list of {\"value\", \"weight\"}");
	is_refused("{\"owners\":\"0\"}",
		   "x.json: $.owners: must be \"UID:GID\" in numbers, is \"0\"");
	is_refused("{\"owners\":\"4294967295:0\"}",
		   "x.json: $.owners: must be \"UID:GID\" in numbers, is \"4294967295:0\"");
	is_refused("{\"file_size\":1099511627777}",
		   "x.json: $.file_size: must be at most 1099511627776, is 1099511627777");
	is_refused("{\"specials\":[\"ghosts\"]}",
		   "x.json: $.specials[0]: must be \"long-names\", \"any-bytes\", \"options\", "
		   "\"quotes\", \"loops\", \"dangling\", \"hard-links\", \"nodes\", "
		   "\"beyond-path-max\", \"unreadable\", \"empty-dirs\" or \"huge-dir\", is "
		   "\"ghosts\"");
	is_refused("{\"specials\":[\"qoutes\"]}",
		   "x.json: $.specials[0]: is \"qoutes\"; did you mean 'quotes'?");
	is_refused("{\"specials\":[\"loops\",\"loops\"]}",
		   "x.json: $.specials[1]: \"loops\" is given twice");
	is_refused("{\"long_paths\":1}", "x.json: $.long_paths: expected true or false, found 1");
}

static void test_contradictions(void **state)
{
	(void)state;
	is_refused(
		"{\"symlinks\":{\"per_mille\":600},\"fifos\":300,\"sockets\":101}",
		"x.json: $: symlinks, fifos, sockets and devices are 1001 per mille of the names "
		"together; the limit is 1000");
	is_refused("{\"entries\":9,\"dirs_per_dir\":0,\"hard_links\":{\"per_mille\":5,"
		   "\"of\":\"parent\"}}",
		   "x.json: $.hard_links: of files in the parent directory need a depth of at "
		   "least 1, but depth is 0");
	is_refused("{\"xattrs\":{\"per_mille\":5,\"count\":4,\"size\":1000}}",
		   "x.json: $.xattrs: 4 values of 1000 bytes are more than every filesystem keeps; "
		   "at most 3104 bytes with 32 for each name");
	is_refused("{\"entries\":20,\"specials\":[\"long-names\",\"quotes\"]}",
		   "x.json: $.entries: is 20, but its specials need 31");
	is_refused("{\"entries\":1000,\"files_per_dir\":1000,\"name_length\":5,"
		   "\"dir_name_length\":9,\"extensions\":[{\"value\":\".c\",\"weight\":1},"
		   "{\"value\":\".html\",\"weight\":1}]}",
		   "x.json: $.name_length: names of 5 bytes with their extensions are too few for "
		   "1000 different names");
	is_refused("{\"entries\":1000,\"alphabet\":\"hex\",\"dirs_per_dir\":{\"by_depth\":[257,0]},"
		   "\"dir_name_length\":2,\"files_per_dir\":{\"by_depth\":[0,99]}}",
		   "x.json: $.dir_name_length: names of 2 bytes are too few for 257 different "
		   "names");
	is_refused("{\"entries\":99,\"files_per_dir\":{\"by_depth\":[2,3]},\"dirs_per_dir\":"
		   "{\"by_depth\":[4,0]}}",
		   "x.json: $.entries: is 99, but depth 1 with the most files and sub-directories "
		   "holds 18");
	shape_of("{\"depth\":300,\"dirs_per_dir\":1,\"files_per_dir\":99,\"name_length\":200,"
		 "\"long_paths\":true}");
}

static void test_depth_follows_the_levels(void **state)
{
	const struct shape shape = shape_of(
		"{\"entries\":30,\"dirs_per_dir\":{\"by_depth\":[4,2,0]},\"files_per_dir\":9}");
	(void)state;
	assert_int_equal(shape.depth, 2);
}

static void test_specials_have_names_of_their_own(void **state)
{
	const struct shape all = {.entries = 1000, .specials = (1u << SPECIAL_KINDS) - 1};
	(void)state;
	assert_int_equal(special_count(&all), SPECIAL_KINDS);
	for (unsigned i = 0; i < SPECIAL_KINDS; i++) {
		const char *name = specials[i].name;
		assert_int_equal(special_at(&all, i), i);
		assert_non_null(name);
		assert_null(strpbrk(name, "0123456789"));
		assert_non_null(strpbrk(name, "ghijklmnopqrstuvwxyz"));
	}
	assert_in_range(special_total(&all), 800, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_and_length_of_names_can_be_set),
		cmocka_unit_test(test_every_part_comes_back),
		cmocka_unit_test(test_neutral_without_them),
		cmocka_unit_test(test_wrong_parts),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_depth_follows_the_levels),
		cmocka_unit_test(test_specials_have_names_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
