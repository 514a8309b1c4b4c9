/* Whatever is not ours, or no longer looks like ours, stays as it was. */
#include "datasets/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 300 };

static void test_foreign_directories_stay_untouched(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	(void)state;
	mkdir("mine", 0755);
	put_file("mine/diary", "dear diary");
	symlink("mine", "link");
	create_fails("mine", &shape, -EEXIST,
		     "mine: exists, holds 'diary' and was not made by statmark; "
		     "nothing was changed");
	create_fails("link", &shape, -EEXIST,
		     "link: is a symbolic link; name the directory itself");
	create_fails("link/", &shape, -EEXIST,
		     "link: is a symbolic link; name the directory itself");
	create_fails("mine/diary", &shape, -EEXIST, "mine/diary: exists and is not a directory");
	create_fails("nowhere/t", &shape, -ENOENT,
		     "cannot open nowhere: No such file or directory");
	create_fails("", &shape, -ENOENT, "cannot open '': No such file or directory");
	remove_fails("mine", -EEXIST, "mine: was not made by statmark; nothing was removed");
	remove_fails("link/", -EEXIST, "link: is a symbolic link; name the directory itself");
	remove_fails("nowhere", -ENOENT, "cannot remove nowhere: No such file or directory");
	char *diary = get_file("mine/diary");
	assert_string_equal(diary, "dear diary");
	free(diary);
}

static void test_removal_follows_no_link(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	char *text;
	(void)state;
	mkdir("mine", 0755);
	put_file("mine/diary", "dear diary");
	create_works("t", &shape);
	symlink("../../mine", "t/tree/link");
	symlink("../../mine/diary", "t/tree/link2");
	mkfifo("t/tree/fifo", 0644);
	mkdir("t/tree/more", 0755);
	put_file("t/tree/more/file", "");
	assert_int_equal(remove_works("t"), ENTRIES + 5);
	text = get_file("mine/diary");
	assert_string_equal(text, "dear diary");
	free(text);
	/* and when the tree itself is a link */
	create_works("t", &shape);
	assert_int_equal(rename("t/tree", "elsewhere"), 0);
	symlink("../mine", "t/tree");
	struct tree_counts gone;
	assert_int_not_equal(tree_remove("t", 1, NULL, &gone, NULL), 0);
	assert_true(exists("mine/diary"));
	assert_false(is_verified("t"));
}

static void test_removal_refuses_guests(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	(void)state;
	create_works("t", &shape);
	put_file("t/diary", "");
	remove_fails("t", -EEXIST,
		     "t: holds 'diary', which statmark did not make; nothing was removed");
	unlink("t/diary");
	assert_true(is_verified("t"));
	assert_int_equal(chdir("t"), 0);
	remove_fails(".", -EINVAL, ".: expected the directory's name, not . or ..");
	assert_true(is_verified("."));
	assert_int_equal(chdir(".."), 0);
}

/* *left: whether what others made was left. Returns how many entries were removed. */
static uint64_t prune_works(bool *left)
{
	struct tree_counts gone;
	struct err err = {0};
	if (tree_prune("t", NULL, &gone, left, &err))
		fail_msg("%s", err.text);
	return gone.entries;
}

/* Strays at the root, in a directory of ours, in the place of a file, behind a lock. */
static void test_pruning_leaves_foreign_files(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_counts there;
	char inside[PATH_MAX], replaced[PATH_MAX];
	bool left;
	(void)state;
	create_works("t", &shape);
	snprintf(inside, sizeof(inside), "%s/diary", entry_of_t(1, true));
	snprintf(replaced, sizeof(replaced), "%s", entry_of_t(0, false));
	put_file("t/tree/diary", "dear diary");
	put_file(inside, "dear diary");
	assert_int_equal(unlink(replaced), 0);
	assert_int_equal(mkdir(replaced, 0755), 0);
	assert_int_equal(chmod(entry_of_t(0, true), 0), 0);
	uint64_t gone = prune_works(&left);
	assert_true(left);
	assert_true(exists("t/tree/diary") && exists(inside) && exists(replaced));
	assert_int_equal(info_of("t").state, TREE_REMOVING);
	/* What is left are the strays and the directories above them. */
	there = verdict_on("t").counts;
	assert_int_equal(there.entries - there.directories, 2);
	assert_int_equal(gone, ENTRIES - 1 - (there.directories - 1));
	assert_int_equal(prune_works(&left), 0);
	assert_true(left);
	/* Once they are gone, so is the tree. */
	assert_int_equal(unlink("t/tree/diary") | unlink(inside) | rmdir(replaced), 0);
	prune_works(&left);
	assert_false(left || exists("t"));
}

