/*
 * Collecting from an xfs by bulkstat: the same list as by calls, of filesystems of several forms;
 * what bulkstat does not tell; and answers that are not as they should be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "strategies/flist/bulk/tables.h"
#include "strategies/flist/collect/bulk.h"
#include "tests/test.h"
#include "tests/unit/with_bulk.h"

/* ---- Answers that are made up ---------------------------------------------------------------- */

enum script { AS_IT_IS, FAILS, INTERRUPTED, TOO_MANY, BACKWARD, EMPTY, FEW, SCRIPTS, READS };

/* In place of what the kernel says, from a call on. */
static struct {
	enum script script;
	int error;
	unsigned from;
	long blocks; /* read by the calling thread, from each question to the next */
	_Atomic unsigned calls, inodes; /* of bulkstat */
	void (*before)(void);           /* called once, before the first bulkstat */
} made_up;

/* Where things are in a request and its answers, as the kernel has them. */
enum { BULKSTAT = 127, REQUEST_N = 16, REQUEST_SIZE = 64, ANSWER_SIZE = 192 };

static void put_n(char *request, uint32_t n)
{
	memcpy(request + REQUEST_N, &n, sizeof(n));
}

static uint32_t get_n(const char *request)
{
	uint32_t n;
	memcpy(&n, request + REQUEST_N, sizeof(n));
	return n;
}

static void move_back(char *request)
{
	for (uint32_t i = 0; i < get_n(request); i++) {
		uint64_t ino;
		char *at = request + REQUEST_SIZE + (size_t)i * ANSWER_SIZE;
		memcpy(&ino, at, sizeof(ino));
		ino -= 64;
		memcpy(at, &ino, sizeof(ino));
	}
}

static void make_up(char *request)
{
	if (made_up.script == TOO_MANY)
		put_n(request, UINT32_MAX);
	else if (made_up.script == BACKWARD)
		move_back(request);
	else if (made_up.script == EMPTY)
		put_n(request, 0);
	else if (made_up.script == FEW && get_n(request) > 3)
		put_n(request, 3);
}

/* Blocks that the calling thread has read from the device. */
static _Thread_local long blocks;

/* Stands in for the library's own. */
int getrusage(__rusage_who_t who, struct rusage *usage)
{
	const int ret = (int)syscall(SYS_getrusage, who, usage);
	usage->ru_inblock = blocks += made_up.blocks;
	return ret;
}

/* And this one. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	char *arg = va_arg(args, char *);
	va_end(args);
	const bool is_asked = _IOC_TYPE(request) == 'X' && _IOC_NR(request) == BULKSTAT;
	const unsigned call = is_asked ? atomic_fetch_add(&made_up.calls, 1) : 0;
	void (*const before)(void) = is_asked && call == 0 ? made_up.before : NULL;
	if (before)
		before();
	const bool is_made_up = is_asked && call >= made_up.from && made_up.script != AS_IT_IS;
	if (is_made_up &&
	    (made_up.script == FAILS || (made_up.script == INTERRUPTED && call % 2))) {
		errno = made_up.error;
		return -1;
	}
	blocks += is_made_up && made_up.script == READS;
	const int ret = (int)syscall(SYS_ioctl, fd, request, arg);
	if (!ret && is_asked)
		made_up.inodes += get_n(arg);
	if (!ret && is_made_up)
		make_up(arg);
	return ret;
}

/* ---- As by calls ----------------------------------------------------------------------------- */

static void an_xfs(void **state)
{
	(void)state;
	on("xfs", "", tree_is_the_same);
}

static void an_xfs_of_other_sizes(void **state)
{
	(void)state;
	on("xfs", "-b size=1024 -i size=512", tree_is_the_same);
}

static void an_old_xfs(void **state)
{
	(void)state;
	on("xfs", "-m crc=0 -n ftype=0", tree_is_the_same);
}

static void other_options_of_the_walk(void **state)
{
	(void)state;
	on("xfs", "", filter_and_each_and_lazy);
	on_part("xfs", "", filter_and_each_and_lazy);
}

static void mounts_below_an_xfs(void **state)
{
	(void)state;
	on("xfs", "", mounts_are_seen);
	on_part("xfs", "", mounts_are_seen);
}

