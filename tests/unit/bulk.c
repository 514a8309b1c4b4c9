/*
 * Collecting from the tables of ext4: on real filesystems of every kind that mkfs.ext4 makes, the
 * list has to be that of the walk by calls, whatever lies in the tree, is mounted in it, or changes
 * while it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "tests/test.h"
#include "tests/unit/with_bulk.h"

static void on_ext4(const char *options, void (*test)(const struct place *place))
{
	on("ext4", options, test);
}

/* ---- Every kind of filesystem ---------------------------------------------------------------- */

static void ext4_made_with_defaults(void **state)
{
	(void)state;
	on_ext4("", tree_is_the_same);
}

static void with_small_blocks_and_large_inodes(void **state)
{
	(void)state;
	on_ext4("-b 1024 -I 512 -O ^flex_bg -g 2048", tree_is_the_same);
}

static void with_block_maps_and_small_inodes(void **state)
{
	(void)state;
	on_ext4("-b 1024 -I 128 -O ^extents,^64bit,^metadata_csum,^huge_file,^flex_bg",
		tree_is_the_same);
}

static void without_file_types_and_indexes(void **state)
{
	(void)state;
	on_ext4("-O ^filetype,^dir_index,^metadata_csum", tree_is_the_same);
}

static void with_clusters_and_more(void **state)
{
	(void)state;
	on_ext4("-O bigalloc,metadata_csum_seed,large_dir,ea_inode,verity,encrypt",
		tree_is_the_same);
	on_large("ext4", 512, "-b 1024 -O bigalloc -C 32768", tree_is_the_same);
	on_large("ext4", 512, "-b 4096 -O bigalloc -C 131072", tree_is_the_same);
}

static void inline_directories_are_asked(const struct place *p)
{
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(100);
	flist_list_free(compare(p->root, NULL, false));
}

static void with_inline_data(void **state)
{
	(void)state;
	on_ext4("-I 256 -O inline_data", inline_directories_are_asked);
}

static void with_names_without_case(void **state)
{
	(void)state;
	on_ext4("-O casefold -E encoding=utf8", tree_is_the_same);
}

/* ---- Extended attributes --------------------------------------------------------------------- */

static const struct flist_collect_options attributes = {.extra = FLIST_XATTRS};

/* Of an entry of the large directory; one block has no room for them all. */
static void set_value(const char *root, const char *path, const char *name, const void *value,
		      size_t size)
{
	char whole[1024];
	snprintf(whole, sizeof(whole), "%s/large/%s", root, path);
	hold(!lsetxattr(whole, name, value, size, 0) || errno == ENOSPC, "%s of %s: %s", name, path,
	     strerror(errno));
}

static void set(const char *root, const char *path, const char *name, size_t size)
{
	static const char value[1024];
	set_value(root, path, name, value, size);
}

static void set_acl(const char *root, const char *path, const char *name)
{
	/* Of the owner, of user 1000, of the group, the mask, of others. */
	static const unsigned char acl[] = {
		2, 0,   0,   0,   1,   0,   7,    0, 255, 255, 255, 255, 2,   0,   4,
		0, 232, 3,   0,   0,   4,   0,    5, 0,   255, 255, 255, 255, 16,  0,
		7, 0,   255, 255, 255, 255, 0x20, 0, 5,   0,   255, 255, 255, 255,
	};
	set_value(root, path, name, acl, sizeof(acl));
}

/* In inodes, in blocks, in both, of every kind that the kernel lists, and of one that it does not.
 */
