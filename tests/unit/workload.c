/* Loading trees: whatever they hold is in the view exactly once, and nothing else is touched. */
#include "engine/workload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/tree/tree.h"
#include "engine/base/util.h"
#include "engine/order.h"
#include "tests/child.h"
#include "tests/scratch.h"
#include "tests/test.h"

static int set_up(void **state)
{
	struct scratch *s = malloc(sizeof(*s));
	*state = s;
	return s && scratch_make(s) ? 0 : -1;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static struct workload *loaded(const char *path, const char *skip_dir)
{
	struct workload *load = NULL;
	struct err err = {0};
	if (workload_load(&load, path, skip_dir, NULL, &err))
		fail_msg("%s: %s", path, err.text);
	return load;
}

/* The entry with that path below the root; fails the test when it is not there exactly once. */
static uint32_t entry_at(const struct workload *load, const char *path)
{
	uint32_t found = UINT32_MAX;
	char *buf = malloc(load->path_size);
	assert_non_null(buf);
	for (uint32_t i = 0; i < load->n_entries; i++) {
		if (strcmp(workload_path(load, i, buf) + load->root_len + 1, path) != 0)
			continue;
		if (found != UINT32_MAX)
			fail_msg("%s is there twice", path);
		found = i;
	}
	free(buf);
	if (found == UINT32_MAX)
		fail_msg("%s is not there", path);
	return found;
}

static void is_there(const struct workload *load, const char *path, mode_t type)
{
	const struct workload_entry *e = &load->entries[entry_at(load, path)];
	if (e->type != type)
		fail_msg("%s has type %o, not %o", path, e->type, type);
	assert_int_equal(e->name_len, strlen(workload_name(load, entry_at(load, path))));
}

static void make_dir(const struct scratch *s, const char *path)
{
	assert_int_equal(mkdirat(s->fd, path, 0755), 0);
}

static void make_file(const struct scratch *s, const char *path)
{
	assert_true(scratch_file(s->fd, path, 3));
}

/*
 * What every loaded tree must satisfy: directories own their entries in one run, each entry knows
 * its directory, spans cover every entry once, in order, and none crosses a directory.
 */
static void is_consistent(const struct workload *load)
{
	uint32_t next = 0, seen = 0;
	for (uint32_t i = 0; i < load->n_spans; i++) {
		const struct workload_span *span = &load->spans[i];
		const struct workload_dir *dir = &load->dirs[span->dir];
		assert_int_equal(span->first, next);
		assert_in_range(span->end - span->first, 1, SPAN_MAX);
		assert_true(span->first >= dir->first && span->end <= dir->first + dir->count);
		next = span->end;
	}
	assert_int_equal(next, load->n_entries);
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		const struct workload_dir *dir = &load->dirs[d];
		for (uint32_t i = dir->first; i < dir->first + dir->count; i++, seen++)
			assert_int_equal(load->entries[i].dir, d);
		char *path = workload_spell_dir(load, d);
		assert_non_null(path);
		assert_int_equal(strlen(path), dir->path_len);
		free(path);
	}
	assert_int_equal(seen, load->n_entries);
}

static void an_empty_tree_has_nothing(void **state)
{
	const struct scratch *s = *state;
	struct workload *load = loaded(s->path, NULL);
	assert_int_equal(load->n_entries, 0);
	assert_int_equal(load->n_spans, 0);
	assert_int_equal(load->n_dirs, 1);
	assert_int_equal(load->dirs[0].count, 0);
	assert_string_equal(workload_dir_path(load, 0), "");
	assert_string_equal(load->root, s->path);
	is_consistent(load);
	workload_free(load);
	workload_free(NULL);
}