static void late_without_privilege(const struct place *p)
{
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(at, "many", make_hundred_directories), "the tree cannot be made");
	hold(!fchmodat(at, "many", 0755, 0) && !fchmodat(at, "many/7", 0755, 0), "chmod");
	hold(!setgid(65534) && !setuid(65534), "setuid");
	bulk_calls_first = 50;
	const struct flist_collect_options alone = {.threads.jobs = 1};
	hold_refused(p->root, &alone, "CAP_SYS_ADMIN");
	close(at);
}

static void without_root_the_reason_is_given(void **state)
{
	(void)state;
	on("xfs", "", without_privilege);
	if (COMPILED_IN)
		on("xfs", "", late_without_privilege);
}

static void sizes_not_yet_written_to_an_xfs(void **state)
{
	(void)state;
	on("xfs", "", unwritten_sizes_are_seen);
	on_part("xfs", "", unwritten_sizes_are_seen);
}

static uint64_t highest_inode(const struct flist_list *list)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	uint64_t highest = 0;
	hold(!flist_cursor_open(&cursor, list), "no memory");
	while ((item = flist_cursor_next(cursor)))
		highest = item->meta->ino > highest ? item->meta->ino : highest;
	flist_cursor_close(cursor);
	return highest;
}

/* Directories go round the groups, the last of which have inodes beyond 32 bits. */
static void numbers_may_be_large(const struct place *p)
{
	char name[32];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		hold(!mkdirat(at, name, 0755), "mkdir");
		snprintf(name, sizeof(name), "d%d/in it", i);
		hold(make_file(at, name, "text", i), "file");
	}
	close(at);
	pause_ms(1100);
	struct flist_list *list = compare(p->root, NULL, true);
	hold(highest_inode(list) > UINT32_MAX, "%ju", (uintmax_t)highest_inode(list));
	flist_list_free(list);
}

static void inodes_beyond_32_bits(void **state)
{
	(void)state;
	on_large("xfs", 4U << 20, "-K -d agcount=5 -l size=64m", numbers_may_be_large);
}

/* ---- What bulkstat does not tell ------------------------------------------------------------- */

/* Where an inode holds its names or its target, bulkstat has no blocks, stat those of attributes.
 */
static void blocks_of_attributes_are_seen(const struct place *p)
{
	static const char value[9000];
	char dir[PATH_MAX + 16], link[PATH_MAX + 16], file[PATH_MAX + 16];
	snprintf(dir, sizeof(dir), "%s/dir", p->root);
	snprintf(link, sizeof(link), "%s/link", p->root);
	snprintf(file, sizeof(file), "%s/file", p->root);
	hold(!mkdir(dir, 0755) && !symlink("target", link) && scratch_file(AT_FDCWD, file, 1),
	     "mkdir");
	hold(!setxattr(dir, "user.large", value, sizeof(value), 0) &&
		     !lsetxattr(link, "trusted.large", value, sizeof(value), 0),
	     "setxattr: %s", strerror(errno));
	sync();
	pause_ms(1100);
	struct flist_list *list = compare(p->root, NULL, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables == 1, "the file only is by tables");
	flist_list_free(list);
}

static void attributes_that_take_blocks(void **state)
{
	(void)state;
	on("xfs", "", blocks_of_attributes_are_seen);
	on_part("xfs", "", blocks_of_attributes_are_seen);
}

/* ---- What changes ---------------------------------------------------------------------------- */

static void an_xfs_changed_during_the_walk(void **state)
{
	(void)state;
	on("xfs", "", changes_are_seen);
	on_part("xfs", "", changes_are_seen);
}

static int changed_at; /* directory of directories that change */

/* In each directory a file goes, and a new one gets its inode, when the kernel has freed it. */
static void exchange_files(void)
{
	char name[64];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "many/%d/50", i);
		hold(!unlinkat(changed_at, name, 0), "%s", name);
	}
	syncfs(changed_at);
	pause_ms(100);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "many/%d/new", i);
		hold(make_file(changed_at, name, "", 0), "%s", name);
		hold(!fchownat(changed_at, name, 4242, 4242, 0), "%s", name);
	}
	pause_ms(100);
}

