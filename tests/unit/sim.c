/* What the simulated filesystem says is what a stored tree of the same shape says. */
#include "datasets/sim/sim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "datasets/sim/nodes.h"
#include "datasets/tree/tree.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_sim.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 2000 };

/* --- On paper ------------------------------------------------------------------------------ */

static void every_number_is_one_name(void **state)
{
	struct nodes *nodes = malloc(sizeof(*nodes));
	const char *preset;
	(void)state;
	for (size_t i = 0; (preset = shape_preset(i)); i++) {
		const struct shape shape = shape_of(preset, ENTRIES);
		nodes_begin(nodes, &shape, 0, 0);
		for (uint64_t number = NODE_ROOT + 1; number <= NODE_ROOT + ENTRIES; number++) {
			struct node_name name;
			assert_true(nodes_find(nodes, number, &name));
			assert_int_equal(nodes_number(nodes, &name), number);
		}
		struct node_name none;
		assert_false(nodes_find(nodes, NODE_ROOT, &none));
		assert_false(nodes_find(nodes, NODE_ROOT + ENTRIES + 1, &none));
		assert_false(nodes_find(nodes, 0, &none));
	}
	free(nodes);
}

/* --- Beside a stored tree ------------------------------------------------------------------ */

struct pair {
	uint64_t stored[ENTRIES + 2]; /* inode there; index: inode here */
	time_t begun;                 /* before the tree was made */
	uint64_t entries;
};

static const struct dirent *next_name(DIR *stream)
{
	const struct dirent *d;
	do
		d = readdir(stream);
	while (d && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0));
	return d;
}

static uint64_t count_names(int fd)
{
	DIR *stream = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	uint64_t n = 0;
	assert_non_null(stream);
	while (next_name(stream))
		n++;
	closedir(stream);
	return n;
}