static void make_attributes(const struct place *p)
{
	char path[512], name[32];
	hold(make_tree(p->root), "the tree cannot be made");
	snprintf(path, sizeof(path), "%s/large/d", p->root);
	hold(!mkdir(path, 0755), "mkdir");
	snprintf(path, sizeof(path), "%s/large/l", p->root);
	hold(!symlink("nowhere", path), "symlink");
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "%s/large/a%d", p->root, i);
		hold(mknod(path, S_IFREG | 0644, 0) == 0, "mknod");
		snprintf(path, sizeof(path), "a%d", i);
		set(p->root, path, "user.short", 1);
		for (int k = 0; k < i % 8; k++) {
			snprintf(name, sizeof(name), "user.%d", k);
			set(p->root, path, name, (size_t)(i % 100));
		}
		if (i % 5 == 0)
			set(p->root, path, "trusted.t", 1);
		if (i % 7 == 0)
			set(p->root, path, "security.s", 100);
		if (i % 11 == 0)
			set_acl(p->root, path, "system.posix_acl_access");
	}
	set_acl(p->root, "d", "system.posix_acl_default");
	set(p->root, "l", "trusted.of-a-link", 3);
	sync();
	pause_ms(100);
}

static void hold_attributes(const struct place *p, bool from_tables)
{
	struct flist_list *list = compare(p->root, &attributes, false);
	if (COMPILED_IN && from_tables)
		hold(flist_list_how(list)->by_tables + 60 > flist_list_length(list),
		     "%ju by tables", (uintmax_t)flist_list_how(list)->by_tables);
	else if (COMPILED_IN)
		hold(flist_list_how(list)->by_tables + 300 < flist_list_length(list),
		     "%ju by tables", (uintmax_t)flist_list_how(list)->by_tables);
	flist_list_free(list);
}

static void attributes_are_the_same(const struct place *p)
{
	make_attributes(p);
	hold_attributes(p, true);
}

/* Times of such inodes are whole seconds. */
static void attributes_of_small_inodes_are_the_same(const struct place *p)
{
	make_attributes(p);
	pause_ms(1100);
	hold_attributes(p, true);
}

static void attributes_are_asked_for(const struct place *p)
{
	make_attributes(p);
	hold_attributes(p, false);
}

/* Who is no administrator is not told of trusted attributes. */
static void attributes_without_an_administrator(const struct place *p)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	make_attributes(p);
	hold(!syscall(SYS_capget, &head, data), "capget");
	data[CAP_SYS_ADMIN / 32].effective &= ~(1U << CAP_SYS_ADMIN % 32);
	hold(!syscall(SYS_capset, &head, data), "capset");
	struct flist_list *list = compare(p->root, &attributes, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables + 160 > flist_list_length(list),
	     "only those with trusted attributes are asked for: %ju by tables",
	     (uintmax_t)flist_list_how(list)->by_tables);
	flist_list_free(list);
}

/* When the first entry is told, others get attributes. */
static int give_attributes(void *arg, unsigned worker, const struct flist_item *item)
{
	struct change *change = arg;
	(void)worker;
	(void)item;
	if (change->done)
		return 0;
	change->done = true;
	for (int i = 0; i < 400; i += 3) {
		char path[32];
		snprintf(path, sizeof(path), "a%d", i);
		set(change->root, path, "user.new", (size_t)(i % 200));
	}
	return 0;
}

static void attributes_that_change(const struct place *p)
{
	struct change change = {.root = p->root};
	struct flist_collect_options o = {
		.extra = FLIST_XATTRS, .each = give_attributes, .arg = &change, .threads.jobs = 1};
	make_attributes(p);
	struct flist_list *bulk = collect(p->root, &o, FLIST_BULK);
	struct flist_list *calls = collect(p->root, &attributes, 0);
	struct flist_cursor *of_bulk, *of_calls;
	hold(!flist_cursor_open(&of_bulk, bulk) && !flist_cursor_open(&of_calls, calls), "memory");
	for (const struct flist_item *a, *b; (a = flist_cursor_next(of_bulk)) != NULL;) {
		b = flist_cursor_next(of_calls);
		hold(b && strcmp(a->path, b->path) == 0, "%s", a->path);
		hold(a->extra && b->extra && a->extra->n_xattrs == b->extra->n_xattrs,
		     "%s: %zu attributes, not %zu", a->path, a->extra->n_xattrs,
		     b->extra->n_xattrs);
	}
	flist_cursor_close(of_bulk);
	flist_cursor_close(of_calls);
	flist_list_free(bulk);
	flist_list_free(calls);
}