/*
 * The names of a directory were read before the tables are opened, and its files change meanwhile:
 * a name that is gone does not get the metadata of another file.
 */
static void names_older_than_tables(const struct place *p)
{
	const struct flist_item *item;
	size_t n_new = 0;
	changed_at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(changed_at, "many", make_hundred_directories), "the tree cannot be made");
	sync();
	pause_ms(1100);
	bulk_calls_first = 500;
	made_up.calls = 0;
	made_up.before = exchange_files;
	struct flist_list *list =
		collect(p->root, &(struct flist_collect_options){.threads.jobs = 1}, FLIST_BULK);
	made_up.before = NULL;
	struct flist_cursor *cursor;
	hold(!flist_cursor_open(&cursor, list), "cursor");
	while ((item = flist_cursor_next(cursor))) {
		const bool is_new = strcmp(item->name, "new") == 0;
		hold(!item->meta || (item->meta->uid == 4242) == is_new, "%s", item->path);
		n_new += is_new;
	}
	hold(n_new > 0 && n_new < 100, "%zu: none or all are new", n_new);
	flist_cursor_close(cursor);
	flist_list_free(list);
	close(changed_at);
}

static void names_that_are_older_than_tables(void **state)
{
	(void)state;
	if (COMPILED_IN) {
		on("xfs", "", names_older_than_tables);
		on_part("xfs", "", names_older_than_tables);
	}
}

/* Nothing is written to the device, and all but sizes and blocks is there all the same. */
static void what_is_in_memory_is_seen(const struct place *p)
{
	const struct flist_collect_options o = {.flags = FLIST_NO_SYNC};
	char name[32];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(at, "nested", make_nested), "the tree cannot be made");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		hold(make_file(at, name, "", 0) && !fchmodat(at, name, 0600 + (mode_t)i % 64, 0) &&
			     !fchownat(at, name, (uid_t)i, 7, 0),
		     "file");
	}
	hold(!fchmodat(at, "nested/kinds/empty", 0421, 0) && !unlinkat(at, "nested/a/in", 0),
	     "changed");
	pause_ms(50);
	struct flist_list *a = collect(p->root, &o, FLIST_BULK), *b;
	hold(!COMPILED_IN || flist_list_how(a)->by_tables >= 300, "by tables");
	sync();
	pause_ms(50);
	b = collect(p->root, NULL, 0);
	hold(flist_list_length(a) == flist_list_length(b), "all names");
	flist_list_free(a);
	a = collect(p->root, &o, FLIST_BULK);
	hold_same_lists(a, b);
	flist_list_free(a);
	flist_list_free(b);
	/* The size that the device has of it is another one. */
	hold(make_file(at, "file-7", "text", 100000), "write");
	a = collect(p->root, &o, FLIST_BULK);
	b = collect(p->root, NULL, 0);
	hold_same_lists(a, b);
	flist_list_free(a);
	flist_list_free(b);
	close(at);
}

static void metadata_not_yet_written(void **state)
{
	(void)state;
	on("xfs", "", what_is_in_memory_is_seen);
	on_part("xfs", "", what_is_in_memory_is_seen);
}

/* ---- Parts of a filesystem ------------------------------------------------------------------- */

enum { FILES = 2000, HUNDREDS = 100 * 100 };

/* Files of a directory, of which one in so many has a link in another one, which is made, too. */
static void make_links(int at, const char *all, const char *part, int every)
{
	char from[64], to[64];
	hold(!mkdirat(at, part, 0755), "%s", part);
	for (int i = 0; i < FILES; i += every) {
		snprintf(from, sizeof(from), "%s/%d", all, i);
		snprintf(to, sizeof(to), "%s/%d", part, i);
		hold(!linkat(at, from, at, to, 0), "%s", to);
	}
}

static void make_parts(const struct place *p)
{
	char name[64];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(at, "many", make_hundred_directories), "the tree cannot be made");
	hold(!mkdirat(at, "all", 0755), "mkdir");
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "all/%d", i);
		hold(make_file(at, name, "", 0), "%s", name);
	}
	make_links(at, "all", "one_in_1", 1);
	make_links(at, "all", "one_in_2", 2);
	make_links(at, "all", "one_in_8", 8);
	close(at);
	sync();
	pause_ms(1100);
}

