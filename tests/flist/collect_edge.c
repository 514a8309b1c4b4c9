/*
 * flist_collect at the edges: deep, long, large, unreadable, circular, mounted; with few
 * descriptors, without openat2, and while the tree changes under it.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_refusal.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, meta_scratch, meta_no_scratch)

static void dir(const struct scratch *s, const char *name)
{
	assert_int_equal(mkdirat(s->fd, name, 0755), 0);
}

static void file(const struct scratch *s, const char *name)
{
	assert_true(scratch_file(s->fd, name, 1));
}

static void link_to(const struct scratch *s, const char *target, const char *name)
{
	assert_int_equal(symlinkat(target, s->fd, name), 0);
}

static void every_way_sees_all(const struct scratch *s)
{
	struct sightings seen;
	see(&seen, s->fd);
	every_way_sees(s->path, NULL, &seen);
	see_nothing(&seen);
}

static void trees_may_be_deeper_than_path_max(void **state)
{
	const struct scratch *s = *state;
	assert_true(scratch_chain(s->fd, 40));
	every_way_sees_all(s);
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	for (int w = 0; w < 2; w++) {
		const struct flist_collect_options options = way(w, &lazy);
		struct flist_list *list = collect(s->path, &options);
		struct sightings seen;
		see(&seen, s->fd);
		assert_int_equal(flist_list_fetch(list, NULL), 0);
		list_is(list, &seen);
		see_nothing(&seen);
		flist_list_free(list);
	}
}

static void names_may_be_long_and_any_bytes(void **state)
{
	const struct scratch *s = *state;
	char name[256], below[520];
	for (int byte = 1; byte < 256; byte++) {
		if (byte == '/')
			continue;
		memset(name, byte, 255);
		name[255] = '\0';
		if (byte % 3) {
			file(s, name);
			continue;
		}
		dir(s, name);
		snprintf(below, sizeof(below), "%s/%s", name, name);
		file(s, below);
	}
	every_way_sees_all(s);
}

/* More names than fit into many buffers, directories among them that have entries. */
static void make_large(const struct scratch *s)
{
	enum { ENTRIES = 20000 };
	char name[64];
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "large/%s%d", i % 7 ? "a-name-" : "",
			 i * 7919 % ENTRIES);
		if (i % 100) {
			file(s, name);
			continue;
		}
		dir(s, name);
		strcat(name, "/below");
		file(s, name);
	}
}

static void large_directories_are_put_in_order(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	dir(s, "large");
	dir(s, "small");
	file(s, "small/file");
	make_large(s);
	see(&seen, s->fd);
	every_way_sees(s->path, NULL, &seen);
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY, .threads.jobs = 3};
	struct flist_list *list = collect(s->path, &lazy);
	list_is_lazy(list, &seen);
	assert_int_equal(
		flist_list_fetch(list, &(struct flist_fetch_options){.threads = lazy.threads}), 0);
	list_is(list, &seen);
	flist_list_free(list);
	see_nothing(&seen);
}

static int count(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)worker;
	(void)item;
	atomic_fetch_add((_Atomic unsigned *)arg, 1);
	return 0;
}

/* Whole buffers of names that begin alike, each differently. */
static void names_of_a_large_directory_may_come_in_phases(void **state)
{
	static const char *const prefixes[] = {"long-prefix-of-a-name-b", "long-prefix-of-a-name-a",
					       "long-prefix-of-b", "a"};
	const struct scratch *s = *state;
	char name[64];
	dir(s, "large");
	for (size_t phase = 0; phase < sizeof(prefixes) / sizeof(*prefixes); phase++) {
		for (int i = 0; i < 2500; i++) {
			snprintf(name, sizeof(name), "large/%s%d", prefixes[phase], i * 7 % 2500);
			file(s, name);
		}
	}
	every_way_sees_all(s);
}

static void large_directories_need_not_be_kept(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	dir(s, "large");
	make_large(s);
	see(&seen, s->fd);
	for (int w = 0; w < WAYS; w++) {
		_Atomic unsigned n = 0;
		struct flist_collect_options options = way(w, NULL);
		options.each = count;
		options.arg = (void *)(uintptr_t)&n;
		assert_int_equal(flist_collect(NULL, s->path, &options), 0);
		assert_int_equal(n, seen.n);
	}
	see_nothing(&seen);
}