static void names_of_attributes(void **state)
{
	(void)state;
	on_ext4("", attributes_are_the_same);
	on_ext4("-b 1024 -I 128", attributes_of_small_inodes_are_the_same);
	on_ext4("-b 4096 -I 1024 -O ea_inode", attributes_are_the_same);
}

static void names_of_attributes_without_checksums(void **state)
{
	(void)state;
	on_ext4("-O ^metadata_csum", attributes_are_asked_for);
}

static void attribute_names_without_privilege(void **state)
{
	(void)state;
	on_ext4("", attributes_without_an_administrator);
}

static void changing_attribute_names(void **state)
{
	(void)state;
	on_ext4("", attributes_that_change);
}

/* ---- Ways of asking -------------------------------------------------------------------------- */

static void other_options_of_the_walk(void **state)
{
	(void)state;
	on_ext4("", filter_and_each_and_lazy);
}

static void mounts_below_the_root(void **state)
{
	(void)state;
	on_ext4("", mounts_are_seen);
}

static void overlay_is_refused(const struct place *p)
{
	char path[PATH_MAX + 64], options[3 * PATH_MAX + 64];
	static const char *const parts[] = {"lower", "upper", "work", "merged"};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->root, parts[i]);
		hold(!mkdir(path, 0755), "%s", path);
	}
	snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 p->root, p->root, p->root);
	if (mount("overlay", path, "overlay", 0, options))
		_exit(77);
	hold_refused(path, NULL, "an overlay has no tables");
}

static void an_overlay_is_refused(void **state)
{
	(void)state;
	if (COMPILED_IN)
		on_ext4("", overlay_is_refused);
}

/* /dev is covered, so the tree is mounted elsewhere, too. */
static void node_is_missing(const struct place *p)
{
	struct stat st;
	char name[64];
	hold(!stat(p->root, &st), "stat");
	hold(!mount(p->root, "/mnt", NULL, MS_BIND, NULL), "no bind mount");
	hold(!mount("none", "/dev", "tmpfs", 0, NULL), "no tmpfs");
	hold_refused("/mnt", NULL, "no node in /dev");
	snprintf(name, sizeof(name), "/dev/loop%u", minor(st.st_dev));
	hold(!mknod(name, S_IFBLK | 0600, makedev(major(st.st_dev), minor(st.st_dev) + 1000)),
	     "no node");
	hold_refused("/mnt", NULL, "");
}

static void a_device_without_its_node_is_refused(void **state)
{
	(void)state;
	if (COMPILED_IN)
		on_ext4("", node_is_missing);
}

static void without_root_the_reason_is_given(void **state)
{
	(void)state;
	on_ext4("", without_privilege);
}

static void write_map(pid_t child, const char *file, const char *map)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)child, file);
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	hold(fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map), "%s", path);
	close(fd);
}

