/* tree_verify: every difference between a tree and its shape is found and named. */
#include "datasets/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 300 };

struct walk_check {
	uint64_t n[TREE_FAULTS];
	char last[TREE_FAULTS][PATH_MAX];
	char now[NAME_MAX + 1];
};

static void note(void *arg, enum tree_fault fault, const char *path, const char *now)
{
	struct walk_check *found = arg;
	found->n[fault]++;
	if (now)
		snprintf(found->now, sizeof(found->now), "%s", now);
	snprintf(found->last[fault], PATH_MAX, "%s", path);
}

static struct tree_verdict verify(struct walk_check *found)
{
	struct tree_verdict verdict;
	struct err err = {0};
	*found = (struct walk_check){0};
	if (tree_verify("t", note, found, NULL, &verdict, &err))
		fail_msg("%s", err.text);
	return verdict;
}

static void test_verify_names_what_is_missing(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_verdict verdict;
	struct walk_check found;
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
	struct walk_check found;
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

/*
 * A directory of others that is deeper than a path here can be: it is not entered to its end, and
 * what follows is seen as if it was not there.
 */
static void test_verify_comes_back_from_any_depth(void **state)
{
	enum { LEVELS = SHAPE_DEPTH_MAX + 40 };
	const struct shape shape = shape_of("flat", 3);
	char name[NAME_MAX + 1];
	struct tree_verdict verdict;
	struct walk_check found;
	(void)state;
	create_works("t", &shape);
	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	int at = open("t/tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < LEVELS; i++) {
		assert_int_equal(mkdirat(at, name, 0755) | mkdirat(at, "more", 0755), 0);
		int below = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(at);
		at = below;
	}
	close(at);
	verdict = verify(&found);
	assert_int_equal(found.n[TREE_MISSING], 0);
	assert_in_range(found.n[TREE_UNEXPECTED], (uintmax_t)2 * SHAPE_DEPTH_MAX, 2 * LEVELS - 1);
	assert_int_equal(verdict.counts.entries, found.n[TREE_UNEXPECTED] + 3);
	assert_in_range(found.n[TREE_UNREADABLE], 1, 2);
	struct tree_counts gone;
	struct err err = {0};
	assert_int_equal(tree_remove("t", 1, NULL, &gone, &err), -ENAMETOOLONG);
}

static void test_verify_names_what_changed_its_type(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_verdict verdict;
	struct walk_check found;
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

/* One fault of that kind, at that path of t/tree, and nothing else. */
static void only_fault(enum tree_fault fault, const char *path)
{
	struct walk_check found;
	const struct tree_verdict verdict = verify(&found);
	assert_false(tree_verified(&verdict));
	for (size_t i = 0; i < TREE_FAULTS; i++)
		assert_int_equal(verdict.faults[i], i == fault);
	assert_string_equal(found.last[fault], path);
}

/* Whether a file that is made now is younger than the tree t; -1: no file has a time of birth. */
static int born_later(void)
{
	struct statx probe;
	struct stat st;
	unlink("probe");
	put_file("probe", "");
	assert_int_equal(lstat("t/statmark-tree.json", &st), 0);
	assert_int_equal(statx(AT_FDCWD, "probe", 0, STATX_BTIME, &probe), 0);
	if (!(probe.stx_mask & STATX_BTIME))
		return -1;
	if (probe.stx_btime.tv_sec != st.st_mtim.tv_sec)
		return probe.stx_btime.tv_sec > st.st_mtim.tv_sec;
	return probe.stx_btime.tv_nsec > st.st_mtim.tv_nsec;
}

static void test_verify_names_what_was_renamed(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct walk_check found;
	char path[PATH_MAX];
	(void)state;
	create_works("t", &shape);
	if (born_later() < 0)
		skip_because("this filesystem tells no time of birth");
	memcpy(path, entry_of_t(2, false), sizeof(path));
	assert_int_equal(rename(path, "t/tree/other"), 0);
	only_fault(TREE_RENAMED, path + strlen("t/tree/"));
	verify(&found);
	assert_string_equal(found.now, "other");
	assert_int_equal(rename("t/tree/other", path), 0);
	/* a directory: what is below is still compared */
	memcpy(path, entry_of_t(0, true), sizeof(path));
	assert_int_equal(rename(path, "t/tree/other"), 0);
	only_fault(TREE_RENAMED, path + strlen("t/tree/"));
	assert_int_equal(rename("t/tree/other", path), 0);
	assert_true(is_verified("t"));
	/* what came later is no other name of what is gone */
	memcpy(path, entry_of_t(2, false), sizeof(path));
	unlink(path);
	while (!born_later()) /* the clock that files are born by is a coarse one */
		usleep(1000);
	put_file("t/tree/other", "");
	const struct tree_verdict verdict = verify(&found);
	assert_int_equal(verdict.faults[TREE_RENAMED], 0);
	assert_int_equal(verdict.faults[TREE_MISSING], 1);
	assert_int_equal(verdict.faults[TREE_UNEXPECTED], 1);
}

/* A tree in which the first file of each kind is known: one directory, all kinds. */
static const char all_kinds[] =
	"{\"name\":\"kinds\",\"entries\":60,\"files_per_dir\":60,\"dirs_per_dir\":0,"
	"\"file_size\":7,\"modes\":\"0640\",\"mtime\":1000000000,"
	"\"symlinks\":{\"per_mille\":200},\"hard_links\":{\"per_mille\":500,\"group\":4},"
	"\"fifos\":50,\"sockets\":50}";

/* The name of the first entry with that type; is_link: a further name of a file, or none. */
static void first_of(const struct shape *shape, mode_t type, bool is_link, char *name)
{
	struct gen_dir root;
	struct gen_entry entry;
	gen_root(&root, shape);
	for (uint64_t i = 0; i < root.files; i++) {
		gen_entry(&root, i, &entry);
		if ((entry.mode & S_IFMT) == type && entry.is_hard_link == is_link) {
			gen_name(&root, i, name);
			return;
		}
	}
	fail_msg("no such entry");
}

static void test_verify_looks_at_more_than_names(void **state)
{
	struct shape shape;
	struct err err = {0};
	char name[GEN_NAME_SIZE], other[GEN_NAME_SIZE], mode[GEN_NAME_SIZE];
	(void)state;
	assert_int_equal(shape_parse(&shape, "kinds", all_kinds, strlen(all_kinds), &err), 0);
	create_works("t", &shape);
	assert_true(is_verified("t"));
	assert_int_equal(chdir("t/tree"), 0);
	first_of(&shape, S_IFREG, false, mode);
	assert_int_equal(chmod(mode, 0600), 0);
	assert_int_equal(chdir("../.."), 0);
	only_fault(TREE_CHANGED, mode);
	assert_int_equal(chdir("t/tree"), 0);
	assert_int_equal(chmod(mode, 0640), 0);
	assert_int_equal(utimensat(AT_FDCWD, mode, NULL, 0), 0);
	assert_int_equal(chdir("../.."), 0);
	only_fault(TREE_CHANGED, mode);
	assert_int_equal(chdir("t/tree"), 0);
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	assert_int_equal(truncate(mode, 8), 0);
	assert_int_equal(utimensat(AT_FDCWD, mode, times, 0), 0);
	assert_int_equal(chdir("../.."), 0);
	only_fault(TREE_RESIZED, mode);
	assert_int_equal(chdir("t/tree"), 0);
	assert_int_equal(truncate(mode, 7), 0);
	assert_int_equal(utimensat(AT_FDCWD, mode, times, 0), 0);
	first_of(&shape, S_IFLNK, false, name);
	unlink(name);
	assert_int_equal(symlink("elsewhere", name), 0);
	assert_int_equal(chdir("../.."), 0);
	only_fault(TREE_RETARGETED, name);
	remove_works("t");
	create_works("t", &shape);
	assert_int_equal(chdir("t/tree"), 0);
	first_of(&shape, S_IFREG, true, other);
	unlink(other);
	put_file(other, "1234567");
	assert_int_equal(chdir("../.."), 0);
	only_fault(TREE_UNLINKED, other);
}

static void test_verify_compares_attributes(void **state)
{
	static const char text[] = "{\"name\":\"x\",\"entries\":9,\"files_per_dir\":9,"
				   "\"dirs_per_dir\":0,\"xattrs\":{\"per_mille\":1000,"
				   "\"count\":2,\"size\":5}}";
	struct shape shape;
	struct err err = {0};
	struct tree_counts made;
	char name[GEN_NAME_SIZE], path[PATH_MAX];
	(void)state;
	assert_int_equal(shape_parse(&shape, "x", text, strlen(text), &err), 0);
	if (tree_create("t", &shape, 1, NULL, &made, &err) == -ENOTSUP)
		skip_because("no extended attributes here");
	assert_true(is_verified("t"));
	first_of(&shape, S_IFREG, false, name);
	snprintf(path, sizeof(path), "t/tree/%s", name);
	assert_int_equal(removexattr(path, "user.statmark.1"), 0);
	only_fault(TREE_CHANGED, name);
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
	struct walk_check found;
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
		SCRATCH_TEST(test_verify_comes_back_from_any_depth),
		SCRATCH_TEST(test_verify_names_what_changed_its_type),
		SCRATCH_TEST(test_verify_names_what_was_renamed),
		SCRATCH_TEST(test_verify_looks_at_more_than_names),
		SCRATCH_TEST(test_verify_compares_attributes),
		SCRATCH_TEST(test_verify_sees_an_edited_sentinel),
		SCRATCH_TEST(test_verify_without_a_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
