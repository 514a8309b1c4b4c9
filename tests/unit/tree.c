/* Made trees: what is made is what the shape says, from interruption to full disk. */
#include "datasets/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 300 };

static void test_made_verified_removed(void **state)
{
	(void)state;
	for (size_t i = 0; shape_preset(i); i++) {
		const struct shape shape = shape_of(shape_preset(i), ENTRIES);
		assert_int_equal(create_works("t", &shape), ENTRIES);
		const struct tree_verdict verdict = verdict_on("t");
		assert_true(tree_verified(&verdict));
		assert_int_equal(verdict.counts.entries, ENTRIES);
		assert_int_equal(info_of("t").state, TREE_COMPLETE);
		assert_string_equal(info_of("t").root, "t/tree");
		assert_int_equal(create_works("t", &shape), 0);
		assert_int_equal(remove_works("t"), ENTRIES);
	}
}

static void test_small_trees(void **state)
{
	(void)state;
	for (uint64_t entries = 0; entries < 4; entries++) {
		const struct shape shape = shape_of("source-tree", entries);
		assert_int_equal(create_works("t", &shape), entries);
		assert_true(is_verified("t"));
		assert_int_equal(remove_works("t"), entries);
	}
}

static void test_modes(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	(void)state;
	create_works("t", &shape);
	assert_int_equal(mode_of("t"), S_IFDIR | 0755);
	assert_int_equal(mode_of("t/tree"), S_IFDIR | 0755);
	assert_int_equal(mode_of("t/statmark-tree.json"), S_IFREG | 0644);
	assert_int_equal(mode_of(entry_of_t(0, false)), S_IFREG | 0644);
	assert_int_equal(mode_of(entry_of_t(0, true)), S_IFDIR | 0755);
}

static void test_digest_of_the_loaded_tree(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct workload *load = NULL;
	struct digest digest;
	struct err err = {0};
	(void)state;
	create_works("t", &shape);
	const struct tree_info info = info_of("t");
	assert_int_equal(workload_load(&load, info.root, NULL, NULL, &err), 0);
	assert_int_equal(tree_digest(load, &digest), 0);
	assert_int_equal(digest.count, ENTRIES);
	assert_true(digest_same(&digest, &info.digest));
	workload_free(load);
}

static void test_empty_directories_become_trees(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	(void)state;
	mkdir("t", 0755);
	assert_int_equal(create_works("t/", &shape), 3);
	remove_works("t///");
	mkdir("t", 0755);
	put_file("t/statmark-tree.json.tmp", "{\"sche"); /* killed before its first rename */
	assert_int_equal(create_works("t", &shape), 3);
	assert_false(exists("t/statmark-tree.json.tmp"));
	remove_works("t");
}

static void test_another_shape_is_refused(void **state)
{
	struct shape shape = shape_of("flat", 3);
	(void)state;
	create_works("t", &shape);
	strcpy(shape.name, "renamed");
	assert_int_equal(create_works("t", &shape), 0);
	shape.seed = 9;
	create_fails("t", &shape, -EEXIST,
		     "t: holds another tree, 'flat' with 3 entries and seed 1; remove it or name "
		     "another directory");
	assert_true(is_verified("t"));
	shape.depth = 4;
	create_fails("t", &shape, -EINVAL,
		     "renamed: $.depth: is 4, but dirs_per_dir allows no sub-directories");
}

static void test_creation_goes_on_where_it_stopped(void **state)
{
	static const uint64_t stops[] = {1, 17, 150, ENTRIES - 1};
	const struct shape shape = shape_of("source-tree", ENTRIES);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
		struct stopper stopper = {.after = stops[i]};
		const struct progress progress = {
			.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
		struct tree_counts made;
		struct err err = {0};
		assert_int_equal(tree_create("t", &shape, 1, &progress, &made, &err), -EINTR);
		assert_int_equal(made.entries, stops[i]);
		assert_non_null(strstr(err.text, "interrupted after"));
		assert_int_equal(info_of("t").state, TREE_CREATING);
		assert_false(is_verified("t"));
		assert_int_equal(create_works("t", &shape), ENTRIES - stops[i]);
		assert_true(is_verified("t"));
		remove_works("t");
	}
}