/* All users have their own numbers, but only one group has. */
static void groups_have_other_numbers(const struct place *p)
{
	int ready[2], go[2], status = 0;
	char byte = 0;
	hold(make_tree(p->root) && !pipe(ready) && !pipe(go), "prepared");
	const pid_t child = fork();
	if (child == 0) {
		const bool made = unshare(CLONE_NEWUSER) == 0;
		const bool told = write(ready[1], made ? "y" : "n", 1) == 1;
		if (!made || !told || read(go[0], &byte, 1) != 1)
			_exit(77);
		if (COMPILED_IN)
			hold_refused(p->root, NULL, "user namespace");
		_exit(0);
	}
	hold(child > 0 && read(ready[0], &byte, 1) == 1, "a child");
	if (byte == 'y') {
		write_map(child, "uid_map", "0 0 4294967295");
		write_map(child, "gid_map", "0 0 1");
	}
	hold(write(go[1], "", 1) == 1 && waitpid(child, &status, 0) == child, "waited");
	hold(WIFEXITED(status), "it has ended");
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

static void with_mapped_groups_the_reason_is_given(void **state)
{
	(void)state;
	on_ext4("", groups_have_other_numbers);
}

/* ---- Trees and their part of the tables ------------------------------------------------------ */

enum { APART = 150, PER_PART = 64 };

/* Directories of which each fills a part of the table, or more. */
static bool make_apart(int at)
{
	char name[64];
	for (int i = 0; i < APART; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		if (mkdirat(at, name, 0755))
			return false;
		for (int k = 0; k < PER_PART; k++) {
			snprintf(name, sizeof(name), "d%d/%d", i, k);
			if (!make_file(at, name, "", 0))
				return false;
		}
	}
	return true;
}

static void hold_to_the_end(const char *root, unsigned flags)
{
	const struct flist_collect_options options = {.flags = flags};
	struct flist_list *list = compare(root, &options, false);
	const struct flist_how *how = flist_list_how(list);
	hold(!COMPILED_IN || !how->why_not, "%s", how->why_not);
	hold(!COMPILED_IN || how->by_tables + 8 > flist_list_length(list), "%ju of %zu",
	     (uintmax_t)how->by_tables, flist_list_length(list));
	flist_list_free(list);
}

static void directories_lie_apart(const struct place *p)
{
	char below[PATH_MAX + 32];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(at >= 0 && make_apart(at) && make_dir(at, "below", make_apart), "made");
	snprintf(below, sizeof(below), "%s/below", p->root);
	sync();
	pause_ms(1100);
	for (unsigned flags = 0; flags <= FLIST_LAZY; flags += FLIST_LAZY) {
		hold_to_the_end(p->root, flags);
		hold_to_the_end(below, flags);
	}
	close(at);
}

static void directories_far_apart_in_the_table(void **state)
{
	(void)state;
	on_ext4("-N 32768", directories_lie_apart);
}

/* One file of each part of the table belongs to the tree. */
static void files_lie_apart(const struct place *p)
{
	char few[PATH_MAX + 32], name[64], other[64];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(at >= 0 && !mkdirat(at, "all", 0755) && !mkdirat(at, "few", 0755) &&
		     !mkdirat(at, "few/dir", 0755),
	     "made");
	for (int i = 0; i < APART * PER_PART; i++) {
		snprintf(name, sizeof(name), "all/%d", i);
		snprintf(other, sizeof(other), "few/%d", i);
		hold(make_file(at, name, "", 0), "made");
		hold(i % PER_PART || !renameat(at, name, at, other), "moved");
	}
	snprintf(few, sizeof(few), "%s/few", p->root);
	sync();
	pause_ms(1100);
	struct flist_list *list =
		collect(few, &(struct flist_collect_options){.threads.jobs = 1}, FLIST_BULK);
	const char *why_not = flist_list_how(list)->why_not;
	hold(!COMPILED_IN || (why_not && strstr(why_not, "too small")), "%s",
	     why_not ? why_not : "to the end");
	flist_list_free(list);
	hold_to_the_end(p->root, 0);
	close(at);
}

static void files_far_apart_in_the_table(void **state)
{
	(void)state;
	on_ext4("-N 32768", files_lie_apart);
}

/* The root is then read by calls, what is below it is not. */
static void mounted_directly_below(const struct place *p)
{
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	char path[PATH_MAX + 32];
	hold(make_tree(p->root), "the tree cannot be made");
	snprintf(path, sizeof(path), "%s/mounted", p->root);
	hold(!mkdir(path, 0755) && !mount("none", path, "tmpfs", 0, NULL), "mount");
	strcat(path, "/dir");
	hold(!mkdir(path, 0755), "mkdir");
	sync();
	pause_ms(1100);
	struct flist_list *list = compare(p->root, &lazy, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables + 8 > flist_list_length(list),
	     "%ju of %zu", (uintmax_t)flist_list_how(list)->by_tables, flist_list_length(list));
	flist_list_free(list);
}

static void a_lazy_walk_with_a_mount_below(void **state)
{
	(void)state;
	on_ext4("", mounted_directly_below);
}

enum { MANY = 30000, LITTLE = 48 << 20 };

/* What this process has mapped, bytes. */
static size_t mapped(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	hold(file && fscanf(file, "%lu", &pages) == 1, "statm");
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The names of a directory are taken from tables with more memory than a walk by calls needs. */
static void little_memory(const struct place *p)
{
	const struct flist_collect_options one_job = {.threads.jobs = 1};
	char path[PATH_MAX], name[256];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(at >= 0 && !mkdirat(at, "many", 0755) && make_file(at, "file", "", 0), "made");
	snprintf(path, sizeof(path), "%s/many", p->root);
	const int many = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%0255d", i);
		hold(!linkat(at, "file", many, name, 0), "%d: %s", i, strerror(errno));
	}
	sync();
	pause_ms(1100);
	const size_t limit = mapped() + LITTLE;
	hold(!setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}), "setrlimit");
	struct flist_list *list = collect(p->root, &one_job, FLIST_BULK);
	hold(flist_list_length(list) == MANY + 3, "%zu entries", flist_list_length(list));
	flist_list_free(list);
}

