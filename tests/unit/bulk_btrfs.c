/*
 * Collecting from the tree of a btrfs: the same list as by calls, also with subvolumes and
 * snapshots below, and whatever changes meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/loop.h"
#include "tests/test.h"
#include "tests/unit/with_bulk.h"

static void a_btrfs(void **state)
{
	(void)state;
	on("btrfs", "", tree_is_the_same);
}

static void a_btrfs_of_small_nodes(void **state)
{
	(void)state;
	on("btrfs", "-n 4096 --mixed", tree_is_the_same);
}

static void a_btrfs_of_large_nodes(void **state)
{
	(void)state;
	on("btrfs", "-n 65536 -O ^no-holes,^extref", tree_is_the_same);
}

static void other_options_of_the_walk(void **state)
{
	(void)state;
	on("btrfs", "", filter_and_each_and_lazy);
}

static void mounts_below_a_btrfs(void **state)
{
	(void)state;
	on("btrfs", "", mounts_are_seen);
}

static void without_root_the_reason_is_given(void **state)
{
	(void)state;
	on("btrfs", "", without_privilege);
}

static void sizes_not_yet_written_to_a_btrfs(void **state)
{
	(void)state;
	on("btrfs", "", unwritten_sizes_are_seen);
}

/* ---- On several devices ---------------------------------------------------------------------- */

/* Adds a device that is a file in memory, and goes when the filesystem is unmounted. */
static void add_device(const struct place *p)
{
	struct btrfs_ioctl_vol_args args = {.fd = 0};
	const int image = memfd_create("btrfs", MFD_CLOEXEC);
	hold(image >= 0 && !ftruncate(image, 256 << 20), "an image");
	const int device = loop_device(image, args.name, sizeof(args.name));
	const int root = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(device >= 0, "a device");
	hold(!ioctl(root, BTRFS_IOC_ADD_DEV, &args), "added: %s", strerror(errno));
	close(root);
	close(device);
	close(image);
}

static void two_devices_are_one_tree(const struct place *p)
{
	add_device(p);
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(100);
	flist_list_free(compare(p->root, NULL, true));
}

static void a_btrfs_on_two_devices(void **state)
{
	(void)state;
	on("btrfs", "", two_devices_are_one_tree);
}

/* ---- Subvolumes ------------------------------------------------------------------------------ */

static bool make_subvolume(int at, const char *name)
{
	struct btrfs_ioctl_vol_args args = {.fd = 0};
	snprintf(args.name, sizeof(args.name), "%s", name);
	return !ioctl(at, BTRFS_IOC_SUBVOL_CREATE, &args);
}