static void same_xattrs(int a, int b, const char *name)
{
	char list[2][4096], value[2][4096];
	int x = openat(a, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int y = openat(b, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(x >= 0 && y >= 0);
	ssize_t size = flistxattr(x, list[0], sizeof(list[0])), used = 0;
	assert_int_equal(flistxattr(y, list[1], sizeof(list[1])), size);
	assert_int_equal(flistxattr(y, NULL, 0), size);
	for (; used < size; used += (ssize_t)strlen(list[0] + used) + 1) {
		ssize_t bytes = fgetxattr(x, list[0] + used, value[0], sizeof(value[0]));
		assert_int_equal(fgetxattr(y, list[0] + used, value[1], sizeof(value[1])), bytes);
		assert_memory_equal(value[0], value[1], (size_t)bytes);
	}
	assert_int_equal(fgetxattr(y, "user.statmark.99", NULL, 0), -1);
	close(x);
	close(y);
}

static void same_target(int a, int b, const char *name)
{
	char target[2][512];
	ssize_t length = readlinkat(a, name, target[0], sizeof(target[0]));
	assert_int_equal(readlinkat(b, name, target[1], sizeof(target[1])), length);
	assert_memory_equal(target[0], target[1], (size_t)length);
}

static void same_attributes(struct pair *pair, int a, int b, const struct dirent *d)
{
	struct stat x, y;
	assert_int_equal(fstatat(a, d->d_name, &x, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(fstatat(b, d->d_name, &y, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(x.st_mode, y.st_mode);
	assert_int_equal(x.st_uid, y.st_uid);
	assert_int_equal(x.st_gid, y.st_gid);
	assert_int_equal(d->d_type, IFTODT(y.st_mode));
	assert_int_equal(d->d_ino, y.st_ino);
	assert_true(x.st_mtime == y.st_mtime ||
		    (x.st_mtime >= pair->begun && y.st_mtime == NODE_TIME));
	assert_int_equal(y.st_blocks, S_ISDIR(y.st_mode) ? 8 : 0);
	if (!S_ISDIR(x.st_mode))
		assert_int_equal(x.st_size, y.st_size);
	if (S_ISCHR(x.st_mode))
		assert_int_equal(x.st_rdev, y.st_rdev);
	if (x.st_nlink != 1 || !S_ISDIR(x.st_mode)) /* btrfs does not count in directories */
		assert_int_equal(x.st_nlink, y.st_nlink);
	/* Two names are one file here if they are one there. */
	assert_in_range(y.st_ino, NODE_ROOT + 1, NODE_ROOT + ENTRIES);
	uint64_t *stored = &pair->stored[y.st_ino];
	assert_true(*stored == 0 || (*stored == x.st_ino && x.st_nlink > 1 && !S_ISDIR(x.st_mode)));
	*stored = x.st_ino;
	if (S_ISLNK(x.st_mode))
		same_target(a, b, d->d_name);
	if (S_ISREG(x.st_mode))
		same_xattrs(a, b, d->d_name);
}

static void same_directory(struct pair *pair, int a, int b)
{
	DIR *stream = fdopendir(b);
	const struct dirent *d;
	uint64_t n = 0;
	assert_non_null(stream);
	while ((d = next_name(stream))) {
		n++;
		pair->entries++;
		same_attributes(pair, a, b, d);
		if (d->d_type != DT_DIR)
			continue;
		int x = openat(a, d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int y = openat(b, d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(x >= 0 && y >= 0);
		same_directory(pair, x, y);
	}
	assert_int_equal(n, count_names(a));
	closedir(stream);
	close(a);
}

/* Serves the shape of the tree in "stored" and compares. */
static void same_as_stored(const struct shape *shape, const char *options, time_t begun)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	struct sim *sim = serve_shape(shape, options);
	pair->begun = begun;
	same_directory(pair, open("stored/tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		       open("sim", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_int_equal(pair->entries, shape->entries);
	sim_stop(sim);
	free(pair);
}

static void stored_and_served_are_the_same(const struct shape *shape)
{
	const time_t begun = time(NULL) - 1;
	create_works("stored", shape);
	same_as_stored(shape, "rtt=0,readdirplus=off", begun);
	same_as_stored(shape, "rtt=0,readdirplus=always,attr-cache=9s,entry-cache=9s", begun);
	remove_works("stored");
}

static void presets_are_as_if_stored(void **state)
{
	const char *preset;
	(void)state;
	need_fuse();
	for (size_t i = 0; (preset = shape_preset(i)); i++) {
		const struct shape shape = shape_of(preset, ENTRIES);
		stored_and_served_are_the_same(&shape);
	}
}

static const char *const rare[] = {
	"{\"schema\": \"statmark-shape/1\", \"entries\": 1999, \"seed\": 5,"
	" \"symlinks\": {\"per_mille\": 100, \"kinds\": {\"chain\": 3, \"directory\": 2}},"
	" \"hard_links\": {\"per_mille\": 400, \"of\": \"parent\"}, \"fifos\": 20, \"sockets\": 30,"
	" \"devices\": 40, \"mtime\": {\"min\": 0, \"max\": 4000000000}, \"owners\": \"5:6\","
	" \"modes\": [{\"value\": \"4755\", \"weight\": 1}, {\"value\": \"0600\", \"weight\": 1}],"
	" \"file_size\": {\"min\": 0, \"max\": 9999999}, \"specials\": [\"hard-links\", "
	"\"loops\"]}",
	"{\"schema\": \"statmark-shape/1\", \"entries\": 700, \"fill\": \"deep\", \"seed\": 6,"
	" \"files_per_dir\": {\"min\": 0, \"max\": 5}, \"dirs_per_dir\": {\"min\": 1, \"max\": 3},"
	" \"hard_links\": {\"per_mille\": 500, \"of\": \"directory\", \"group\": 7},"
	" \"xattrs\": {\"per_mille\": 300, \"count\": {\"min\": 1, \"max\": 4}, \"size\": 77}}",
};

static void rare_shapes_are_as_if_stored(void **state)
{
	(void)state;
	need_fuse();
	for (size_t i = 0; i < ARRAY_LEN(rare); i++) {
		struct err err = {0};
		struct shape shape;
		if (shape_parse(&shape, "rare", rare[i], strlen(rare[i]), &err) ||
		    shape_check(&shape, "rare", &err))
			fail_msg("%s", err.text);
		stored_and_served_are_the_same(&shape);
	}
}

static void files_are_read_only_holes(void **state)
{
	const struct shape shape = shape_of("images", 20);
	static const char zeros[4096];
	char text[4096];
	(void)state;
	need_fuse();
	struct sim *sim = serve_shape(&shape, "rtt=0");
	DIR *stream = opendir("sim");
	const struct dirent *d = next_name(stream);
	assert_int_equal(chdir("sim"), 0);
	assert_int_equal(chdir(d->d_name), 0);
	closedir(stream);
	stream = opendir(".");
	d = next_name(stream);
	int fd = open(d->d_name, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof(text)), sizeof(text));
	assert_memory_equal(text, zeros, sizeof(zeros));
	close(fd);
	assert_int_equal(open(d->d_name, O_WRONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(open("new", O_RDONLY | O_CREAT | O_CLOEXEC, 0644), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(open("none", O_RDONLY | O_CLOEXEC), -1);
	assert_int_equal(errno, ENOENT);
	closedir(stream);
	assert_int_equal(chdir("../.."), 0);
	sim_stop(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_one_name),
		cmocka_unit_test_setup_teardown(presets_are_as_if_stored, enter_scratch,
						leave_scratch),
		cmocka_unit_test_setup_teardown(rare_shapes_are_as_if_stored, enter_scratch,
						leave_scratch),
		cmocka_unit_test_setup_teardown(files_are_read_only_holes, enter_scratch,
						leave_scratch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