static void test_pruning_removes_our_trees(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	bool left;
	(void)state;
	create_works("t", &shape);
	assert_int_equal(prune_works(&left), ENTRIES);
	assert_false(left || exists("t"));
	/* Also when an interruption left nothing but the sentinel. */
	create_works("t", &shape);
	assert_int_equal(rename("t/tree", "elsewhere"), 0);
	assert_int_equal(prune_works(&left), 0);
	assert_false(left || exists("t"));
	/* What lies in the tree's place is somebody else's. */
	create_works("t", &shape);
	assert_int_equal(rename("t/tree", "away"), 0);
	assert_int_equal(symlink("../elsewhere", "t/tree"), 0);
	assert_int_equal(prune_works(&left), 0);
	assert_true(left && exists("t/tree") && exists("t/statmark-tree.json"));
}

/* A directory that stays has the permissions that it had, the tree's root too. */
static void test_pruning_restores_permissions(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	char inside[PATH_MAX + sizeof("/diary")], directory[PATH_MAX];
	bool left;
	(void)state;
	create_works("t", &shape);
	snprintf(directory, sizeof(directory), "%s", entry_of_t(0, true));
	snprintf(inside, sizeof(inside), "%s/diary", directory);
	put_file(inside, "dear diary");
	assert_int_equal(chmod(directory, 0051) | chmod("t/tree", 0505), 0);
	prune_works(&left);
	assert_true(left);
	assert_int_equal(mode_of(directory) & 07777, 0051);
	assert_int_equal(mode_of("t/tree") & 07777, 0505);
}

static void set_state(const char *from, const char *to)
{
	char *old = get_file("t/statmark-tree.json"), *at = strstr(old, from), *changed = NULL;
	assert_non_null(at);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from)) >
		    0);
	put_file("t/statmark-tree.json", changed);
	free(old);
	free(changed);
}

/* The path of a hole in the tree's root. */
static const char *a_hole(const struct shape *shape)
{
	static char path[PATH_MAX];
	char name[GEN_NAME_SIZE];
	struct gen_dir root;
	gen_root(&root, shape);
	for (uint64_t i = 0; i < gen_entries(&root); i++) {
		if (!gen_hole(&root, i, name))
			continue;
		snprintf(path, sizeof(path), "t/tree/%s", name);
		return path;
	}
	fail_msg("no hole");
	return NULL;
}

/* What a creation that was killed left beside the entries; in a complete tree it is not ours. */
static void test_pruning_removes_incomplete_trees(void **state)
{
	struct shape shape = shape_of("flat", 50);
	bool left;
	(void)state;
	shape.holes = 500;
	create_works("t", &shape);
	put_file(a_hole(&shape), "");
	put_file("t/tree/statmark-trial-file", "");
	assert_int_equal(symlink("statmark-trial-file", "t/tree/statmark-trial"), 0);
	set_state("complete", "creating");
	assert_int_equal(prune_works(&left), 50);
	assert_false(left || exists("t"));
	create_works("t", &shape);
	put_file(a_hole(&shape), "dear diary");
	put_file("t/tree/statmark-trial-file", "dear diary");
	set_state("complete", "creating");
	prune_works(&left);
	assert_true(left && exists(a_hole(&shape)) && exists("t/tree/statmark-trial-file"));
	remove_works("t");
	create_works("t", &shape);
	put_file(a_hole(&shape), "");
	put_file("t/tree/statmark-trial", "");
	prune_works(&left);
	assert_true(left && exists(a_hole(&shape)) && exists("t/tree/statmark-trial"));
}