static void with_little_memory(void **state)
{
	(void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	skip_because("sanitizers map more than they may");
#endif
	on_ext4("-b 4096", little_memory);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static void changed_during_the_walk(void **state)
{
	(void)state;
	on_ext4("", changes_are_seen);
}

static void sizes_not_yet_written_to_the_device(void **state)
{
	(void)state;
	on_ext4("", unwritten_sizes_are_seen);
}

static void jobs_that_are_not_given_are_found(void **state)
{
	(void)state;
	on_ext4("", jobs_are_found);
}

/* ---- Elsewhere ------------------------------------------------------------------------------- */

static void other_filesystems_give_a_reason(void **state)
{
	struct scratch s;
	const char *why = NULL;
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_file(s.fd, "file", 3));
	assert_int_equal(flist_bulk_check(s.path, NULL, &why), -ENOTSUP);
	assert_non_null(why);
	if (!COMPILED_IN)
		assert_string_equal(why, "this build cannot read tables");
	assert_int_equal(flist_bulk_check("/nowhere", NULL, &why), -ENOENT);
	const struct flist_collect_options unknown = {.flags = 1 << 30};
	assert_int_equal(flist_bulk_check(s.path, &unknown, NULL), -EINVAL);
	struct flist_list *list;
	const struct flist_collect_options bulk = {.flags = FLIST_BULK};
	assert_int_equal(flist_collect(&list, s.path, &bulk), 0);
	assert_int_equal(flist_list_length(list), 1);
	assert_non_null(flist_list_how(list)->why_not);
	if (!COMPILED_IN)
		assert_string_equal(flist_list_how(list)->why_not, "this build cannot read tables");
	flist_list_free(list);
	assert_int_equal(flist_collect(&list, s.path, NULL), 0);
	assert_null(flist_list_how(list)->why_not);
	flist_list_free(list);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ext4_made_with_defaults),
		cmocka_unit_test(with_small_blocks_and_large_inodes),
		cmocka_unit_test(with_block_maps_and_small_inodes),
		cmocka_unit_test(without_file_types_and_indexes),
		cmocka_unit_test(with_clusters_and_more),
		cmocka_unit_test(with_inline_data),
		cmocka_unit_test(with_names_without_case),
		cmocka_unit_test(names_of_attributes),
		cmocka_unit_test(names_of_attributes_without_checksums),
		cmocka_unit_test(attribute_names_without_privilege),
		cmocka_unit_test(changing_attribute_names),
		cmocka_unit_test(other_options_of_the_walk),
		cmocka_unit_test(mounts_below_the_root),
		cmocka_unit_test(an_overlay_is_refused),
		cmocka_unit_test(a_device_without_its_node_is_refused),
		cmocka_unit_test(without_root_the_reason_is_given),
		cmocka_unit_test(with_mapped_groups_the_reason_is_given),
		cmocka_unit_test(directories_far_apart_in_the_table),
		cmocka_unit_test(files_far_apart_in_the_table),
		cmocka_unit_test(a_lazy_walk_with_a_mount_below),
		cmocka_unit_test(with_little_memory),
		cmocka_unit_test(changed_during_the_walk),
		cmocka_unit_test(sizes_not_yet_written_to_the_device),
		cmocka_unit_test(jobs_that_are_not_given_are_found),
		cmocka_unit_test(other_filesystems_give_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