/* Of every type there is that needs no privilege. */
static void every_type_is_loaded_as_it_is(void **state)
{
	const struct scratch *s = *state;
	make_file(s, "file");
	make_dir(s, "dir");
	make_file(s, "dir/inner");
	make_dir(s, "dir/empty");
	assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
	assert_int_equal(mknodat(s->fd, "socket", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(linkat(s->fd, "file", s->fd, "dir/hard", 0), 0);
	struct workload *load = loaded(s->path, NULL);
	is_there(load, "file", S_IFREG);
	is_there(load, "dir", S_IFDIR);
	is_there(load, "dir/inner", S_IFREG);
	is_there(load, "dir/hard", S_IFREG);
	is_there(load, "dir/empty", S_IFDIR);
	is_there(load, "fifo", S_IFIFO);
	is_there(load, "socket", S_IFSOCK);
	assert_int_equal(load->n_entries, 7);
	assert_int_equal(load->n_dirs, 3);
	assert_int_equal(load->dirs[load->entries[entry_at(load, "dir/empty")].dir].depth, 1);
	is_consistent(load);
	workload_free(load);
}

static void symbolic_links_are_not_followed(void **state)
{
	const struct scratch *s = *state;
	make_dir(s, "dir");
	make_file(s, "dir/inner");
	assert_int_equal(symlinkat("dir", s->fd, "to-dir"), 0);
	assert_int_equal(symlinkat("nowhere", s->fd, "dangling"), 0);
	assert_int_equal(symlinkat("loop", s->fd, "loop"), 0);
	assert_int_equal(symlinkat("/", s->fd, "dir/to-root"), 0);
	assert_int_equal(symlinkat("..", s->fd, "dir/up"), 0);
	struct workload *load = loaded(s->path, NULL);
	is_there(load, "to-dir", S_IFLNK);
	is_there(load, "dangling", S_IFLNK);
	is_there(load, "loop", S_IFLNK);
	is_there(load, "dir/to-root", S_IFLNK);
	is_there(load, "dir/up", S_IFLNK);
	assert_int_equal(load->n_entries, 7);
	assert_int_equal(load->n_dirs, 2);
	workload_free(load);
}

static void names_are_any_bytes(void **state)
{
	static const char *const names[] = {"-rf", "new\nline", "\xff\xfe\x01", " ", ".hidden",
					    "...", "..x",       "a\tb",         "*", "\\"};
	const struct scratch *s = *state;
	char longest[256], below[300];
	memset(longest, 'n', 255);
	longest[255] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		make_file(s, names[i]);
	make_dir(s, longest);
	snprintf(below, sizeof(below), "%s/x", longest);
	make_file(s, below);
	struct workload *load = loaded(s->path, NULL);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		is_there(load, names[i], S_IFREG);
	is_there(load, longest, S_IFDIR);
	is_there(load, below, S_IFREG);
	assert_int_equal(load->n_entries, ARRAY_LEN(names) + 2);
	is_consistent(load);
	workload_free(load);
}

/* The root itself may be a link, relative, or end in slashes: it is resolved once. */
static void the_root_is_resolved(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 32];
	make_dir(s, "real");
	make_file(s, "real/file");
	assert_int_equal(symlinkat("real", s->fd, "link"), 0);
	snprintf(path, sizeof(path), "%s/link/.//", s->path);
	struct workload *load = loaded(path, NULL);
	snprintf(path, sizeof(path), "%s/real", s->path);
	assert_string_equal(load->root, path);
	assert_int_equal(load->root_len, strlen(path));
	is_there(load, "file", S_IFREG);
	uint32_t slashes = 0;
	for (const char *c = path; *c; c++)
		slashes += *c == '/';
	assert_int_equal(load->root_depth, slashes);
	workload_free(load);
}

static void paths_are_composed(void **state)
{
	const struct scratch *s = *state;
	char want[PATH_MAX + 32], buf[PATH_MAX + 32];
	make_dir(s, "a");
	make_dir(s, "a/b");
	make_file(s, "a/b/file");
	struct workload *load = loaded(s->path, NULL);
	uint32_t file = entry_at(load, "a/b/file");
	size_t len = workload_prefix(load, load->entries[file].dir, buf);
	int want_len = snprintf(want, sizeof(want), "%s/a/b/", s->path);
	assert_int_equal(len, want_len);
	assert_memory_equal(buf, want, len);
	snprintf(want, sizeof(want), "%s/a/b/file", s->path);
	assert_string_equal(workload_path(load, file, buf), want);
	assert_int_equal(workload_path_len(load, file), strlen(want));
	assert_int_equal(load->path_size, strlen(want) + 2);
	assert_int_equal(workload_prefix(load, 0, buf), strlen(s->path) + 1);
	workload_free(load);
}

/* "/" has no name of its own, so its entries begin with the only slash there is. */
static void paths_below_the_root_of_all_have_one_slash(void **state)
{
	static const struct workload_dir dirs[] = {
		{.names = 1, .count = 1},
		{.names = 5, .path = 1, .path_len = 3, .first = 1, .count = 1, .depth = 1}};
	static const struct workload_entry entries[] = {{.name_len = 3, .type = S_IFDIR},
							{.dir = 1, .name_len = 4}};
	const struct workload load = {
		.root = "", .dirs = dirs, .entries = entries, .names = "\0usr\0file"};
	char buf[32];
	(void)state;
	assert_int_equal(workload_prefix(&load, 0, buf), 1);
	assert_string_equal(workload_path(&load, 0, buf), "/usr");
	assert_int_equal(workload_path_len(&load, 0), 4);
	assert_int_equal(workload_prefix(&load, 1, buf), 5);
	assert_string_equal(workload_path(&load, 1, buf), "/usr/file");
	assert_int_equal(workload_path_len(&load, 1), 9);
}

static void the_directory_of_results_is_left_out(void **state)
{
	const struct scratch *s = *state;
	char skip[PATH_MAX + 32];
	make_dir(s, "a");
	make_dir(s, "a/out");
	make_file(s, "a/out/run.json");
	make_file(s, "a/output");
	snprintf(skip, sizeof(skip), "%s/a/../a/out/", s->path);
	struct workload *load = loaded(s->path, skip);
	assert_int_equal(load->n_entries, 2);
	is_there(load, "a", S_IFDIR);
	is_there(load, "a/output", S_IFREG);
	workload_free(load);
	load = loaded(s->path, "/nonexistent/out");
	assert_int_equal(load->n_entries, 4);
	workload_free(load);
}

static void a_large_directory_is_several_spans(void **state)
{
	static const int counts[] = {1, SPAN_MAX - 1, SPAN_MAX, SPAN_MAX + 1, 2 * SPAN_MAX + 5};
	const struct scratch *s = *state;
	for (int i = 0, made = 0; i < (int)ARRAY_LEN(counts); i++) {
		char name[32];
		for (; made < counts[i]; made++) {
			snprintf(name, sizeof(name), "%d", made);
			make_file(s, name);
		}
		struct workload *load = loaded(s->path, NULL);
		assert_int_equal(load->n_entries, counts[i]);
		assert_int_equal(load->n_spans, (counts[i] + SPAN_MAX - 1) / SPAN_MAX);
		is_consistent(load);
		workload_free(load);
	}
}

/* Opens every directory of the view; returns how many closes that took. */
static uint64_t open_all(const struct workload *load)
{
	uint64_t opens = 0, closes = 0;
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		struct stat st;
		uint64_t before = opens - closes;
		int fd = workload_opendir(load, d, O_PATH, &opens, &closes);
		assert_true(fd >= 0);
		assert_int_equal(opens - closes, before + 1);
		for (uint32_t i = 0; i < load->dirs[d].count; i++)
			assert_int_equal(fstatat(fd, workload_name(load, load->dirs[d].first + i),
						 &st, AT_SYMLINK_NOFOLLOW),
					 0);
		close(fd);
	}
	return closes;
}