/* The names of a trial of long names, of any bytes, and of a large file. */
static void test_pruning_removes_leftovers_of_a_trial(void **state)
{
	static const char bytes[] = "t/tree/\x01\n\\:*?\xc3\x28\xff";
	struct shape shape = shape_of("flat", 50);
	char longest[64] = "t/tree/";
	bool left;
	(void)state;
	shape.name_length = (struct quantity)QUANTITY_RANGE(9, 12);
	shape.dir_name_length = (struct quantity){0};
	shape.file_size = (struct quantity)QUANTITY_RANGE(100, 4096);
	memset(longest + strlen(longest), 'x', 12);
	/* This shape has no trial of any bytes. */
	create_works("t", &shape);
	put_file(longest, "");
	put_file(bytes, "");
	put_file("t/tree/statmark-trial", "");
	assert_int_equal(truncate("t/tree/statmark-trial", 4096), 0);
	set_state("complete", "creating");
	prune_works(&left);
	assert_true(left && exists(bytes));
	assert_false(exists(longest) || exists("t/tree/statmark-trial"));
	remove_works("t");
	shape.alphabet.letters = LETTERS_ANY_BYTES;
	create_works("t", &shape);
	put_file(bytes, "");
	set_state("complete", "creating");
	assert_int_equal(prune_works(&left), 50);
	assert_false(left || exists("t"));
	/* Content, or another size, is somebody else's. */
	create_works("t", &shape);
	put_file(bytes, "dear diary");
	put_file(longest, "dear diary");
	put_file("t/tree/statmark-trial", "");
	assert_int_equal(truncate("t/tree/statmark-trial", 4095), 0);
	set_state("complete", "creating");
	prune_works(&left);
	assert_true(left && exists(bytes) && exists(longest) && exists("t/tree/statmark-trial"));
}

static void test_pruning_can_be_stopped(void **state)
{
	const struct shape shape = shape_of("flat", 50);
	struct stopper stopper = {.after = 10};
	const struct progress progress = {stop_after, &stopper, &stopper.stop, NULL, NULL};
	struct tree_counts gone;
	struct err err = {0};
	bool left;
	(void)state;
	create_works("t", &shape);
	put_file("t/tree/diary", "");
	assert_int_equal(tree_prune("t", &progress, &gone, &left, &err), -EINTR);
	assert_int_equal(gone.entries, 10);
	assert_int_equal(prune_works(&left), 40);
	assert_true(left && exists("t/tree/diary"));
}

static void test_removal_stays_on_its_filesystem(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	struct tree_counts gone;
	struct err err = {0};
	(void)state;
	mount_small("nr_inodes=100");
	mkdir("mine", 0755);
	put_file("mine/diary", "");
	create_works("t", &shape);
	mkdir("t/tree/mnt", 0755);
	assert_int_equal(mount("mine", "t/tree/mnt", NULL, MS_BIND, NULL), 0);
	assert_int_equal(tree_remove("t", 1, NULL, &gone, &err), -EXDEV);
	assert_string_equal(err.text, "t/tree/mnt: something is mounted here; unmount it first");
	assert_true(exists("mine/diary"));
	assert_int_equal(umount("t/tree/mnt"), 0);
	remove_works("t");
	assert_int_equal(umount("small"), 0);
}

static void test_a_mount_point_stays(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	struct tree_counts gone;
	struct err err = {0};
	bool left;
	(void)state;
	mount_small("nr_inodes=100");
	create_works("small", &shape);
	assert_int_equal(tree_remove("small", 1, NULL, &gone, &err), 0);
	assert_int_equal(gone.entries, 3);
	create_works("small", &shape);
	assert_int_equal(tree_prune("small", NULL, &gone, &left, &err), 0);
	assert_int_equal(gone.entries, 3);
	assert_false(left || exists("small/statmark-tree.json"));
	assert_int_equal(umount("small"), 0);
}