/* Lists a part with one job, as by calls. Returns how many of its entries came from tables. */
static uintmax_t list_part(const struct place *p, const char *name, const char *why_not)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/%s", p->root, name);
	struct flist_list *calls = collect(path, NULL, 0);
	made_up.inodes = 0;
	struct flist_list *bulk =
		collect(path, &(struct flist_collect_options){.threads.jobs = 1}, FLIST_BULK);
	const struct flist_how how = *flist_list_how(bulk);
	hold_same_lists(bulk, calls);
	hold(how.bulk && !why_not == !how.why_not, "%s: %s", name,
	     how.why_not ? how.why_not : "no reason");
	hold(!why_not || strstr(how.why_not, why_not), "%s: %s", name, how.why_not);
	flist_list_free(bulk);
	flist_list_free(calls);
	return how.by_tables;
}

/*
 * Of a part of a filesystem, the inodes of large directories are read, if their numbers are near
 * each other, and few others: one for the root, one to find the root of the filesystem.
 */
static void parts_are_read_in_runs(const struct place *p)
{
	uintmax_t n;
	make_parts(p);
	bulk_run_least = 32;
	n = list_part(p, "many", "large directories");
	hold(n >= HUNDREDS / 10 * 9 && n <= HUNDREDS + 100, "%ju of many", n);
	hold(made_up.inodes <= n + n / 8, "%u read for %ju", made_up.inodes, n);
	n = list_part(p, "one_in_1", NULL);
	hold(n == FILES, "%ju of one in 1", n);
	n = list_part(p, "one_in_2", "adjacent inode numbers");
	hold(n == 0 && made_up.inodes <= 3, "%ju of one in 2, %u read", n, made_up.inodes);
	n = list_part(p, "one_in_8", "adjacent inode numbers");
	hold(n == 0 && made_up.inodes <= 3, "%ju of one in 8, %u read", n, made_up.inodes);
	bulk_run_least = 64;
	n = list_part(p, "many/0", "large directories");
	hold(n == 0 && made_up.inodes <= 3, "%ju of a small one, %u read", n, made_up.inodes);
	bulk_run_least = 1;
	n = list_part(p, "one_in_8", NULL);
	hold(n == FILES / 8, "%ju of one in 8, each alone", n);
}

static void large_directories_of_a_part(const struct place *p)
{
	bulk_run_least = 32;
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(1100);
	flist_list_free(compare(p->root, NULL, false));
}

static void a_part_of_an_xfs(void **state)
{
	(void)state;
	on_part("xfs", "", tree_is_the_same);
	on_part("xfs", "", large_directories_of_a_part);
}

static enum flist_choice keep_few(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	(void)worker;
	return item->type == S_IFREG && atoi(item->name) % 16 ? FLIST_SKIP : FLIST_KEEP;
}

/* With a filter, a whole filesystem is read as a part is: most inodes may not be needed. */
static void what_a_filter_skips_is_not_read(const struct place *p)
{
	make_parts(p);
	bulk_run_least = 32;
	made_up.inodes = 0;
	struct flist_list *list =
		collect(p->root, &(struct flist_collect_options){.filter = keep_few}, FLIST_BULK);
	hold(made_up.inodes <= 3 && flist_list_length(list) > 700, "%u inodes for %zu entries",
	     made_up.inodes, flist_list_length(list));
	const char *why_not = flist_list_how(list)->why_not;
	hold(why_not && strstr(why_not, "with a filter"), "%s", why_not ? why_not : "no reason");
	flist_list_free(list);
}

static void a_part_is_read_in_runs(void **state)
{
	(void)state;
	if (COMPILED_IN) {
		on("xfs", "", parts_are_read_in_runs);
		on("xfs", "", what_a_filter_skips_is_not_read);
	}
}

/* The job that reads a large directory hands its names over, so it lists none of them itself. */
static void one_directory_is_read_from_tables(const struct place *p)
{
	const struct flist_collect_options two = {.threads.jobs = 2};
	char name[64];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < HUNDREDS; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		hold(make_file(at, name, "", 0), "%s", name);
	}
	close(at);
	sync();
	pause_ms(1100);
	bulk_calls_first = 1024;
	bulk_run_least = 32;
	struct flist_list *list = collect(p->root, &two, FLIST_BULK);
	const struct flist_how *how = flist_list_how(list);
	hold(how->by_tables >= HUNDREDS / 3, "%ju: %s", (uintmax_t)how->by_tables,
	     how->why_not ? how->why_not : "no reason");
	flist_list_free(list);
}