static void directories_beyond_path_max_are_reached(void **state)
{
	enum { LINKS = 40 };
	const struct scratch *s = *state;
	assert_true(scratch_chain(s->fd, LINKS));
	struct workload *load = loaded(s->path, NULL);
	assert_int_equal(load->n_entries, 2 * LINKS);
	assert_int_equal(load->n_dirs, LINKS + 1);
	assert_int_equal(load->unreadable, 0);
	assert_true(open_all(load) > 0);
	is_consistent(load);
	workload_free(load);
}

static size_t component_len(const char *path)
{
	return strcspn(path, "/");
}

/* Whole for people; for calls as much as they look at. */
static void paths_beyond_path_max_are_spelled_and_cut(void **state)
{
	enum { LINKS = 60 };
	const struct scratch *s = *state;
	char buf[3 * PATH_MAX];
	assert_true(scratch_chain(s->fd, LINKS));
	struct workload *load = loaded(s->path, NULL);
	assert_in_range(load->path_size, PATH_MAX, sizeof(buf));
	for (uint32_t i = 0; i < load->n_entries; i++) {
		char *path = workload_spell(load, i), *at = path;
		const size_t len = workload_path_len(load, i);
		assert_non_null(path);
		assert_int_equal(load->root_len + 1 + strlen(path), len);
		for (uint32_t up = load->dirs[load->entries[i].dir].depth; up > 0; up--) {
			assert_int_equal(component_len(at), 250);
			at += 251;
		}
		assert_string_equal(at, workload_name(load, i));
		workload_path(load, i, buf);
		assert_true(strlen(buf) < load->path_size);
		assert_int_equal(strncmp(buf + load->root_len + 1, path, PATH_MAX), 0);
		assert_int_equal(strlen(buf) >= PATH_MAX, len >= PATH_MAX);
		free(path);
	}
	workload_free(load);
}