/* 0, or the number of the way that did not tell exactly these failures, or list all the rest. */
static int fails_with(const char *path, unsigned flags, size_t length, const char *const *paths,
		      const int *errors)
{
	for (int w = 0; w < WAYS; w++) {
		struct flist_collect_options options = way(w, NULL);
		const struct flist_failure *failures;
		struct flist_list *list;
		size_t n, same = 0;
		options.flags = flags;
		if (flist_collect(&list, path, &options))
			return w + 1;
		failures = flist_list_failures(list, &n);
		while (same < n && paths[same] && strcmp(failures[same].path, paths[same]) == 0 &&
		       failures[same].error == errors[same])
			same++;
		bool good = same == n && !paths[same] && flist_list_length(list) == length;
		flist_list_free(list);
		if (!good)
			return w + 1;
	}
	return 0;
}

static int walk_locked(const void *arg)
{
	static const char *const paths[] = {"locked", "unsearchable/file", NULL};
	static const int errors[] = {EACCES, EACCES};
	return become_nobody() ? fails_with(arg, 0, 4, paths, errors) : 100;
}

static void one_unreadable_directory_does_not_lose_the_rest(void **state)
{
	const struct scratch *s = *state;
	dir(s, "locked");
	file(s, "locked/file");
	dir(s, "open");
	file(s, "open/file");
	dir(s, "unsearchable");
	file(s, "unsearchable/file");
	assert_int_equal(fchmodat(s->fd, "locked", 0, 0), 0);
	assert_int_equal(fchmodat(s->fd, "unsearchable", 0744, 0), 0);
	if (geteuid() != 0)
		assert_int_equal(fchmodat(s->fd, "unsearchable", 0444, 0), 0);
	assert_int_equal(in_child(walk_locked, s->path), 0);
}

static int walk_locked_root(const void *arg)
{
	struct flist_list *list;
	if (!become_nobody())
		return 100;
	return -flist_collect(&list, arg, NULL);
}

static void an_unreadable_root_is_an_error(void **state)
{
	const struct scratch *s = *state;
	assert_int_equal(fchmod(s->fd, 0), 0);
	assert_int_equal(in_child(walk_locked_root, s->path), EACCES);
	assert_int_equal(fchmod(s->fd, 0755), 0);
}

static const struct flist_item *find(struct flist_cursor *cursor, const char *path)
{
	const struct flist_item *item;
	while ((item = flist_cursor_next(cursor)) && strcmp(item->path, path) != 0)
		continue;
	assert_non_null(item);
	return item;
}

/* Those that cannot be followed are there themselves. */
static void links_are_as_they_should(struct flist_cursor *cursor)
{
	static const char *const dangling[] = {"to-below-a-file", "to-nothing", "to-self",
					       "to-too-long"};
	const struct flist_item *item = find(cursor, dangling[0]);
	assert_int_equal(item->meta->mode & S_IFMT, S_IFLNK);
	assert_int_equal(find(cursor, "to-d")->type, S_IFDIR);
	assert_int_equal(find(cursor, "to-d/f")->type, S_IFREG);
	item = find(cursor, "to-f");
	assert_int_equal(item->type, S_IFREG);
	assert_int_equal(item->meta->size, 1);
	for (int i = 1; i < 4; i++) {
		item = find(cursor, dangling[i]);
		assert_int_equal(item->type, S_IFLNK);
		assert_int_equal(item->meta->mode & S_IFMT, S_IFLNK);
	}
	assert_null(flist_cursor_next(cursor));
	flist_cursor_close(cursor);
}

/* At once, later, or with extra fields; the last way is a cursor that walks. */
static void links_are_followed_on_request(void **state)
{
	const struct scratch *s = *state;
	const struct flist_cursor_options follow = {.flags = FLIST_FOLLOW};
	struct flist_cursor *cursor;
	char long_target[NAME_MAX + 2] = "";
	memset(long_target, 'x', NAME_MAX + 1);
	dir(s, "d");
	file(s, "d/f");
	link_to(s, "d", "to-d");
	link_to(s, "d/f", "to-f");
	link_to(s, "nothing", "to-nothing");
	link_to(s, "to-self", "to-self");
	link_to(s, "d/f/x", "to-below-a-file");
	link_to(s, long_target, "to-too-long");
	for (int w = 0; w < 3 * WAYS; w++) {
		struct flist_collect_options options = way(w % WAYS, NULL);
		options.flags = FLIST_FOLLOW | (w / WAYS == 1 ? FLIST_LAZY : 0);
		options.extra = w / WAYS == 2 ? FLIST_LINK : 0;
		struct flist_list *list = collect(s->path, &options);
		if (w / WAYS == 1)
			assert_int_equal(flist_list_fetch(list, NULL), 0);
		failures_are(list, NULL);
		assert_int_equal(flist_list_length(list), 9);
		assert_int_equal(flist_cursor_open(&cursor, list), 0);
		links_are_as_they_should(cursor);
		flist_list_free(list);
	}
	assert_int_equal(flist_cursor_walk(&cursor, s->path, &follow), 0);
	links_are_as_they_should(cursor);
}