static bool make_snapshot(int at, const char *in, const char *name, const char *of)
{
	struct btrfs_ioctl_vol_args args = {.fd = openat(at, of, O_RDONLY | O_CLOEXEC)};
	const int dir = openat(at, in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(args.name, sizeof(args.name), "%s", name);
	const bool made = !ioctl(dir, BTRFS_IOC_SNAP_CREATE, &args);
	close(dir);
	close((int)args.fd);
	return made;
}

/* Bytes that can be compressed, that are not there, and that two files share. */
static bool make_extents(int at)
{
	static const char zeros[256 * 1024];
	int flags = FS_COMPR_FL;
	const int small = openat(at, "compressed", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const int twin = openat(at, "twin", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const int ahead = openat(at, "ahead", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool made = small >= 0 && twin >= 0 && ahead >= 0 && !ioctl(small, FS_IOC_SETFLAGS, &flags);
	for (off_t to = 0; made && to < 8; to++)
		made = pwrite(small, zeros, sizeof(zeros), to << 20) == (ssize_t)sizeof(zeros);
	made = made && !fsync(small) && !ioctl(twin, FICLONE, small) &&
	       !posix_fallocate(ahead, 0, 3 << 20) && !ftruncate(ahead, 5000) &&
	       !fsetxattr(twin, "user.name", zeros, 3000, 0);
	close(small);
	close(twin);
	close(ahead);
	return made;
}

/* A file of so many names that they do not fit beside its inode, and are in an item of their own.
 */
static bool make_links(int at)
{
	char name[300];
	if (!make_file(at, "linked", "l", 0))
		return false;
	for (int i = 0; i < 400; i++) {
		const int len = snprintf(name, sizeof(name), "%d-", i);
		memset(name + len, 'k', 200);
		name[len + 200] = '\0';
		if (linkat(at, "linked", at, name, 0))
			return false;
	}
	return true;
}

/* A subvolume, snapshots of it and of what it is in, so that one has an empty place for it. */
static bool make_btrfs_tree(const char *where)
{
	const int at = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool made = make_tree(where) && make_dir(at, "extents", make_extents) &&
			  make_dir(at, "links", make_links) && make_subvolume(at, "sub") &&
			  make_file(at, "sub/in it", "sub", 0) && !mkdirat(at, "sub/dir", 0700) &&
			  make_file(at, "sub/dir/deep", "", 0) &&
			  make_snapshot(at, "sub", "snapshot", "sub") &&
			  make_snapshot(at, "nested", "whole", ".") && !mkdirat(at, "empty", 0700);
	if (at >= 0)
		close(at);
	return made;
}

static void subvolumes_are_boundaries(const struct place *p)
{
	char path[PATH_MAX + 64];
	hold(make_btrfs_tree(p->root), "the tree cannot be made: %s", strerror(errno));
	sync();
	pause_ms(100);
	struct flist_list *list = compare(p->root, NULL, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables > LARGE / 2, "by tables");
	flist_list_free(list);
	const struct flist_collect_options one = {.flags = FLIST_ONE_FILESYSTEM};
	list = compare(p->root, &one, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables + 2 == flist_list_length(list),
	     "all but the subvolumes are by tables, %ju of %zu",
	     (uintmax_t)flist_list_how(list)->by_tables, flist_list_length(list));
	flist_list_free(list);
	const struct flist_collect_options ordered = {.order = FLIST_BY_INODE};
	flist_list_free(compare(p->root, &ordered, false));
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	flist_list_free(compare(p->root, &lazy, false));
	const struct flist_collect_options both = {.flags = FLIST_LAZY | FLIST_ONE_FILESYSTEM};
	flist_list_free(compare(p->root, &both, false));
	snprintf(path, sizeof(path), "%s/nested/whole", p->root);
	list = compare(path, NULL, false); /* a snapshot, with its own numbers as in the other */
	hold(!COMPILED_IN || flist_list_how(list)->by_tables > LARGE / 2, "by tables");
	flist_list_free(list);
	snprintf(path, sizeof(path), "%s/sub/dir", p->root);
	flist_list_free(compare(path, NULL, true));
}

static void subvolumes(void **state)
{
	(void)state;
	on("btrfs", "", subvolumes_are_boundaries);
}

/* A subvolume that is mounted below is another one; a directory of the same one is not. */
static void a_subvolume_may_be_mounted_below(const struct place *p)
{
	char path[PATH_MAX + 64], from[PATH_MAX + 64];
	hold(make_btrfs_tree(p->root), "the tree cannot be made");
	snprintf(from, sizeof(from), "%s/sub", p->root);
	snprintf(path, sizeof(path), "%s/empty", p->root);
	hold(!mount(from, path, NULL, MS_BIND, NULL), "bind");
	pause_ms(100);
	struct flist_list *list = compare(p->root, NULL, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables > LARGE / 2, "by tables");
	flist_list_free(list);
}

/* The subvolume that is read is then found a second time, in another mount. */
static void its_volume_is_mounted_below(const struct place *p)
{
	const struct flist_collect_options mounts = {.fields = FLIST_BASIC | FLIST_BTIME |
							       FLIST_MNT_ID};
	char path[PATH_MAX + 64];
	hold(make_btrfs_tree(p->root), "the tree cannot be made");
	snprintf(path, sizeof(path), "%s/sub/top", p->root);
	hold(!mkdir(path, 0755) && !mount(p->root, path, NULL, MS_BIND, NULL), "bind");
	sync();
	pause_ms(100);
	snprintf(path, sizeof(path), "%s/sub", p->root);
	flist_list_free(compare(path, &mounts, false));
}

static void a_subvolume_mounted_below(void **state)
{
	(void)state;
	on("btrfs", "", a_subvolume_may_be_mounted_below);
	on("btrfs", "", its_volume_is_mounted_below);
}

/* Whether what the list has of a path is what another one has. */
static bool is_in(const struct flist_item *item, const struct flist_list *list)
{
	struct flist_cursor *cursor;
	const struct flist_item *other;
	bool found = false;
	hold(!flist_cursor_open(&cursor, list), "no memory");
	while (!found && (other = flist_cursor_next(cursor)))
		found = strcmp(other->path, item->path) == 0 &&
			memcmp(other->meta, item->meta, sizeof(*other->meta)) == 0;
	flist_cursor_close(cursor);
	return found;
}

/* All of the list is in one of the others, and all that is in both of them is in it. */
static void hold_between(const struct flist_list *list, const struct flist_list *before,
			 const struct flist_list *after)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	hold(!flist_cursor_open(&cursor, list), "no memory");
	while ((item = flist_cursor_next(cursor)))
		hold(is_in(item, before) || is_in(item, after), "%s never was so", item->path);
	flist_cursor_close(cursor);
	hold(!flist_cursor_open(&cursor, before), "no memory");
	while ((item = flist_cursor_next(cursor)))
		hold(!is_in(item, after) || is_in(item, list), "%s is not in it", item->path);
	flist_cursor_close(cursor);
}

/* What changes after the call has begun may be listed as it was then: no commit has come since. */
static void changes_are_seen_or_not(const struct place *p)
{
	struct change c = {.root = p->root};
	const struct flist_collect_options o = {.threads.jobs = 1, .each = change, .arg = &c};
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(at >= 0 && make_dir(at, "nested", make_nested), "the tree cannot be made");
	pause_ms(100);
	struct flist_list *before = collect(p->root, NULL, 0);
	struct flist_list *a = collect(p->root, &o, FLIST_BULK);
	hold(c.done, "changed");
	struct flist_list *after = collect(p->root, NULL, 0);
	hold_between(a, before, after);
	flist_list_free(a);
	/* What was changed right before the call, and is in memory only. */
	a = collect(p->root, NULL, FLIST_BULK);
	hold_same_lists(a, after);
	flist_list_free(a);
	flist_list_free(before);
	flist_list_free(after);
	close(at);
}

static void a_btrfs_changed_during_the_walk(void **state)
{
	(void)state;
	on("btrfs", "", changes_are_seen_or_not);
}

static void jobs_that_are_not_given_are_found(void **state)
{
	(void)state;
	on("btrfs", "", jobs_are_found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_btrfs),
		cmocka_unit_test(a_btrfs_of_small_nodes),
		cmocka_unit_test(a_btrfs_of_large_nodes),
		cmocka_unit_test(a_btrfs_on_two_devices),
		cmocka_unit_test(other_options_of_the_walk),
		cmocka_unit_test(mounts_below_a_btrfs),
		cmocka_unit_test(without_root_the_reason_is_given),
		cmocka_unit_test(sizes_not_yet_written_to_a_btrfs),
		cmocka_unit_test(subvolumes),
		cmocka_unit_test(a_subvolume_mounted_below),
		cmocka_unit_test(a_btrfs_changed_during_the_walk),
		cmocka_unit_test(jobs_that_are_not_given_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