/* Bytes of the arena before the names in the lowest directory. */
static void a_chain_takes_memory_by_its_depth(void **state)
{
	enum { LINKS = 800, NAMES = LINKS * (250 + 4 + 2), WHOLE = 20 * 2 * PATH_MAX };
	const struct scratch *s = *state;
	assert_true(scratch_chain(s->fd, LINKS));
	struct workload *load = loaded(s->path, NULL);
	assert_int_equal(load->n_dirs, LINKS + 1);
	assert_int_equal(load->dirs[LINKS].path_len, LINKS * 251 - 1);
	assert_in_range(load->dirs[LINKS].names, NAMES, NAMES + WHOLE);
	assert_in_range(load->n_far, LINKS - 20, LINKS);
	workload_free(load);
}

/* Two chains, between whose lowest directories there are names that sort about the slash. */
static void directories_beyond_path_max_are_sorted_by_path(void **state)
{
	enum { LINKS = 20 };
	static const char *const names[] = {"a", "a-", "a0", "a-/x", "a/y", "a/y/z", "a0/b"};
	const struct scratch *s = *state;
	assert_true(scratch_chain(s->fd, LINKS));
	struct workload *load = loaded(s->path, NULL);
	uint64_t opens = 0, closes = 0;
	int lowest = workload_opendir(load, load->n_dirs - 1, O_RDONLY, &opens, &closes);
	workload_free(load);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(mkdirat(lowest, names[i], 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int fd = openat(lowest, names[i], O_RDONLY | O_DIRECTORY);
		assert_true(scratch_file(fd, "file", 0));
		close(fd);
	}
	close(lowest);
	load = loaded(s->path, NULL);
	assert_int_equal(order_apply(load, ORDER_SORTED, 0, NULL), 0);
	assert_int_equal(load->n_spans, LINKS + 1 + ARRAY_LEN(names));
	for (uint32_t i = 1; i < load->n_spans; i++) {
		char *last = workload_spell_dir(load, load->spans[i - 1].dir);
		char *path = workload_spell_dir(load, load->spans[i].dir);
		assert_true(strcmp(last, path) < 0);
		free(last);
		free(path);
	}
	workload_free(load);
}

/* Lengths around PATH_MAX, where pieces are cut: the paths' own and the cut's are one apart. */
static void directories_near_path_max_are_reached(void **state)
{
	const struct scratch *s = *state;
	assert_true(scratch_chain(s->fd, 16));
	struct workload *load = loaded(s->path, NULL);
	uint64_t opens = 0, closes = 0;
	int deep = workload_opendir(load, load->n_dirs - 1, O_RDONLY, &opens, &closes);
	assert_true(deep >= 0);
	assert_int_equal(load->dirs[load->n_dirs - 1].path_len, 16 * 251 - 1);
	workload_free(load);
	for (int len = 70; len <= 90; len++) {
		char name[128] = {0};
		memset(name, 'e', (size_t)len);
		assert_int_equal(mkdirat(deep, name, 0755), 0);
	}
	close(deep);
	load = loaded(s->path, NULL);
	assert_int_equal(load->n_entries, 32 + 21);
	assert_int_equal(load->unreadable, 0);
	open_all(load);
	workload_free(load);
}

static void a_short_path_is_one_openat(void **state)
{
	const struct scratch *s = *state;
	uint64_t opens = 0, closes = 0;
	make_dir(s, "a");
	struct workload *load = loaded(s->path, NULL);
	int fd = workload_opendir(load, 1, O_PATH, &opens, &closes);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(opens, 1);
	assert_int_equal(closes, 0);
	close(fd);
	assert_int_equal(unlinkat(s->fd, "a", AT_REMOVEDIR), 0);
	assert_int_equal(workload_opendir(load, 1, O_PATH, &opens, &closes), -ENOENT);
	assert_int_equal(opens, 2);
	workload_free(load);
}

static void mistakes_have_a_message(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 32];
	struct workload *load = NULL;
	struct err err = {0};
	make_file(s, "file");
	snprintf(path, sizeof(path), "%s/missing", s->path);
	assert_int_equal(workload_load(&load, path, NULL, NULL, &err), -ENOENT);
	assert_int_equal(strncmp(err.text, "cannot open /", 13), 0);
	assert_non_null(strstr(err.text, "/missing: No such file or directory"));
	snprintf(path, sizeof(path), "%s/file", s->path);
	err = (struct err){0};
	assert_int_equal(workload_load(&load, path, NULL, NULL, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "/file: Not a directory"));
	assert_int_equal(workload_load(&load, path, NULL, NULL, NULL), -ENOTDIR);
	assert_null(load);
}