static void a_link_back_is_a_failure_and_is_not_entered(void **state)
{
	static const int errors[] = {ELOOP, ELOOP, ELOOP};
	const struct scratch *s = *state;
	dir(s, "a");
	dir(s, "a/b");
	file(s, "a/b/f");
	link_to(s, "../..", "a/b/up");
	link_to(s, ".", "root");
	dir(s, "c");
	dir(s, "c/b");
	static const char *const loops[] = {"a/b/up", "root", NULL};
	assert_int_equal(fails_with(s->path, FLIST_FOLLOW, 7, loops, errors), 0);
	assert_int_equal(fails_with(s->path, FLIST_FOLLOW | FLIST_LAZY, 7, loops, errors), 0);
	/* c/b/to-a leads into a, and a/b/to-c from there back into c. */
	link_to(s, "../../a", "c/b/to-a");
	assert_int_equal(unlinkat(s->fd, "a/b/up", 0), 0);
	link_to(s, "../../c", "a/b/to-c");
	static const char *const mutual[] = {"a/b/to-c/b/to-a", "c/b/to-a/b/to-c", "root", NULL};
	assert_int_equal(fails_with(s->path, FLIST_FOLLOW, 13, mutual, errors), 0);
}

/* The cursor is closed then. */
static size_t count_answered(struct flist_cursor *cursor)
{
	const struct flist_item *item;
	size_t n = 0;
	while ((item = flist_cursor_next(cursor)))
		n += item->meta != NULL;
	flist_cursor_close(cursor);
	return n;
}

/* The kernel follows 40 in one call. Most directories are entered again, by way of those before. */
static void a_path_may_have_more_links_than_a_call_follows(void **state)
{
	enum { DIRS = 60, ALL = DIRS * (DIRS + 1) };
	static const char *const none[] = {NULL};
	const struct scratch *s = *state;
	char name[64], target[64];
	for (int i = 0; i < DIRS; i++) {
		snprintf(name, sizeof(name), "d%02d", i);
		dir(s, name);
		snprintf(name, sizeof(name), "d%02d/sub", i);
		dir(s, name);
		snprintf(name, sizeof(name), "d%02d/n", i);
		snprintf(target, sizeof(target), "../d%02d", i + 1);
		if (i < DIRS - 1)
			link_to(s, target, name);
	}
	assert_int_equal(fails_with(s->path, FLIST_FOLLOW, ALL, none, NULL), 0);
	const struct flist_collect_options lazy = {.flags = FLIST_FOLLOW | FLIST_LAZY};
	const struct flist_cursor_options follow = {.flags = FLIST_FOLLOW};
	struct flist_list *list = collect(s->path, &lazy);
	struct flist_cursor *cursor;
	assert_int_equal(flist_list_fetch(list, NULL), 0);
	failures_are(list, NULL);
	assert_int_equal(flist_cursor_open(&cursor, list), 0);
	assert_int_equal(count_answered(cursor), ALL);
	flist_list_free(list);
	assert_int_equal(flist_cursor_walk(&cursor, s->path, &follow), 0);
	assert_int_equal(count_answered(cursor), ALL);
}

struct mounted {
	const char *path, *on;
};