static void one_large_directory(void **state)
{
	(void)state;
	if (COMPILED_IN) {
		on("xfs", "", one_directory_is_read_from_tables);
		on_part("xfs", "", one_directory_is_read_from_tables);
	}
}

static bool has_all(const struct place *p, const char *name)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/%s", p->root, name);
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(fd >= 0, "%s", path);
	const bool has = flist_xfs_has_all(fd) > 0;
	close(fd);
	return has;
}

static void directories_beside_it_are_seen(const struct place *p)
{
	char name[64], bound[PATH_MAX + 16], path[PATH_MAX + 16];
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(!mkdirat(at, "a", 0755) && !mkdirat(at, "a/b", 0755), "mkdir");
	hold(!mkdirat(at, "a/b/c", 0755) && !mkdirat(at, "a/b/d", 0755), "mkdir");
	hold(make_file(at, "a/file", "", 0), "file");
	hold(has_all(p, "") && has_all(p, "a") && has_all(p, "a/b"), "nothing is beside them");
	hold(!has_all(p, "a/b/c") && !has_all(p, "a/b/d"), "another is");
	hold(snprintf(bound, sizeof(bound), "%s/bound", p->scratch.path) > 0 && !mkdir(bound, 0755),
	     "mkdir");
	snprintf(path, sizeof(path), "%s/a/b", p->root);
	hold(!mount(path, bound, NULL, MS_BIND, NULL), "bind");
	hold(!has_all(p, "../bound"), "what is beside a mount cannot be seen");
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "a/%d", i);
		hold(make_file(at, name, "", 0), "file");
	}
	hold(has_all(p, "a") && !has_all(p, "a/b"), "of many names not all are read");
	close(at);
}

/* On a filesystem with a stripe unit, later inodes have lower numbers than the root. */
static void root_is_not_the_lowest(const struct place *p)
{
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(at, "many", make_hundred_directories), "the tree cannot be made");
	hold(has_all(p, "") && has_all(p, "many") && !has_all(p, "many/0"), "the root is found");
	close(at);
}

static void a_directory_that_has_all(void **state)
{
	(void)state;
	if (COMPILED_IN) {
		on("xfs", "", directories_beside_it_are_seen);
		on_large("xfs", 640, "-d su=128k,sw=4 -l size=64m", root_is_not_the_lowest);
	}
}

/* ---- Answers that are not as they should be -------------------------------------------------- */

/* Whatever bulkstat says from its first, second or fifth call on: the list is the same. */
static void answers_are_not_believed(const struct place *p)
{
	static const unsigned from[] = {0, 1, 5};
	static const int errors[] = {EIO, ENOMEM, EPERM, ENOTTY};
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(1100);
	struct flist_list *b = collect(p->root, NULL, 0);
	for (unsigned i = 0; COMPILED_IN && i < SCRIPTS * 3 * 4; i++) {
		made_up.script = i % SCRIPTS;
		made_up.from = from[i / SCRIPTS % 3];
		made_up.error = made_up.script == INTERRUPTED ? EINTR : errors[i / SCRIPTS / 3];
		made_up.calls = 0;
		struct flist_list *a = collect(p->root, NULL, FLIST_BULK);
		const struct flist_how *how = flist_list_how(a);
		hold_same_lists(a, b);
		hold(how->by_tables + DEVICES >= flist_list_length(a) ||
			     (made_up.script != AS_IT_IS && made_up.script != INTERRUPTED),
		     "script %d: %ju", (int)made_up.script, (uintmax_t)how->by_tables);
		if (made_up.from == 0 && (made_up.script == FAILS || made_up.script == TOO_MANY))
			hold(!how->bulk && strstr(how->why_not, "bulkstat"), "a reason");
		flist_list_free(a);
	}
	flist_list_free(b);
}

static void invalid_answers_of_the_kernel(void **state)
{
	(void)state;
	on("xfs", "", answers_are_not_believed);
	on_part("xfs", "", answers_are_not_believed);
}

