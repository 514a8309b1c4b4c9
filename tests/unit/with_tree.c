#include "tests/unit/with_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

/* Threads that make and remove, where nothing depends on the order of entries. */
enum { JOBS = 3 };

/* Every test works in a directory of its own and leaves nothing behind. */
int enter_scratch(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = NULL;
	if (asprintf(&path, "%s/statmark-XXXXXX", tmp ? tmp : "/tmp") < 0 || !mkdtemp(path))
		return -1;
	*state = path;
	umask(022);
	return chdir(path);
}

int leave_scratch(void **state)
{
	/* Where a test failed before it could: */
	umount2("small", MNT_DETACH);
	umount2("t/tree/mnt", MNT_DETACH);
	int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		scratch_empty(fd);
	int error = chdir("/") || rmdir(*state);
	free(*state);
	return error;
}

void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

char *get_file(const char *path)
{
	char *text;
	size_t size;
	assert_int_equal(read_file(path, 1 << 20, &text, &size), 0);
	return text;
}

mode_t mode_of(const char *path)
{
	struct stat st;
	return lstat(path, &st) ? 0 : st.st_mode;
}

bool exists(const char *path)
{
	return mode_of(path) != 0;
}

struct shape shape_of(const char *name, uint64_t entries)
{
	struct shape shape;
	struct err err = {0};
	assert_int_equal(shape_load(&shape, name, &err), 0);
	shape.entries = entries;
	return shape;
}

uint64_t create_works(const char *dir, const struct shape *shape)
{
	struct tree_counts made;
	struct err err = {0};
	int error = tree_create(dir, shape, JOBS, NULL, &made, &err);
	if (error)
		fail_msg("%s", err.text);
	return made.entries;
}

void create_fails(const char *dir, const struct shape *shape, int error, const char *words)
{
	struct tree_counts made;
	struct err err = {0};
	assert_int_equal(tree_create(dir, shape, JOBS, NULL, &made, &err), error);
	assert_int_equal(made.entries, 0);
	assert_string_equal(err.text, words);
}

void remove_fails(const char *dir, int error, const char *words)
{
	struct tree_counts gone;
	struct err err = {0};
	assert_int_equal(tree_remove(dir, JOBS, NULL, &gone, &err), error);
	assert_int_equal(gone.entries, 0);
	assert_string_equal(err.text, words);
}

uint64_t remove_works(const char *dir)
{
	struct tree_counts gone;
	struct err err = {0};
	if (tree_remove(dir, JOBS, NULL, &gone, &err))
		fail_msg("%s", err.text);
	assert_false(exists(dir));
	return gone.entries;
}

struct tree_info info_of(const char *dir)
{
	struct tree_info info;
	struct err err = {0};
	if (tree_info(dir, &info, &err))
		fail_msg("%s", err.text);
	return info;
}

struct tree_verdict verdict_on(const char *dir)
{
	struct tree_verdict verdict;
	struct err err = {0};
	if (tree_verify(dir, NULL, NULL, NULL, &verdict, &err))
		fail_msg("%s", err.text);
	return verdict;
}

bool is_verified(const char *dir)
{
	const struct tree_verdict verdict = verdict_on(dir);
	return tree_verified(&verdict);
}

const char *entry_of_t(unsigned n, bool directory)
{
	static char path[PATH_MAX];
	struct dirent **entries;
	int count = scandir("t/tree", &entries, NULL, alphasort);
	path[0] = '\0';
	for (int i = 0; i < count; i++) {
		bool wanted = entries[i]->d_type == (directory ? DT_DIR : DT_REG) &&
			      entries[i]->d_name[0] != '.';
		if (wanted && n-- == 0)
			snprintf(path, sizeof(path), "t/tree/%s", entries[i]->d_name);
		free(entries[i]);
	}
	assert_true(count >= 0);
	free(entries);
	assert_true(path[0]);
	return path;
}

void stop_after(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct stopper *stopper = arg;
	(void)what;
	(void)total;
	if (done == stopper->after)
		stopper->stop = 1;
}

void mount_small(const char *options)
{
	static bool alone;
	if (!alone && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
		skip_because("needs root");
	alone = true;
	mkdir("small", 0755);
	if (mount("small", "small", "tmpfs", 0, options))
		skip_because("needs root");
}