static unsigned count_descriptors(void)
{
	unsigned n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void stopping_leaves_nothing_open(void **state)
{
	const struct scratch *s = *state;
	volatile int stop = 1;
	struct workload *load = NULL;
	unsigned before = count_descriptors();
	make_dir(s, "a");
	assert_int_equal(workload_load(&load, s->path, NULL, &stop, NULL), -EINTR);
	assert_int_equal(workload_load(&load, "/", NULL, &stop, NULL), -EINTR);
	assert_null(load);
	assert_int_equal(count_descriptors(), before);
	stop = 0;
	assert_int_equal(workload_load(&load, s->path, NULL, &stop, NULL), 0);
	assert_int_equal(count_descriptors(), before + 1);
	workload_free(load);
	assert_int_equal(count_descriptors(), before);
}

/* As an ordinary user; returns the words of the first surprise. */
static const char *load_closed(const char *path)
{
	struct workload *load = NULL;
	if (workload_load(&load, path, NULL, NULL, NULL))
		return "could not be loaded";
	if (load->unreadable != 1)
		return "not exactly one unreadable directory";
	if (!load->first_unreadable || strcmp(load->first_unreadable, "closed") != 0)
		return "the unreadable directory is not named";
	if (load->n_entries != 3)
		return "the closed directory and what is beside it are not all there";
	workload_free(load);
	return NULL;
}

static int load_as_nobody(const void *arg)
{
	const char *path = arg;
	if (!become_nobody())
		return 2;
	const char *why = access(path, R_OK) ? NULL : load_closed(path);
	if (why)
		fprintf(stderr, "%s: %s\n", path, why);
	return why != NULL;
}

static void an_unreadable_directory_is_an_entry(void **state)
{
	const struct scratch *s = *state;
	make_dir(s, "closed");
	make_file(s, "closed/secret");
	make_dir(s, "open");
	make_file(s, "open/file");
	assert_int_equal(fchmodat(s->fd, "closed", 0, 0), 0);
	assert_int_equal(in_child(load_as_nobody, s->path), 0);
}

static void a_view_is_small(void **state)
{
	enum { ENTRIES = 10000 };
	const struct scratch *s = *state;
	char dir[PATH_MAX + 8];
	struct shape shape;
	struct tree_info info;
	struct tree_counts counts;
	struct err err = {0};
	snprintf(dir, sizeof(dir), "%s/made", s->path);
	assert_int_equal(shape_load(&shape, "source-tree", &err), 0);
	shape.entries = ENTRIES;
	if (tree_create(dir, &shape, 0, NULL, &counts, &err) || tree_info(dir, &info, &err))
		fail_msg("%s", err.text);
	struct workload *load = loaded(info.root, NULL);
	assert_int_equal(load->n_entries, ENTRIES);
	is_consistent(load);
	assert_in_range(workload_bytes(load), 12 * ENTRIES, 48 * ENTRIES);
	workload_free(load);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_tree_has_nothing),
		TEST(every_type_is_loaded_as_it_is),
		TEST(symbolic_links_are_not_followed),
		TEST(names_are_any_bytes),
		TEST(the_root_is_resolved),
		TEST(paths_are_composed),
		TEST(paths_below_the_root_of_all_have_one_slash),
		TEST(the_directory_of_results_is_left_out),
		TEST(a_large_directory_is_several_spans),
		TEST(directories_beyond_path_max_are_reached),
		TEST(paths_beyond_path_max_are_spelled_and_cut),
		TEST(a_chain_takes_memory_by_its_depth),
		TEST(directories_beyond_path_max_are_sorted_by_path),
		TEST(directories_near_path_max_are_reached),
		TEST(a_short_path_is_one_openat),
		TEST(mistakes_have_a_message),
		TEST(stopping_leaves_nothing_open),
		TEST(an_unreadable_directory_is_an_entry),
		TEST(a_view_is_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