/* Inodes that come from a device: the kernel makes them for one answer, and throws them away. */
static void inodes_are_not_in_memory(const struct place *p)
{
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(1100);
	struct flist_list *calls = collect(p->root, NULL, 0);
	const struct flist_collect_options alone = {.threads.jobs = 1};
	made_up.script = READS;
	made_up.from = 0;
	struct flist_list *bulk = collect(p->root, &alone, FLIST_BULK);
	const struct flist_how *how = flist_list_how(bulk);
	hold_same_lists(bulk, calls);
	hold(how->why_not && strstr(how->why_not, "not cached"), "%s",
	     how->why_not ? how->why_not : "no reason");
	hold(how->by_tables + 100 < flist_list_length(bulk), "%ju by tables",
	     (uintmax_t)how->by_tables);
	flist_list_free(bulk);
	flist_list_free(calls);
}

/* The same list as by calls, from tables if the inodes are cached. */
static struct flist_list *compare_cached(const char *root, bool cached)
{
	const struct flist_collect_options alone = {.threads.jobs = 1};
	struct flist_list *calls = collect(root, NULL, 0);
	struct flist_list *bulk = collect(root, &alone, FLIST_BULK);
	const struct flist_how *how = flist_list_how(bulk);
	hold_same_lists(bulk, calls);
	hold(cached == (how->bulk && how->by_tables > 0), "%ju by tables",
	     (uintmax_t)how->by_tables);
	hold(cached || strstr(how->why_not, "not cached"), "%s", how->why_not);
	flist_list_free(calls);
	return bulk;
}

/* If the first system calls have read inodes from the device, bulkstat is not even tried. */
static void calls_read_from_the_device(const struct place *p)
{
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(1100);
	bulk_calls_first = 100;
	for (made_up.blocks = 0; COMPILED_IN && made_up.blocks <= 10000; made_up.blocks += 10000) {
		made_up.calls = 0;
		flist_list_free(compare_cached(p->root, made_up.blocks == 0));
		hold(!made_up.calls == (made_up.blocks > 0), "%u calls", made_up.calls);
	}
	made_up.blocks = 0;
}

static void inodes_that_calls_read_from_the_device(void **state)
{
	(void)state;
	on("xfs", "", calls_read_from_the_device);
	on_part("xfs", "", calls_read_from_the_device);
}

static void inodes_not_in_memory(void **state)
{
	(void)state;
	if (COMPILED_IN) {
		on("xfs", "", inodes_are_not_in_memory);
		on_part("xfs", "", inodes_are_not_in_memory);
	}
}

/* ---- Small trees ----------------------------------------------------------------------------- */

static bool make_thousands(int at)
{
	return make_dir(at, "few", make_hundred_files) &&
	       make_dir(at, "many", make_hundred_directories) && make_dir(at, "large", make_large);
}

/* Lists a tree below the root. Returns how many entries came from tables. */
static size_t by_tables(const struct place *p, const char *name, unsigned jobs)
{
	char root[PATH_MAX + 16];
	const struct flist_collect_options o = {.threads.jobs = jobs};
	snprintf(root, sizeof(root), "%s/%s", p->root, name);
	made_up.calls = 0;
	struct flist_list *list = collect(root, &o, FLIST_BULK);
	struct flist_list *calls = collect(root, &o, 0);
	hold_same_lists(list, calls);
	const struct flist_how how = *flist_list_how(list);
	hold(how.bulk || !how.by_tables, "%s: %ju by tables", name, (uintmax_t)how.by_tables);
	hold(how.bulk || strstr(how.why_not, "so small") ||
		     strstr(how.why_not, "few large directories"),
	     "%s: %s", name, how.why_not);
	flist_list_free(list);
	flist_list_free(calls);
	return how.by_tables;
}

