/* Down a tree and back with few descriptors: any depth, the same directories, never elsewhere. */
#include "datasets/tree/dirstack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { DEPTH = 60 };

/* d/d/d..., with two files beside each. */
static void make_chain(void)
{
	int at = open(".", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < DEPTH; i++) {
		assert_int_equal(mkdirat(at, "d", 0755), 0);
		close(openat(at, "a", O_WRONLY | O_CREAT, 0644));
		close(openat(at, "z", O_WRONLY | O_CREAT, 0644));
		int below = openat(at, "d", O_RDONLY | O_DIRECTORY);
		close(at);
		at = below;
	}
	close(at);
}

static int open_here(void)
{
	return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static ino_t inode(const struct dirstack *dirs)
{
	struct stat st;
	assert_int_equal(fstat(dirstack_fd(dirs), &st), 0);
	return st.st_ino;
}

static void test_down_and_up_again(void **state)
{
	static const size_t windows[] = {2, 3, 7, 100};
	(void)state;
	make_chain();
	for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
		unsigned before = open_descriptors();
		ino_t inodes[DEPTH + 1];
		struct dirstack dirs;
		assert_int_equal(dirstack_begin(&dirs, open_here(), windows[w]), 0);
		for (size_t i = 0; i < DEPTH; i++) {
			inodes[i] = inode(&dirs);
			assert_int_equal(dirstack_down(&dirs, "d"), 0);
			assert_true(open_descriptors() - before <= windows[w]);
		}
		inodes[DEPTH] = inode(&dirs);
		for (size_t turn = 0; turn < 3; turn++) { /* over the edge of what is open */
			for (size_t i = DEPTH; i-- > DEPTH / 2;) {
				assert_int_equal(dirstack_up(&dirs), 0);
				assert_int_equal(inode(&dirs), inodes[i]);
			}
			for (size_t i = DEPTH / 2; i++ < DEPTH;) {
				assert_int_equal(dirstack_down(&dirs, "d"), 0);
				assert_int_equal(inode(&dirs), inodes[i]);
			}
		}
		for (size_t i = DEPTH; i-- > 0;) {
			assert_int_equal(dirstack_up(&dirs), 0);
			assert_int_equal(inode(&dirs), inodes[i]);
		}
		assert_int_equal(dirs.depth, 0);
		dirstack_end(&dirs);
		assert_int_equal(open_descriptors(), before);
	}
}

/* Each entry once, although directories are closed in the middle of being read. */
static void test_reading_goes_on_where_it_was(void **state)
{
	const struct dirent *entry;
	struct dirstack dirs;
	unsigned files = 0, directories = 0;
	(void)state;
	make_chain();
	assert_int_equal(dirstack_begin(&dirs, open_here(), 2), 0);
	for (;;) {
		int got = dirstack_next(&dirs, &entry);
		assert_in_range(got, 0, 1);
		if (got == 1 && entry->d_name[0] == 'd') {
			directories++;
			assert_int_equal(dirstack_down(&dirs, "d"), 0);
		} else if (got == 1) {
			files++;
		} else if (dirs.depth == 0) {
			break;
		} else {
			assert_int_equal(dirstack_up(&dirs), 0);
		}
	}
	assert_int_equal(directories, DEPTH);
	assert_int_equal(files, 2 * DEPTH);
	dirstack_end(&dirs);
}

static void test_only_subdirectories_are_entered(void **state)
{
	struct dirstack dirs;
	(void)state;
	make_chain();
	mkdir("elsewhere", 0755);
	symlink("d", "link");
	put_file("file", "");
	assert_int_equal(dirstack_begin(&dirs, open_here(), 2), 0);
	int error = dirstack_down(&dirs, "link");
	assert_true(error == -ELOOP || error == -ENOTDIR);
	assert_int_equal(dirstack_down(&dirs, "file"), -ENOTDIR);
	assert_int_equal(dirstack_down(&dirs, "nothing"), -ENOENT);
	assert_int_equal(dirs.depth, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(dirstack_down(&dirs, "d"), 0);
	/* moved while its parent was closed */
	assert_int_equal(rename("d/d/d/d", "elsewhere/d"), 0);
	assert_int_equal(dirstack_up(&dirs), 0);
	assert_int_equal(dirstack_up(&dirs), -ESTALE);
	assert_int_equal(dirs.depth, 4);
	dirstack_end(&dirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_down_and_up_again),
		SCRATCH_TEST(test_reading_goes_on_where_it_was),
		SCRATCH_TEST(test_only_subdirectories_are_entered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
