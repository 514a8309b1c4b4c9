/* tree_verify: every difference between a tree and its shape is found and named. */
#include "datasets/tree/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 300 };

struct found {
	uint64_t n[TREE_FAULTS];
	char last[TREE_FAULTS][PATH_MAX];
};

static void note(void *arg, enum tree_fault fault, const char *path, const char *now)
{
	(void)now;
	struct found *found = arg;
	found->n[fault]++;
	snprintf(found->last[fault], PATH_MAX, "%s", path);
}

static struct tree_verdict verify(struct found *found)
{
	struct tree_verdict verdict;
	struct err err = {0};
	*found = (struct found){0};
	if (tree_verify("t", note, found, NULL, &verdict, &err))
		fail_msg("%s", err.text);
	return verdict;
}

static void test_verify_names_what_is_missing(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_verdict verdict;
	struct found found;
	char path[PATH_MAX];
	(void)state;
	create_works("t", &shape);
	strcpy(path, entry_of_t(3, false));
	unlink(path);
	verdict = verify(&found);
	assert_false(tree_verified(&verdict));
	assert_int_equal(verdict.faults[TREE_MISSING], 1);
	assert_string_equal(found.last[TREE_MISSING], path + strlen("t/tree/"));
	assert_int_equal(verdict.counts.entries, ENTRIES - 1);
	assert_false(digest_same(&verdict.found, &verdict.wanted));
	put_file(path, "");
	assert_true(is_verified("t"));
	/* a whole directory: named once, counted with what was below */
	strcpy(path, entry_of_t(0, true));
	assert_int_equal(rename(path, "away"), 0);
	verdict = verify(&found);
	assert_int_equal(found.n[TREE_MISSING], 1);
	assert_true(verdict.faults[TREE_MISSING] > 1);
	assert_int_equal(verdict.faults[TREE_MISSING] + verdict.counts.entries, ENTRIES);
}

static void test_verify_names_what_is_unexpected(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_verdict verdict;
	struct found found;
	(void)state;
	create_works("t", &shape);
	mkdir("t/tree/more", 0755);
	put_file("t/tree/more/file", "");
	verdict = verify(&found);
	assert_false(tree_verified(&verdict));
	assert_int_equal(verdict.faults[TREE_UNEXPECTED], 2);
	assert_string_equal(found.last[TREE_UNEXPECTED], "more/file");
	assert_int_equal(verdict.faults[TREE_MISSING], 0);
	assert_int_equal(verdict.counts.entries, ENTRIES + 2);
}

static void test_verify_names_what_changed_its_type(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_verdict verdict;
	struct found found;
	char path[PATH_MAX];
	(void)state;
	create_works("t", &shape);
	strcpy(path, entry_of_t(0, false));
	unlink(path);
	mkdir(path, 0755);
	verdict = verify(&found);
	assert_int_equal(verdict.faults[TREE_RETYPED], 1);
	assert_int_equal(verdict.faults[TREE_MISSING], 0);
	assert_string_equal(found.last[TREE_RETYPED], path + strlen("t/tree/"));
	rmdir(path);
	put_file(path, "");
	strcpy(path, entry_of_t(0, true));
	assert_int_equal(rename(path, "away"), 0);
	symlink("../../away", path);
	verdict = verify(&found);
	assert_false(tree_verified(&verdict));
	assert_int_equal(verdict.faults[TREE_RETYPED], 1);
	assert_int_equal(found.n[TREE_MISSING], 0); /* counted, but the link tells enough */
	assert_int_equal(verdict.faults[TREE_MISSING] + verdict.counts.entries, ENTRIES);
}

static void test_verify_sees_an_edited_sentinel(void **state)
{
	static const char path[] = "t/statmark-tree.json";
	const struct shape shape = shape_of("flat", 3);
	struct tree_verdict verdict;
	(void)state;
	create_works("t", &shape);
	char *text = get_file(path), *seed = strstr(text, "\"seed\": 1");
	assert_non_null(seed);
	seed[8] = '2';
	put_file(path, text);
	verdict = verdict_on("t");
	assert_false(tree_verified(&verdict));
	assert_int_equal(verdict.faults[TREE_MISSING], 3);
	assert_int_equal(verdict.faults[TREE_UNEXPECTED], 3);
	seed[8] = '1';
	char *digest = strstr(text, "\"digest\": \"3-");
	assert_non_null(digest);
	digest[13] = digest[13] == '0' ? '1' : '0';
	put_file(path, text);
	verdict = verdict_on("t");
	assert_false(tree_verified(&verdict));
	assert_true(digest_same(&verdict.found, &verdict.wanted));
	free(text);
}

static void test_verify_without_a_tree(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	struct found found;
	(void)state;
	create_works("t", &shape);
	assert_int_equal(rename("t/tree", "away"), 0);
	const struct tree_verdict verdict = verify(&found);
	assert_false(tree_verified(&verdict));
	assert_int_equal(verdict.faults[TREE_MISSING], 4); /* it and all below */
	assert_string_equal(found.last[TREE_MISSING], ".");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_verify_names_what_is_missing),
		SCRATCH_TEST(test_verify_names_what_is_unexpected),
		SCRATCH_TEST(test_verify_names_what_changed_its_type),
		SCRATCH_TEST(test_verify_sees_an_edited_sentinel),
		SCRATCH_TEST(test_verify_without_a_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