static void small_trees_are_listed_by_calls(const struct place *p)
{
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(at, "all", make_thousands), "the tree cannot be made");
	close(at);
	sync();
	pause_ms(1100);
	bulk_calls_first = 500;
	for (unsigned jobs = 1; jobs <= 2 && COMPILED_IN; jobs++) {
		hold(by_tables(p, "all/few", jobs) == 0, "a hundred entries");
		/* Of two jobs, one continues by calls while the other opens the tables. */
		const size_t most = 10100, least = jobs > 1 ? 1 : most - 1400;
		size_t n = by_tables(p, "all/many", jobs);
		hold(n >= least && n < most - 200, "%u jobs: %zu by tables", jobs, n);
		n = by_tables(p, "all", jobs);
		hold(n > 0 || jobs > 1, "%u jobs: %zu of the whole", jobs, n);
	}
	bulk_run_least = 200;
	hold(!COMPILED_IN || by_tables(p, "all/many", 1) == 0, "no directory is large enough");
	hold(!COMPILED_IN || made_up.calls == 1, "%u calls to know that", made_up.calls);
	bulk_calls_first = 100 * 1000;
	hold(!COMPILED_IN || by_tables(p, "all", 1) == 0, "not even ten thousand");
}

static void a_small_tree_is_listed_by_calls(void **state)
{
	(void)state;
	on("xfs", "", small_trees_are_listed_by_calls);
}

/* Reads a name of the directory and fetches its metadata by number, as for a buffer taken over. */
static void ask_first_name(struct flist_walker *w, int fd)
{
	char buffer[4096];
	struct flist_meta meta;
	struct stat st;
	const long used = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));
	hold(used > 0 && !flist_names_gather(&w->names, buffer, (size_t)used), "%ld bytes", used);
	const struct flist_name *name = &w->names.all[0];
	hold(!flist_bulk_read_inodes(w), "no inodes");
	hold(!flist_bulk_ask_inode(w, fd, name, &meta), "%s", name->text);
	hold(!fstatat(fd, name->text, &st, AT_SYMLINK_NOFOLLOW), "%s", name->text);
	hold(meta.ino == st.st_ino && meta.mode == st.st_mode, "%s", name->text);
}

static void job_began_before_tables_were_open(const struct place *p)
{
	const struct flist_collect_options o = {.flags = FLIST_BULK, .threads.jobs = 2};
	struct flist_walk *walk;
	hold(make_tree(p->root), "the tree cannot be made");
	const int fd = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bulk_calls_first = 100 * 1000;
	hold(!flist_walk_new(&walk, p->root, &o, true), "no walk");
	struct flist_walker *w = flist_walker_begin(walk, 1);
	hold(!flist_bulk_trusts(w, &walk->root->node, fd, 4096), "tables are open");
	hold(!flist_bulk_open(walk), "%s", walk->why_not);
	ask_first_name(w, fd);
	flist_walk_free(walk);
	close(fd);
}

static void a_job_that_began_before_tables_were_open(void **state)
{
	(void)state;
	if (COMPILED_IN) {
		on("xfs", "", job_began_before_tables_were_open);
		on_part("xfs", "", job_began_before_tables_were_open);
	}
}

static void jobs_that_are_not_given_are_found(void **state)
{
	(void)state;
	on("xfs", "", jobs_are_found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inodes_not_in_memory),
		cmocka_unit_test(inodes_that_calls_read_from_the_device),
		cmocka_unit_test(an_xfs),
		cmocka_unit_test(an_xfs_of_other_sizes),
		cmocka_unit_test(an_old_xfs),
		cmocka_unit_test(other_options_of_the_walk),
		cmocka_unit_test(mounts_below_an_xfs),
		cmocka_unit_test(without_root_the_reason_is_given),
		cmocka_unit_test(sizes_not_yet_written_to_an_xfs),
		cmocka_unit_test(inodes_beyond_32_bits),
		cmocka_unit_test(attributes_that_take_blocks),
		cmocka_unit_test(an_xfs_changed_during_the_walk),
		cmocka_unit_test(metadata_not_yet_written),
		cmocka_unit_test(a_part_is_read_in_runs),
		cmocka_unit_test(a_part_of_an_xfs),
		cmocka_unit_test(one_large_directory),
		cmocka_unit_test(a_directory_that_has_all),
		cmocka_unit_test(names_that_are_older_than_tables),
		cmocka_unit_test(invalid_answers_of_the_kernel),
		cmocka_unit_test(a_small_tree_is_listed_by_calls),
		cmocka_unit_test(a_job_that_began_before_tables_were_open),
		cmocka_unit_test(jobs_that_are_not_given_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