/* A sentinel with one part replaced; everything around it stays untouched. */
static void sentinel_is_refused(const char *find, const char *instead, const char *words)
{
	static const char path[] = "t/statmark-tree.json";
	char *old = get_file(path), *at = strstr(old, find), *changed = NULL;
	struct tree_info info;
	struct err err = {0};
	assert_non_null(at);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - old), old, instead,
			     at + strlen(find)) > 0);
	put_file(path, changed);
	const struct shape shape = shape_of("flat", 3);
	assert_int_not_equal(tree_info("t", &info, &err), 0);
	assert_int_not_equal(tree_create("t", &shape, 1, NULL, &(struct tree_counts){0}, NULL), 0);
	assert_int_not_equal(tree_remove("t", 1, NULL, &(struct tree_counts){0}, NULL), 0);
	if (!strstr(err.text, words))
		fail_msg("'%s' lacks '%s'", err.text, words);
	char *now = get_file(path);
	assert_string_equal(now, changed);
	assert_true(exists(entry_of_t(2, false)));
	put_file(path, old);
	assert_true(is_verified("t"));
	free(old);
	free(changed);
	free(now);
}

static void test_hostile_sentinels(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	(void)state;
	create_works("t", &shape);
	sentinel_is_refused("\"shape\"", "\"shape", "t/statmark-tree.json:");
	sentinel_is_refused("statmark-tree/1", "statmark-tree/9", "$.schema: expected");
	sentinel_is_refused("\"complete\"", "\"finished\"",
			    "$.state: expected creating, complete or removing, found \"finished\"");
	sentinel_is_refused("\"complete\"", "7",
			    "$.state: expected creating, complete or removing, found 7");
	sentinel_is_refused("\"state\"", "\"stat\"", "$.stat: no such key; did you mean 'state'?");
	sentinel_is_refused("\"inode\": \"", "\"inode\": \"1", "$.inode: is ");
	if (*info_of("t").born) {
		sentinel_is_refused("\"born\": \"", "\"born\": \"1", "$.born: is ");
		sentinel_is_refused("\"born\": \"", "\"born\": \"0000000000000000000000000000000",
				    "$.born: expected a time");
	}
	sentinel_is_refused("\"digest\": \"", "\"digest\": \"x", "$.digest: expected a digest");
	sentinel_is_refused("\"entries\": 3", "\"entries\": -3", "$.shape.entries: must be at");
	sentinel_is_refused("\"name\": \"flat\"", "\"name\": \"../flat\"", "$.shape.name: must");
	sentinel_is_refused("\"schema\": \"statmark-tree/1\",\n", "", "$.schema: is missing");
}

static void test_sentinels_that_are_no_files(void **state)
{
	static const char path[] = "t/statmark-tree.json";
	const struct shape shape = shape_of("flat", 3);
	struct tree_info info;
	(void)state;
	create_works("t", &shape);
	assert_int_equal(rename(path, "kept"), 0);
	assert_int_equal(symlink("../kept", path), 0);
	remove_fails("t", -ELOOP,
		     "cannot open t/statmark-tree.json: Too many levels of symbolic links");
	unlink(path);
	assert_int_equal(mkfifo(path, 0644), 0);
	remove_fails("t", -EINVAL, "t/statmark-tree.json: is not a regular file");
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	remove_fails("t", -EINVAL, "t/statmark-tree.json: is not a regular file");
	rmdir(path);
	put_file(path, "");
	assert_int_equal(truncate(path, 100 << 20), 0);
	remove_fails("t", -EFBIG,
		     "t/statmark-tree.json: 104857600 bytes, larger than 1 MiB, the limit of a "
		     "sentinel");
	unlink(path);
	remove_fails("t", -EEXIST, "t: was not made by statmark; nothing was removed");
	assert_int_equal(tree_info("t", &info, NULL), -EEXIST);
	assert_int_equal(rename("kept", path), 0);
	assert_true(is_verified("t"));
}

static void test_a_copied_sentinel_matches_nothing(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	struct tree_counts gone;
	struct err err = {0};
	(void)state;
	create_works("t", &shape);
	mkdir("mine", 0755);
	mkdir("mine/tree", 0755);
	put_file("mine/tree/diary", "");
	assert_int_equal(rename("t/statmark-tree.json", "mine/statmark-tree.json"), 0);
	assert_int_equal(tree_remove("mine", 1, NULL, &gone, &err), -EINVAL);
	assert_non_null(
		strstr(err.text, "this is a copy of a tree, which statmark does not touch"));
	assert_true(exists("mine/tree/diary"));
}

