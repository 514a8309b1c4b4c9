#include "tests/unit/with_bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "strategies/flist/collect/bulk.h"
#include "tests/loop.h"
#include "tests/test.h"

/* The inode of a place for a subvolume: it is made, with its times, when it is asked for. */
enum { EMPTY_SUBVOLUME = 2 };

static size_t devices; /* on the filesystem of the test */
static bool is_part;   /* the place is a part of the filesystem */

size_t bulk_calls_first = 1024, bulk_run_least = 32;

/* Stand in for the library's own. */
size_t flist_bulk_calls_first(void)
{
	return bulk_calls_first;
}

size_t flist_bulk_run_least(void)
{
	return bulk_run_least;
}

/* ---- Trees ----------------------------------------------------------------------------------- */

int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void pause_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	nanosleep(&time, NULL);
}

bool make_file(int at, const char *name, const char *text, off_t offset)
{
	const int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	const ssize_t len = (ssize_t)strlen(text);
	const bool made = fd >= 0 && pwrite(fd, text, (size_t)len, offset) == len;
	if (fd >= 0)
		close(fd);
	return made;
}

/* Files with times before 1970 and after 2038, owners beyond 16 bits, holes, every type. */
static bool make_kinds(int at)
{
	const struct timespec early[2] = {{-86400, 123456789}, {-1000000000, 999999999}};
	const struct timespec late[2] = {{4294967296, 1}, {9000000000, 500000000}};
	char target[201];
	memset(target, 't', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	return make_file(at, "empty", "", 0) && make_file(at, "small", "text", 0) &&
	       make_file(at, "hole", "end", 1 << 26) && make_file(at, "other", "x", 0) &&
	       !linkat(at, "small", at, "link", 0) && !symlinkat("small", at, "short") &&
	       !symlinkat(target, at, "long") && !mkfifoat(at, "fifo", 0600) &&
	       !mknodat(at, "socket", S_IFSOCK | 0600, 0) &&
	       !mknodat(at, "null", S_IFCHR | 0666, makedev(1, 3)) &&
	       !mknodat(at, "disk", S_IFBLK | 0660, makedev(259, 70000)) &&
	       !fchownat(at, "other", 3000000000U, 70000, 0) && !fchmodat(at, "other", 06755, 0) &&
	       !utimensat(at, "empty", early, 0) && !utimensat(at, "other", late, 0);
}

bool make_large(int at)
{
	char name[300];
	for (int i = 0; i < LARGE; i++) {
		const int len = snprintf(name, sizeof(name), "%d-", i);
		memset(name + len, 'n', (size_t)(i % 60));
		name[len + i % 60] = '\0';
		if (!make_file(at, name, "", 0))
			return false;
	}
	for (int i = 0; i < LARGE; i += 7) {
		const int len = snprintf(name, sizeof(name), "%d-", i);
		memset(name + len, 'n', (size_t)(i % 60));
		name[len + i % 60] = '\0';
		if (unlinkat(at, name, 0))
			return false;
	}
	return true;
}

bool make_dir(int at, const char *name, bool (*make)(int at))
{
	if (mkdirat(at, name, 0750))
		return false;
	const int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool made = fd >= 0 && make(fd);
	if (fd >= 0)
		close(fd);
	return made;
}

bool make_nested(int at)
{
	char name[256];
	memset(name, 'l', 255);
	name[255] = '\0';
	return make_file(at, name, "1", 0) && make_dir(at, "kinds", make_kinds) &&
	       mkdirat(at, "a", 0700) == 0 && make_file(at, "a-", "", 0) &&
	       make_file(at, "a/in", "", 0) && make_file(at, "a0", "", 0);
}

static bool make_chain(int at)
{
	return scratch_chain(at, 20);
}

bool make_tree(const char *where)
{
	const int at = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool made = at >= 0 && make_dir(at, "nested", make_nested) &&
			  make_dir(at, "large", make_large) && make_dir(at, "chain", make_chain);
	if (at >= 0)
		close(at);
	return made;
}

/* ---- Filesystems and lists ------------------------------------------------------------------- */

/* MiB, the least that its mkfs takes. */
static unsigned size_of(const char *type)
{
	if (strcmp(type, "xfs") == 0)
		return 320;
	return strcmp(type, "ext4") == 0 ? 64 : 256;
}

/* Makes a directory the place, and another one beside it. */
static bool make_part(struct place *p)
{
	const size_t len = strlen(p->root);
	snprintf(p->root + len, sizeof(p->root) - len, "/beside");
	const bool made = mkdir(p->root, 0755) == 0;
	snprintf(p->root + len, sizeof(p->root) - len, "/part");
	return made && mkdir(p->root, 0755) == 0;
}

void on_part(const char *type, const char *options, void (*test)(const struct place *place))
{
	is_part = true; /* until the test begins, which may skip or fail */
	on(type, options, test);
}

void on(const char *type, const char *options, void (*test)(const struct place *place))
{
	on_large(type, size_of(type), options, test);
}

void on_large(const char *type, unsigned mebibytes, const char *options,
	      void (*test)(const struct place *place))
{
	struct place p = {.type = type};
	const bool of_part = is_part;
	int status;
	is_part = false;
	devices = strcmp(type, "xfs") == 0 ? DEVICES : 0;
	if (geteuid())
		skip_because("needs root");
	assert_true(scratch_make(&p.scratch));
	snprintf(p.root, sizeof(p.root), "%.200s/fs", p.scratch.path);
	fflush(NULL);
	const pid_t child = fork();
	if (child == 0) {
		int error = mkdir(p.root, 0755) ? -errno : loop_privacy();
		if (!error)
			error = loop_mount(type, p.root, "/dev/shm", mebibytes, options);
		if (error)
			_exit(77);
		bulk_calls_first = 0; /* small trees are enough, */
		bulk_run_least = 1;   /* and small directories */
		hold(!of_part || make_part(&p), "the part cannot be made");
		test(&p);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	scratch_remove(&p.scratch);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip_because("no such %s can be mounted here: %s", type, options);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

struct flist_list *collect(const char *root, const struct flist_collect_options *options,
			   unsigned flags)
{
	struct flist_collect_options o = {.flags = 0};
	struct flist_list *list;
	if (options)
		o = *options;
	o.flags |= flags;
	const int ret = flist_collect(&list, root, &o);
	hold(ret == 0, "%s", strerror(-ret));
	return list;
}

static void hold_same_attributes(const char *path, const struct flist_extra *a,
				 const struct flist_extra *b)
{
	hold(!a == !b, "%s: only one has extra", path);
	if (!a)
		return;
	hold(a->valid == b->valid && a->status[0] == b->status[0], "%s: %x, not %x", path, a->valid,
	     b->valid);
	hold(a->acl == b->acl && a->n_xattrs == b->n_xattrs, "%s: %zu attributes, not %zu", path,
	     a->n_xattrs, b->n_xattrs);
	for (size_t i = 0; i < a->n_xattrs; i++)
		hold(strcmp(a->xattrs[i].name, b->xattrs[i].name) == 0, "%s: %s, not %s", path,
		     a->xattrs[i].name, b->xattrs[i].name);
}

/* What has changed since then may be as it was before. */
static void hold_same(const struct flist_item *a, const struct flist_item *b, int64_t since_ns)
{
	struct flist_meta x, y;
	hold(strcmp(a->path, b->path) == 0, "%s, not %s", a->path, b->path);
	hold(a->status == b->status && a->type == b->type && a->depth == b->depth, "%s", a->path);
	if (!a->meta || b->meta->ctime_ns >= since_ns)
		return;
	hold_same_attributes(a->path, a->extra, b->extra);
	x = *a->meta;
	y = *b->meta;
	x.atime_ns = y.atime_ns = 0; /* of directories that the other walk has read */
	if (x.ino == EMPTY_SUBVOLUME)
		y.mtime_ns = x.mtime_ns, y.ctime_ns = x.ctime_ns, y.btime_ns = x.btime_ns;
	hold(memcmp(&x, &y, sizeof(x)) == 0,
	     "%s: size %ju %ju blocks %ju %ju valid %x %x mode %o %o rdev %jx %jx ctime %jd %jd",
	     a->path, (uintmax_t)x.size, (uintmax_t)y.size, (uintmax_t)x.blocks,
	     (uintmax_t)y.blocks, x.valid, y.valid, x.mode, y.mode, (uintmax_t)x.rdev,
	     (uintmax_t)y.rdev, (intmax_t)x.ctime_ns, (intmax_t)y.ctime_ns);
}

void hold_same_since(const struct flist_list *a, const struct flist_list *b, int64_t since_ns)
{
	struct flist_cursor *ca, *cb;
	const struct flist_item *x, *y;
	size_t na, nb;
	const struct flist_failure *fa = flist_list_failures(a, &na);
	const struct flist_failure *fb = flist_list_failures(b, &nb);
	hold(!flist_cursor_open(&ca, a) && !flist_cursor_open(&cb, b), "no memory");
	do {
		x = flist_cursor_next(ca);
		y = flist_cursor_next(cb);
		hold(!x == !y, "one list goes on with %s", x ? x->path : y ? y->path : "");
		if (x && y)
			hold_same(x, y, since_ns);
	} while (x && y);
	flist_cursor_close(ca);
	flist_cursor_close(cb);
	hold(na == nb, "%zu failures, not %zu", na, nb);
	for (size_t i = 0; i < na; i++)
		hold(strcmp(fa[i].path, fb[i].path) == 0 && fa[i].error == fb[i].error, "%s, %s",
		     fa[i].path, fb[i].path);
}

void hold_same_lists(const struct flist_list *a, const struct flist_list *b)
{
	hold_same_since(a, b, INT64_MAX);
}

struct flist_list *compare(const char *root, const struct flist_collect_options *options, bool all)
{
	static const unsigned jobs[] = {1, 2, 0};
	struct flist_list *bulk = NULL;
	for (int i = 0; i < 3; i++) {
		struct flist_collect_options o = {.flags = 0};
		if (options)
			o = *options;
		o.threads.jobs = jobs[i];
		flist_list_free(bulk);
		bulk = collect(root, &o, FLIST_BULK);
		struct flist_list *calls = collect(root, &o, 0);
		hold_same_lists(bulk, calls);
		const struct flist_how *how = flist_list_how(bulk);
		hold(how->bulk == COMPILED_IN, "%s", how->why_not ? how->why_not : "");
		hold(!COMPILED_IN || !all || how->by_tables + devices >= flist_list_length(bulk),
		     "%ju of %zu by tables", (uintmax_t)how->by_tables, flist_list_length(bulk));
		hold(flist_list_how(calls)->bulk == 0 && flist_list_how(calls)->by_tables == 0,
		     "bulk without being asked for");
		flist_list_free(calls);
	}
	return bulk;
}

/* ---- What holds of every filesystem ---------------------------------------------------------- */

void tree_is_the_same(const struct place *p)
{
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(1100); /* longer than the coarsest time, so nothing seems to be changing */
	flist_list_free(compare(p->root, NULL, true));
	const struct flist_collect_options more = {
		.fields = FLIST_BASIC | FLIST_BTIME | FLIST_MNT_ID, .flags = FLIST_ONE_FILESYSTEM};
	flist_list_free(compare(p->root, &more, true));
	const struct flist_collect_options few = {.fields = FLIST_SIZE};
	flist_list_free(compare(p->root, &few, true));
	const struct flist_collect_options ordered = {.order = FLIST_BY_INODE | FLIST_BREADTH};
	flist_list_free(compare(p->root, &ordered, true));
}

bool make_hundred_files(int at)
{
	char name[16];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (!make_file(at, name, "", 0))
			return false;
	}
	return true;
}

bool make_hundred_directories(int at)
{
	char name[16];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (!make_dir(at, name, make_hundred_files))
			return false;
	}
	return true;
}

static void count_decision(void *arg, const struct flist_decision *decision)
{
	unsigned *jobs = arg;
	if (*jobs < decision->jobs)
		*jobs = decision->jobs;
}

void jobs_are_found(const struct place *p)
{
	unsigned jobs = 0;
	const struct flist_collect_options found = {
		.threads = {.cpus = 2, .most = 2, .decided = count_decision, .arg = &jobs}};
	const int at = open(p->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hold(make_dir(at, "many", make_hundred_directories), "the tree cannot be made");
	close(at);
	sync();
	pause_ms(1100);
	struct flist_list *list = collect(p->root, &found, FLIST_BULK);
	hold(flist_list_how(list)->bulk == COMPILED_IN, "%s", flist_list_how(list)->why_not);
	hold(jobs == 2, "%u jobs", jobs);
	flist_list_free(list);
}

static enum flist_choice filter(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	(void)worker;
	if (strcmp(item->name, "kinds") == 0)
		return FLIST_PRUNE;
	return strncmp(item->path, "large/1", 7) == 0 ? FLIST_SKIP : FLIST_KEEP;
}

struct told {
	_Atomic uint64_t n, bytes, depth;
};

static int tell(void *arg, unsigned worker, const struct flist_item *item)
{
	struct told *told = arg;
	(void)worker;
	told->n++;
	told->bytes += item->path_len + (item->meta ? item->meta->size : 0);
	told->depth += item->depth;
	return strlen(item->path) == item->path_len ? 0 : -EINVAL;
}

void filter_and_each_and_lazy(const struct place *p)
{
	struct told tables = {0}, calls = {0};
	struct flist_collect_options o = {.filter = filter, .each = tell, .arg = &tables};
	char below[PATH_MAX + 32];
	hold(make_tree(p->root), "the tree cannot be made");
	pause_ms(100);
	struct flist_list *a = collect(p->root, &o, FLIST_BULK);
	o.arg = &calls;
	struct flist_list *b = collect(p->root, &o, 0);
	hold_same_lists(a, b);
	hold(tables.n == calls.n && tables.bytes == calls.bytes && tables.depth == calls.depth,
	     "%ju, not %ju", (uintmax_t)tables.n, (uintmax_t)calls.n);
	hold(tables.n == flist_list_length(a), "each was called so often");
	flist_list_free(a);
	flist_list_free(b);
	o.arg = &tables;
	tables.n = 0;
	hold(flist_collect(NULL, p->root,
			   &(struct flist_collect_options){
				   .flags = FLIST_BULK, .each = tell, .arg = &tables}) == 0,
	     "without a list");
	hold(tables.n > calls.n, "all was told");
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	if (strcmp(p->type, "xfs") == 0 && COMPILED_IN) {
		hold_refused(p->root, &lazy, "only types");
		return;
	}
	a = compare(p->root, &lazy, true);
	b = collect(p->root, NULL, 0);
	hold(flist_list_fetch(a, NULL) == 0, "fetched later");
	hold_same_lists(a, b);
	flist_list_free(a);
	flist_list_free(b);
	snprintf(below, sizeof(below), "%s/nested/kinds", p->root);
	flist_list_free(compare(below, NULL, true));
}

void hold_refused(const char *root, const struct flist_collect_options *options, const char *words)
{
	const char *why;
	hold(flist_bulk_check(root, options, &why) == -ENOTSUP && why && strstr(why, words), "%s",
	     why ? why : "it is not");
	struct flist_list *list = collect(root, options, FLIST_BULK);
	const struct flist_how *how = flist_list_how(list);
	hold(!how->bulk && how->why_not && strstr(how->why_not, words) && !how->by_tables, "%s",
	     how->why_not ? how->why_not : "no reason");
	flist_list_free(list);
}

void mounts_are_seen(const struct place *p)
{
	char path[PATH_MAX + 64], from[PATH_MAX + 64];
	hold(make_tree(p->root), "the tree cannot be made");
	snprintf(path, sizeof(path), "%s/nested/a", p->root);
	hold(!mount("none", path, "tmpfs", 0, NULL), "mount: %s", strerror(errno));
	strcat(path, "/with \\space");
	hold(!mkdir(path, 0755) && !mount("none", path, "tmpfs", 0, NULL), "mount");
	strcat(path, "/on top");
	hold(!mkdir(path, 0700), "mkdir");
	snprintf(path, sizeof(path), "%s/nested/kinds/small", p->root);
	hold(!mount("/dev/null", path, NULL, MS_BIND, NULL), "bind");
	pause_ms(100);
	struct flist_list *list = compare(p->root, NULL, false);
	hold(!COMPILED_IN || flist_list_how(list)->by_tables + 40 > flist_list_length(list),
	     "only few are asked");
	flist_list_free(list);
	const struct flist_collect_options one = {.flags = FLIST_ONE_FILESYSTEM};
	flist_list_free(compare(p->root, &one, false));
	const struct flist_collect_options ordered = {.order = FLIST_BY_INODE};
	flist_list_free(compare(p->root, &ordered, false));
	if (!COMPILED_IN)
		return;
	snprintf(path, sizeof(path), "%s/nested/a", p->root);
	hold_refused(path, NULL, "this filesystem");
	const struct flist_collect_options follow = {.flags = FLIST_FOLLOW};
	hold_refused(p->root, &follow, "links");
	const struct flist_collect_options extra = {.extra = FLIST_XATTRS | FLIST_LINK};
	hold_refused(p->root, &extra, "extra");
	const struct flist_collect_options attributes = {.extra = FLIST_XATTRS};
	if (strcmp(p->type, "ext4") != 0)
		hold_refused(p->root, &attributes, "of ext4 only");
	snprintf(from, sizeof(from), "%s/large", p->root);
	snprintf(path, sizeof(path), "%s/nested/a0dir", p->root);
	hold(!mkdir(path, 0755) && !mount(from, path, NULL, MS_BIND, NULL), "bind");
	hold_refused(p->root, NULL, "second time");
	flist_list_free(compare(path, NULL, true)); /* from a bind mount itself */
}

void without_privilege(const struct place *p)
{
	hold(make_tree(p->root), "the tree cannot be made");
	hold(!setgid(65534) && !setuid(65534), "setuid");
	if (COMPILED_IN)
		hold_refused(p->root, NULL,
			     strcmp(p->type, "ext4") == 0 ? "which root has" : "CAP_SYS_ADMIN");
}

int change(void *arg, unsigned worker, const struct flist_item *item)
{
	struct change *c = arg;
	(void)worker;
	(void)item;
	if (c->done)
		return 0;
	c->done = true;
	const int at = open(c->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool changed = !unlinkat(at, "nested/kinds/empty", 0) &&
			     make_file(at, "nested/kinds/new", "new", 100000) &&
			     !renameat(at, "nested/kinds/other", at, "nested/a/moved") &&
			     make_file(at, "nested/kinds/small", "larger", 12345) &&
			     !fchmodat(at, "nested/kinds/hole", 0123, 0) &&
			     !mkdirat(at, "nested/a/dir", 0711) &&
			     make_file(at, "nested/a/dir/in it", "", 0);
	close(at);
	return changed ? 0 : -EIO;
}

void unwritten_sizes_are_seen(const struct place *p)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/file", p->root);
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	hold(fd >= 0 && pwrite(fd, path, sizeof(path), 0) > 0, "write");
	pause_ms(1100);
	flist_list_free(compare(p->root, NULL, true));
	hold(ftruncate(fd, 1234567) == 0 && pwrite(fd, path, 3, 1234567) == 3, "write");
	flist_list_free(compare(p->root, NULL, false));
}

void changes_are_seen(const struct place *p)
{
	struct change c = {.root = p->root};
	const struct flist_collect_options o = {.threads.jobs = 1, .each = change, .arg = &c};
	hold(make_tree(p->root), "the tree cannot be made");
	pause_ms(100);
	const int64_t since = now_ns();
	struct flist_list *a = collect(p->root, &o, FLIST_BULK);
	hold(c.done, "changed");
	struct flist_list *b = collect(p->root, NULL, 0);
	hold_same_since(a, b, since);
	hold(!COMPILED_IN || flist_list_how(a)->by_tables > LARGE / 2, "by tables");
	flist_list_free(a);
	/* What was changed right before the call and is not written yet. */
	a = collect(p->root, NULL, FLIST_BULK);
	hold_same_lists(a, b);
	flist_list_free(a);
	flist_list_free(b);
}