static int walk_mounted(const void *arg)
{
	const struct mounted *m = arg;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", m->on, "tmpfs", 0, NULL))
		return 100;
	int fd = open(m->on, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!scratch_file(fd, "inside", 1))
		return 101;
	close(fd);
	static const char *const none[] = {NULL};
	int ret = fails_with(m->path, 0, 4, none, NULL);
	ret = ret ? ret : 10 * fails_with(m->path, FLIST_ONE_FILESYSTEM, 3, none, NULL);
	ret = ret ? ret
		  : 10 * fails_with(m->path, FLIST_ONE_FILESYSTEM | FLIST_LAZY, 3, none, NULL);
	ret = ret ? ret
		  : 10 * fails_with(m->path, FLIST_ONE_FILESYSTEM | FLIST_FOLLOW, 3, none, NULL);
	return ret;
}

static void mount_points_are_not_entered_on_request(void **state)
{
	const struct scratch *s = *state;
	char on[PATH_MAX + 8];
	struct mounted mounted = {s->path, on};
	snprintf(on, sizeof(on), "%s/mount", s->path);
	dir(s, "mount");
	file(s, "mount/hidden");
	dir(s, "plain");
	file(s, "plain/file");
	int ret = in_child(walk_mounted, &mounted);
	if (ret == 100)
		skip_because("needs root, and a mount namespace");
	assert_int_equal(ret, 0);
}

static int walk_with_few(const void *arg)
{
	const struct rlimit few = {64, 64};
	static const char *const none[] = {NULL};
	if (setrlimit(RLIMIT_NOFILE, &few))
		return 100;
	while (open("/", O_RDONLY | O_CLOEXEC) >= 0)
		continue;
	for (int fd = 3; fd < 32; fd++) /* what a program of some size leaves */
		close(fd);
	return fails_with(arg, 0, 17 + 40 + 40 * 20, none, NULL);
}

static void few_descriptors_are_enough(void **state)
{
	const struct scratch *s = *state;
	char name[64];
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		dir(s, name);
		for (int j = 0; j < 20; j++) {
			snprintf(name, sizeof(name), "d%d/d%d", i, j);
			dir(s, name);
		}
	}
	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		file(s, name);
	}
	assert_int_equal(in_child(walk_with_few, s->path), 0);
}

/* Enough for the root, and none left for anything else. */
static int walk_with_none(const void *arg)
{
	static const char *const paths[] = {"", NULL};
	static const int errors[] = {EMFILE};
	int free_fd = dup(0);
	close(free_fd);
	const struct rlimit none = {(rlim_t)free_fd + 1, (rlim_t)free_fd + 1};
	if (setrlimit(RLIMIT_NOFILE, &none))
		return 100;
	return fails_with(arg, 0, 0, paths, errors);
}

static void no_descriptors_left_is_a_failure(void **state)
{
	const struct scratch *s = *state;
	file(s, "file");
	assert_int_equal(in_child(walk_with_none, s->path), 0);
}

static int walk_with_three(const void *arg)
{
	int free_fd = dup(0);
	close(free_fd);
	const struct rlimit few = {(rlim_t)free_fd + 3, (rlim_t)free_fd + 3};
	if (setrlimit(RLIMIT_NOFILE, &few))
		return 100;
	struct flist_list *list;
	const struct flist_collect_options options = {.threads.jobs = 1};
	int ret = flist_collect(&list, arg, &options);
	if (ret)
		return 101;
	size_t n, length = flist_list_length(list);
	flist_list_failures(list, &n);
	flist_list_free(list);
	return length == 3 && n == 0 ? 0 : 102;
}

static void three_descriptors_are_enough_for_one_job(void **state)
{
	const struct scratch *s = *state;
	dir(s, "a");
	dir(s, "a/b");
	file(s, "a/b/c");
	assert_int_equal(in_child(walk_with_three, s->path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_scratch(trees_may_be_deeper_than_path_max),
		with_scratch(names_may_be_long_and_any_bytes),
		with_scratch(large_directories_are_put_in_order),
		with_scratch(names_of_a_large_directory_may_come_in_phases),
		with_scratch(large_directories_need_not_be_kept),
		with_scratch(one_unreadable_directory_does_not_lose_the_rest),
		with_scratch(an_unreadable_root_is_an_error),
		with_scratch(links_are_followed_on_request),
		with_scratch(a_link_back_is_a_failure_and_is_not_entered),
		with_scratch(a_path_may_have_more_links_than_a_call_follows),
		with_scratch(mount_points_are_not_entered_on_request),
		with_scratch(few_descriptors_are_enough),
		with_scratch(no_descriptors_left_is_a_failure),
		with_scratch(three_descriptors_are_enough_for_one_job),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