/* The text of t's sentinel without its birth time; NULL: it has none. */
static char *without_birth(const char *text)
{
	const char *at = strstr(text, "\"born\""), *rest = at ? strchr(at, '\n') : NULL;
	char *changed = NULL;
	if (rest && asprintf(&changed, "%.*s%s", (int)(at - text), text, rest + 1) < 0)
		return NULL;
	return changed;
}

static void test_older_sentinels_are_valid(void **state)
{
	static const char path[] = "t/statmark-tree.json";
	const struct shape shape = shape_of("flat", 3);
	struct stopper stopper = {.after = 0, .stop = 1};
	const struct progress progress = {
		.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts gone;
	(void)state;
	create_works("t", &shape);
	char *text = get_file(path), *older = without_birth(text);
	free(text);
	if (!older)
		skip_because("no birth times on this filesystem");
	put_file(path, older);
	assert_true(is_verified("t"));
	/* As long as before, because a full disk has no room for more. */
	assert_int_equal(tree_remove("t", 1, &progress, &gone, NULL), -EINTR);
	text = get_file(path);
	assert_int_equal(strlen(text), strlen(older));
	free(text);
	free(older);
	remove_works("t");
}

/* The roots of two fresh filesystems have the same inode number. */
static void test_a_copy_on_another_filesystem_matches_nothing(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	struct tree_counts gone;
	struct err err = {0};
	struct stat first, second;
	bool left;
	(void)state;
	mount_small("nr_inodes=100");
	assert_int_equal(stat("small", &first), 0);
	create_works("small", &shape);
	char *text = get_file("small/statmark-tree.json"), *older = without_birth(text);
	assert_int_equal(umount("small"), 0);
	mount_small("nr_inodes=100");
	put_file("small/statmark-tree.json", text);
	mkdir("small/tree", 0755);
	put_file("small/tree/diary", "");
	assert_int_equal(stat("small", &second), 0);
	const bool differ = first.st_ino != second.st_ino;
	const bool known = older != NULL;
	free(text);
	free(older);
	if (!differ && known) {
		assert_int_equal(tree_remove("small", 1, NULL, &gone, &err), -EINVAL);
		assert_non_null(strstr(err.text, "$.born: is \""));
		assert_non_null(strstr(err.text,
				       "this is a copy of a tree, which statmark does not "
				       "touch"));
		assert_int_equal(tree_prune("small", NULL, &gone, &left, NULL), -EINVAL);
		assert_int_equal(tree_create("small", &shape, 1, NULL, &gone, NULL), -EINVAL);
	}
	assert_true(exists("small/tree/diary"));
	assert_int_equal(umount("small"), 0);
	if (differ)
		skip_because("two fresh filesystems have different inode numbers here");
	if (!known)
		skip_because("no birth times on tmpfs here");
}

/* From here on this process has no such call: these are the last tests. */
static void lose(unsigned call)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		skip_because("no seccomp filters here");
}

static void test_a_mount_point_stays_without_openat2(void **state)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_counts gone;
	struct err err = {0};
	(void)state;
	mount_small("nr_inodes=100");
	put_file("small/diary", "");
	create_works("t", &shape);
	mkdir("t/tree/mnt", 0755);
	assert_int_equal(mount("small", "t/tree/mnt", NULL, MS_MOVE, NULL), 0);
	lose(SYS_openat2);
	assert_int_equal(tree_remove("t", 1, NULL, &gone, &err), -EXDEV);
	assert_true(exists("t/tree/mnt/diary"));
	assert_int_equal(umount("t/tree/mnt"), 0);
	symlink("../../small", "t/tree/link");
	remove_works("t");
	create_works("t", &shape);
	assert_true(is_verified("t"));
	assert_int_equal(rename("t/tree", "away"), 0);
	symlink("../away", "t/tree");
	assert_false(is_verified("t"));
}