static void test_begun_trees_can_be_removed(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct stopper stopper = {.after = 40};
	const struct progress progress = {
		.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts made;
	(void)state;
	assert_int_equal(tree_create("t", &shape, 1, &progress, &made, NULL), -EINTR);
	assert_int_equal(remove_works("t"), 40);
}

static void test_resuming_refuses_foreign_files(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct stopper stopper = {.after = ENTRIES / 2};
	const struct progress progress = {
		.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts made;
	struct err err = {0};
	char path[PATH_MAX];
	(void)state;
	assert_int_equal(tree_create("t", &shape, 1, &progress, &made, NULL), -EINTR);
	strcpy(path, entry_of_t(0, false));
	unlink(path);
	mkdir("mine", 0755);
	char target[PATH_MAX + 8];
	snprintf(target, sizeof(target), "../../mine");
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(tree_create("t", &shape, 1, NULL, &made, &err), -EEXIST);
	assert_memory_equal(err.text, path, strlen(path));
}

static void test_removal_goes_on_where_it_stopped(void **state)
{
	static const uint64_t stops[] = {1, 17, 150, ENTRIES - 1};
	const struct shape shape = shape_of("source-tree", ENTRIES);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
		struct stopper stopper = {.after = stops[i]};
		const struct progress progress = {
			.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
		struct tree_counts gone;
		create_works("t", &shape);
		assert_int_equal(tree_remove("t", 1, &progress, &gone, NULL), -EINTR);
		/* Directories that were empty by then are still removed. */
		assert_in_range(gone.entries, stops[i], stops[i] + 10);
		assert_int_equal(info_of("t").state, TREE_REMOVING);
		create_fails("t", &shape, -EEXIST,
			     "t: is partly removed; 'statmark tree remove' continues, "
			     "with --force it also removes files that statmark did not "
			     "make");
		assert_int_equal(remove_works("t"), ENTRIES - gone.entries);
	}
}

static void test_removal_after_the_tree_is_gone(void **state)
{
	const struct shape shape = shape_of("flat", 0);
	(void)state;
	create_works("t", &shape);
	assert_int_equal(rmdir("t/tree"), 0);
	assert_int_equal(remove_works("t"), 0);
}

static void test_two_at_once(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	const struct shape other = shape_of("flat", 4);
	(void)state;
	create_works("t", &shape);
	int fd = open("t", O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(create_works("t", &shape), 0); /* complete: nobody is in the way */
	create_fails("t", &other, -EBUSY,
		     "t: another statmark is working on it; wait until it ends");
	remove_fails("t", -EBUSY, "t: another statmark is working on it; wait until it ends");
	close(fd);
	remove_works("t");
}

static void test_ensure_makes_and_finds_again(void **state)
{
	struct shape shape = shape_of("flat", 3);
	struct tree_info first, second;
	struct err err = {0};
	(void)state;
	assert_int_equal(tree_ensure("base", &shape, 1, NULL, &first, &err), 0);
	assert_memory_equal(first.root, "base/flat-3-s1-", strlen("base/flat-3-s1-"));
	assert_int_equal(mode_of(first.root), S_IFDIR | 0755);
	assert_int_equal(tree_ensure("base", &shape, 1, NULL, &second, &err), 0);
	assert_string_equal(first.root, second.root);
	shape.seed = 2;
	assert_int_equal(tree_ensure("base", &shape, 1, NULL, &second, &err), 0);
	assert_string_not_equal(first.root, second.root);
	assert_int_equal(tree_ensure("no/base", &shape, 1, NULL, &second, &err), -ENOENT);
	assert_string_equal(err.text, "cannot make no/base: No such file or directory");
}

static void test_too_many_entries_are_refused_first(void **state)
{
	const struct shape shape = shape_of("flat", 5000);
	struct tree_counts made;
	struct err err = {0};
	(void)state;
	mount_small("nr_inodes=100");
	assert_int_equal(tree_create("small/t", &shape, 1, NULL, &made, &err), -ENOSPC);
	assert_string_equal(err.text, "flat: $.entries: 5,000 entries need 5,003 inodes; the "
				      "filesystem of small/t has 99 free");
	assert_false(exists("small/t"));
	mkdir("small/t", 0755);
	assert_int_equal(tree_create("small/t", &shape, 1, NULL, &made, NULL), -ENOSPC);
	assert_int_equal(rmdir("small/t"), 0);
	assert_int_equal(umount("small"), 0);
}

/* Takes all inodes that are left when creation has come to `after`. */
struct filler {
	uint64_t after;
	int made;
};

static void fill_up(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct filler *filler = arg;
	char path[64];
	int fd = 0;
	(void)what;
	(void)total;
	while (done == filler->after && fd >= 0) {
		snprintf(path, sizeof(path), "small/filler%d", filler->made);
		fd = open(path, O_WRONLY | O_CREAT, 0644);
		if (fd >= 0) {
			close(fd);
			filler->made++;
		}
	}
}

static void test_a_disk_that_fills_up_half_way(void **state)
{
	const struct shape shape = shape_of("flat", 50);
	struct filler filler = {.after = 25};
	const struct progress progress = {.report = fill_up, .arg = &filler};
	struct tree_counts made;
	struct err err = {0};
	(void)state;
	mount_small("nr_inodes=100");
	assert_int_equal(tree_create("small/t", &shape, 1, &progress, &made, &err), -ENOSPC);
	assert_int_equal(made.entries, 25);
	assert_non_null(strstr(err.text, ": No space left on device after 25 of 50 entries"));
	assert_int_equal(info_of("small/t").state, TREE_CREATING);
	assert_true(filler.made > 2);
	unlink("small/filler0");
	unlink("small/filler1");
	assert_int_equal(tree_create("small/t", &shape, 1, NULL, &made, NULL), -ENOSPC);
	assert_int_equal(made.entries, 2);
	assert_int_equal(remove_works("small/t"), 27);
	assert_int_equal(umount("small"), 0);
}

/* Where no second sentinel finds room, the state is still written. */
static void test_a_full_disk_keeps_its_sentinel(void **state)
{
	const struct shape shape = shape_of("flat", 50);
	struct filler filler = {.after = 50};
	struct stopper stopper = {.after = 0, .stop = 1};
	const struct progress filling = {.report = fill_up, .arg = &filler};
	const struct progress stopping = {
		.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts counts;
	struct err err = {0};
	(void)state;
	mount_small("nr_inodes=100");
	assert_int_equal(tree_create("small/t", &shape, 1, &filling, &counts, &err), 0);
	assert_true(filler.made > 2);
	assert_true(is_verified("small/t"));
	assert_int_equal(tree_remove("small/t", 1, &stopping, &counts, &err), -EINTR);
	assert_int_equal(info_of("small/t").state, TREE_REMOVING);
	assert_int_equal(remove_works("small/t"), 50);
	assert_int_equal(umount("small"), 0);
}

/* How many names of files may still be made; UINT_MAX: any number. */
static unsigned links_left = UINT_MAX;

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	if (links_left == 0) {
		errno = EMLINK;
		return -1;
	}
	links_left -= links_left < UINT_MAX;
	return (int)syscall(SYS_linkat, from, old, to, new, flags);
}

static void test_too_many_names_of_a_file(void **state)
{
	struct shape shape = shape_of("flat", 50);
	struct tree_counts made;
	struct err err = {0};
	(void)state;
	shape.hard_links.per_mille = 900;
	shape.hard_links.group = 16;
	links_left = 10;
	assert_int_equal(tree_create("t", &shape, 1, NULL, &made, &err), -EMLINK);
	links_left = UINT_MAX;
	assert_non_null(strstr(err.text, ": Too many links after "));
	assert_non_null(
		strstr(err.text, "this filesystem cannot have that many names of one file"));
	assert_null(strstr(err.text, "continues"));
	remove_works("t");
}

/* How many more calls to write(2) find no space. */
static unsigned without_space;

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (without_space > 0) {
		without_space--;
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_write, fd, bytes, size);
}

/* As on a full btrfs, which has no space for overwriting either; the removal then makes some. */
static void test_a_state_that_found_no_space_is_written_later(void **state)
{
	const struct shape shape = shape_of("flat", 50);
	struct stopper stopper = {.after = 10};
	const struct progress progress = {
		.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts gone;
	bool left;
	(void)state;
	create_works("t", &shape);
	without_space = 2; /* the second sentinel, the first */
	assert_int_equal(tree_remove("t", 1, &progress, &gone, NULL), -EINTR);
	assert_int_equal(without_space, 0);
	assert_int_equal(info_of("t").state, TREE_REMOVING);
	remove_works("t");
	create_works("t", &shape);
	stopper.stop = 0;
	without_space = 2;
	assert_int_equal(tree_prune("t", &progress, &gone, &left, NULL), -EINTR);
	assert_int_equal(info_of("t").state, TREE_REMOVING);
	remove_works("t");
	create_works("t", &shape);
	put_file("t/tree/diary", "");
	without_space = 2;
	assert_int_equal(tree_prune("t", NULL, &gone, &left, NULL), 0);
	assert_true(left);
	assert_int_equal(info_of("t").state, TREE_REMOVING);
	remove_works("t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_made_verified_removed),
		SCRATCH_TEST(test_small_trees),
		SCRATCH_TEST(test_modes),
		SCRATCH_TEST(test_digest_of_the_loaded_tree),
		SCRATCH_TEST(test_empty_directories_become_trees),
		SCRATCH_TEST(test_another_shape_is_refused),
		SCRATCH_TEST(test_creation_goes_on_where_it_stopped),
		SCRATCH_TEST(test_begun_trees_can_be_removed),
		SCRATCH_TEST(test_resuming_refuses_foreign_files),
		SCRATCH_TEST(test_removal_goes_on_where_it_stopped),
		SCRATCH_TEST(test_removal_after_the_tree_is_gone),
		SCRATCH_TEST(test_two_at_once),
		SCRATCH_TEST(test_ensure_makes_and_finds_again),
		SCRATCH_TEST(test_too_many_entries_are_refused_first),
		SCRATCH_TEST(test_a_disk_that_fills_up_half_way),
		SCRATCH_TEST(test_a_full_disk_keeps_its_sentinel),
		SCRATCH_TEST(test_too_many_names_of_a_file),
		SCRATCH_TEST(test_a_state_that_found_no_space_is_written_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