/* A directory of the same filesystem, mounted in the tree; no entry of it may be removed. */
static void bind_mounts_are_refused(void)
{
	const struct shape shape = shape_of("source-tree", ENTRIES);
	struct tree_counts gone;
	struct err err = {0};
	bool left;
	char path[PATH_MAX];
	mount_small("nr_inodes=100");
	assert_int_equal(umount("small"), 0);
	mkdir("mine", 0755);
	put_file("mine/diary", "");
	create_works("t", &shape);
	assert_true(is_verified("t"));
	snprintf(path, sizeof(path), "%s", entry_of_t(0, true));
	assert_int_equal(mount("mine", path, NULL, MS_BIND, NULL), 0);
	assert_int_equal(tree_prune("t", NULL, &gone, &left, &err), -EXDEV);
	assert_non_null(strstr(err.text, ": something is mounted here; unmount it first"));
	err = (struct err){0};
	assert_int_equal(tree_remove("t", 1, NULL, &gone, &err), -EXDEV);
	assert_non_null(strstr(err.text, ": something is mounted here; unmount it first"));
	assert_true(exists("mine/diary"));
	assert_int_equal(umount(path), 0);
	/* The whole tree. */
	assert_int_equal(mount("mine", "t/tree", NULL, MS_BIND, NULL), 0);
	err = (struct err){0};
	assert_int_equal(tree_remove("t", 1, NULL, &gone, &err), -EXDEV);
	assert_string_equal(err.text, "t/tree: something is mounted here; unmount it first");
	assert_true(exists("mine/diary"));
	assert_int_equal(umount("t/tree"), 0);
	remove_works("t");
}

static void test_bind_mounts_with_openat2(void **state)
{
	(void)state;
	bind_mounts_are_refused();
}

static void test_bind_mounts_without_openat2(void **state)
{
	(void)state;
	lose(SYS_openat2);
	bind_mounts_are_refused();
}

static void test_bind_mounts_before_statx_shows_them(void **state)
{
	(void)state;
	lose(SYS_openat2);
	lose(SYS_statx);
	bind_mounts_are_refused();
}

static void test_without_proc_nothing_is_removed(void **state)
{
	const struct shape shape = shape_of("flat", 3);
	(void)state;
	create_works("t", &shape);
	mount_small("nr_inodes=100");
	lose(SYS_openat2);
	lose(SYS_statx);
	assert_int_equal(mount("small", "/proc", NULL, MS_BIND, NULL), 0);
	remove_fails("t", -ENOSYS,
		     "t/tree: whether something is mounted here is not known, because this kernel "
		     "lacks openat2, and neither statx nor /proc shows the mount");
	create_fails("u", &shape, -ENOSYS,
		     "u/tree: whether something is mounted here is not known, because this kernel "
		     "lacks openat2, and neither statx nor /proc shows the mount");
	assert_int_equal(umount("/proc"), 0);
	assert_false(exists("u"));
	remove_works("t");
	assert_int_equal(umount("small"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_foreign_directories_stay_untouched),
		SCRATCH_TEST(test_removal_follows_no_link),
		SCRATCH_TEST(test_removal_refuses_guests),
		SCRATCH_TEST(test_pruning_leaves_foreign_files),
		SCRATCH_TEST(test_pruning_removes_our_trees),
		SCRATCH_TEST(test_pruning_restores_permissions),
		SCRATCH_TEST(test_pruning_removes_incomplete_trees),
		SCRATCH_TEST(test_pruning_removes_leftovers_of_a_trial),
		SCRATCH_TEST(test_pruning_can_be_stopped),
		SCRATCH_TEST(test_removal_stays_on_its_filesystem),
		SCRATCH_TEST(test_a_mount_point_stays),
		SCRATCH_TEST(test_hostile_sentinels),
		SCRATCH_TEST(test_sentinels_that_are_no_files),
		SCRATCH_TEST(test_a_copied_sentinel_matches_nothing),
		SCRATCH_TEST(test_older_sentinels_are_valid),
		SCRATCH_TEST(test_a_copy_on_another_filesystem_matches_nothing),
		SCRATCH_TEST(test_bind_mounts_with_openat2),
		SCRATCH_TEST(test_a_mount_point_stays_without_openat2),
		SCRATCH_TEST(test_bind_mounts_without_openat2),
		SCRATCH_TEST(test_bind_mounts_before_statx_shows_them),
		SCRATCH_TEST(test_without_proc_nothing_is_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
