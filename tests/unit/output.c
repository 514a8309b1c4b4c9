#include "engine/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/base/outdir.h"
#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

struct place {
	struct scratch scratch;
	char file[PATH_MAX + 16], other[PATH_MAX + 16];
	mode_t umask;
};

static int open_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	if (!scratch_make(&p->scratch))
		return -1;
	snprintf(p->file, sizeof(p->file), "%s/file", p->scratch.path);
	snprintf(p->other, sizeof(p->other), "%s/other", p->scratch.path);
	p->umask = umask(022);
	*state = p;
	return 0;
}

static int close_place(void **state)
{
	struct place *p = *state;
	umask(p->umask);
	scratch_remove(&p->scratch);
	free(p);
	return 0;
}

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void must_write(const char *path, const char *text)
{
	struct err err = {0};
	if (output_write(path, text, strlen(text), &err))
		fail_msg("%s", err.text);
}

static void assert_content(const char *path, const char *expected)
{
	char *text;
	size_t size;
	assert_int_equal(read_file(path, 1000, &text, &size), 0);
	assert_string_equal(text, expected);
	free(text);
}

static struct stat look(const char *path)
{
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	return st;
}

/* Nothing is left beside what was meant: no temporary file. */
static void assert_entries(const struct place *p, int expected)
{
	DIR *stream = opendir(p->scratch.path);
	int n = 0;
	assert_non_null(stream);
	while (readdir(stream))
		n++;
	closedir(stream);
	assert_int_equal(n - 2, expected);
}

static void a_new_file_has_what_the_umask_leaves(void **state)
{
	struct place *p = *state;
	must_write(p->file, "one");
	assert_int_equal(look(p->file).st_mode, S_IFREG | 0644);
	umask(077);
	must_write(p->other, "two");
	assert_int_equal(look(p->other).st_mode, S_IFREG | 0600);
	assert_entries(p, 2);
}

static void an_old_file_keeps_its_mode_and_owner(void **state)
{
	struct place *p = *state;
	bool root = geteuid() == 0;
	put(p->file, "old", 0640);
	if (root)
		assert_int_equal(chown(p->file, 12345, 23456), 0);
	must_write(p->file, "new");
	assert_content(p->file, "new");
	assert_int_equal(look(p->file).st_mode, S_IFREG | 0640);
	assert_int_equal(look(p->file).st_uid, root ? 12345 : geteuid());
	assert_int_equal(look(p->file).st_gid, root ? 23456 : getegid());
	put(p->other, "old", 0604);
	must_write(p->other, "new");
	assert_int_equal(look(p->other).st_mode, S_IFREG | 0604);
	assert_entries(p, 2);
}

static void a_file_is_replaced_not_written_to(void **state)
{
	struct place *p = *state;
	put(p->file, "old", 0644);
	int before = open(p->file, O_RDONLY | O_CLOEXEC);
	char text[8] = "";
	must_write(p->file, "new");
	assert_int_equal(read(before, text, sizeof(text)), 3);
	assert_memory_equal(text, "old", 3);
	close(before);
}

static void a_link_stays_and_its_target_is_replaced(void **state)
{
	struct place *p = *state;
	char below[PATH_MAX + 32], link[PATH_MAX + 32];
	snprintf(below, sizeof(below), "%s/below", p->scratch.path);
	snprintf(link, sizeof(link), "%s/below/link", p->scratch.path);
	assert_int_equal(mkdir(below, 0755), 0);
	assert_int_equal(symlink("below/link", p->file), 0);
	assert_int_equal(symlink("../other", link), 0);
	must_write(p->file, "new"); /* what the links lead to is not there yet */
	assert_content(p->other, "new");
	must_write(p->file, "newer");
	assert_content(p->other, "newer");
	assert_true(S_ISLNK(look(p->file).st_mode) && S_ISLNK(look(link).st_mode));
	assert_entries(p, 3);
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(symlink("file", p->file), 0);
	assert_int_equal(output_write(p->file, "x", 1, NULL), -ELOOP);
}

static void a_link_of_another_user_is_not_followed(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	if (geteuid() != 0)
		skip_because("needs root");
	put(p->other, "old", 0644);
	assert_int_equal(symlink(p->other, p->file), 0);
	assert_int_equal(lchown(p->file, 12345, 12345), 0);
	assert_int_equal(output_write(p->file, "new", 3, &err), -EPERM);
	assert_non_null(strstr(err.text, "symbolic link of another user (uid 12345)"));
	assert_content(p->other, "old");
	/* In his own directory a user may have links that others follow, but not where results are.
	 */
	assert_int_equal(chown(p->scratch.path, 12345, 12345), 0);
	assert_int_equal(output_write_at(p->scratch.fd, "file", p->file, "new", 3, NULL), -EPERM);
	assert_int_equal(output_write(p->file, "new", 3, NULL), 0);
	assert_content(p->other, "new");
}

static void results_replace_files_of_other_users(void **state)
{
	struct place *p = *state;
	if (geteuid() != 0)
		skip_because("needs root");
	put(p->file, "theirs", 0666);
	assert_int_equal(chown(p->file, 12345, 12345), 0);
	assert_int_equal(output_write_at(p->scratch.fd, "file", p->file, "ours", 4, NULL), 0);
	assert_content(p->file, "ours");
	assert_int_equal(look(p->file).st_uid, 0);
	assert_int_equal(look(p->file).st_mode, S_IFREG | 0644);
	assert_int_equal(mkfifo(p->other, 0666), 0);
	assert_int_equal(chown(p->other, 12345, 12345), 0);
	assert_int_equal(output_write_at(p->scratch.fd, "other", p->other, "x", 1, NULL), -EPERM);
}

static void *read_all(void *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = calloc(1, 64);
	size_t used = 0;
	ssize_t n;
	while ((n = read(fd, text + used, 63 - used)) > 0)
		used += (size_t)n;
	close(fd);
	return text;
}

static void a_fifo_is_written_to(void **state)
{
	struct place *p = *state;
	pthread_t reader;
	void *text;
	assert_int_equal(mkfifo(p->file, 0622), 0);
	mode_t mode = look(p->file).st_mode;
	assert_int_equal(pthread_create(&reader, NULL, read_all, p->file), 0);
	must_write(p->file, "through the fifo");
	assert_int_equal(pthread_join(reader, &text), 0);
	assert_string_equal(text, "through the fifo");
	assert_int_equal(look(p->file).st_mode, mode);
	free(text);
}

static void a_device_is_written_to(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	if (geteuid() != 0 || mknod(p->file, S_IFCHR | 0666, makedev(1, 3)) ||
	    mknod(p->other, S_IFCHR | 0666, makedev(1, 7)))
		skip_because("needs root");
	if (access(p->file, W_OK) || open(p->file, O_WRONLY | O_CLOEXEC) < 0)
		skip_because("needs a filesystem with devices");
	must_write(p->file, "into nothing");
	assert_true(S_ISCHR(look(p->file).st_mode));
	assert_int_equal(output_write(p->other, "full", 4, &err), -ENOSPC);
	assert_non_null(strstr(err.text, p->other));
	assert_true(S_ISCHR(look(p->other).st_mode));
	assert_entries(p, 2);
}

static void an_open_descriptor_is_written_to(void **state)
{
	struct place *p = *state;
	char path[64];
	put(p->file, "", 0644);
	int fd = open(p->file, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "first, ", 7), 7);
	ino_t inode = look(p->file).st_ino;
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	must_write(path, "then");
	close(fd);
	assert_content(p->file, "first, then");
	assert_int_equal(look(p->file).st_ino, inode);
	assert_int_equal(output_write(path, "x", 1, NULL), -EBADF);
}

static void invalid_file_names(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	char path[PATH_MAX + 32];
	assert_int_equal(output_write(p->scratch.path, "x", 1, &err), -EISDIR);
	assert_non_null(strstr(err.text, p->scratch.path));
	snprintf(path, sizeof(path), "%s/", p->file);
	assert_int_equal(output_write(path, "x", 1, NULL), -EISDIR);
	snprintf(path, sizeof(path), "%s/none/file", p->scratch.path);
	err = (struct err){0};
	assert_int_equal(output_write(path, "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(output_write("", "x", 1, NULL), -ENOENT);
	assert_entries(p, 0);
}

/* A limit on file size stands in for a full disk: write fails half-way. */
static void a_full_disk_leaves_the_old_file(void **state)
{
	struct place *p = *state;
	static const char text[8192];
	struct rlimit old, small;
	struct err err = {0};
	put(p->file, "old", 0644);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){4096, old.rlim_max};
	sighandler_t handler = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int error = output_write(p->file, text, sizeof(text), &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(error, -ENOSPC);
	assert_non_null(strstr(err.text, p->file));
	assert_non_null(strstr(err.text, "ulimit -f"));
	assert_content(p->file, "old");
	assert_entries(p, 1);
}

/* --- Directories ----------------------------------------------------------------------------- */

static int open_dir(const struct place *p, bool forced, struct err *err)
{
	struct outdir dir;
	*err = (struct err){0};
	int error = outdir_open(&dir, p->file, forced, err);
	outdir_close(&dir);
	return error;
}

static void directories_of_others_are_refused(void **state)
{
	struct place *p = *state;
	struct err err;
	umask(0);
	assert_int_equal(open_dir(p, false, &err), 0);
	assert_int_equal(look(p->file).st_mode, S_IFDIR | 0755);
	chmod(p->file, 0757);
	assert_int_equal(open_dir(p, false, &err), -EINVAL);
	assert_non_null(strstr(err.text, "other users may write in "));
	assert_non_null(strstr(err.text, "--force-output"));
	assert_int_equal(open_dir(p, true, &err), 0);
	chmod(p->file, 01777);
	assert_int_equal(open_dir(p, false, &err), 0);
	chmod(p->file, 0775);
	assert_int_equal(open_dir(p, false, &err), getegid() == geteuid() ? 0 : -EINVAL);
	if (geteuid() != 0)
		skip_because("needs root");
	chmod(p->file, 0755);
	assert_int_equal(chown(p->file, 0, 12345), 0);
	assert_int_equal(open_dir(p, false, &err), 0);
	chmod(p->file, 0775);
	assert_int_equal(open_dir(p, false, &err), -EINVAL);
	chmod(p->file, 0755);
	assert_int_equal(chown(p->file, 12345, 0), 0);
	assert_int_equal(open_dir(p, false, &err), -EINVAL);
	assert_non_null(strstr(err.text, "belongs to another user (uid 12345)"));
	assert_int_equal(open_dir(p, true, &err), 0);
}

static void directories_of_others_below_a_shared_one_are_refused(void **state)
{
	struct place *p = *state;
	struct outdir dir, below;
	if (geteuid() != 0)
		skip_because("needs root");
	assert_int_equal(mkdir(p->file, 0755), 0);
	assert_int_equal(chown(p->file, 12345, 0), 0);
	assert_int_equal(chmod(p->scratch.path, 01777), 0);
	assert_int_equal(outdir_open(&dir, p->scratch.path, false, NULL), 0);
	assert_int_equal(outdir_open_below(&below, &dir, "file", NULL), -EINVAL);
	assert_int_equal(outdir_open_below(&below, &dir, "mine", NULL), 0);
	outdir_close(&below);
	assert_int_equal(symlink("mine", p->other), 0);
	assert_int_equal(lchown(p->other, 12345, 0), 0);
	assert_int_equal(outdir_open_below(&below, &dir, "other", NULL), -EPERM);
	outdir_close(&below);
	outdir_close(&dir);
}

static void files_go_where_the_directory_went(void **state)
{
	struct place *p = *state;
	char path[PATH_MAX + 32];
	struct outdir dir;
	assert_int_equal(outdir_open(&dir, p->file, false, NULL), 0);
	assert_int_equal(rename(p->file, p->other), 0);
	assert_int_equal(symlink("/nowhere", p->file), 0);
	assert_int_equal(outdir_write(&dir, "name", "text", 4, NULL), 0);
	snprintf(path, sizeof(path), "%s/name", p->other);
	assert_content(path, "text");
	outdir_close(&dir);
}

static void one_at_a_time(void **state)
{
	struct place *p = *state;
	struct outdir one, two;
	struct err err = {0};
	assert_int_equal(outdir_open(&one, p->file, false, NULL), 0);
	assert_int_equal(outdir_open(&two, p->file, false, NULL), 0);
	assert_int_equal(outdir_lock(&one, NULL), 0);
	assert_int_equal(outdir_lock(&two, &err), -EBUSY);
	assert_non_null(strstr(err.text, "another statmark is writing there"));
	outdir_close(&one);
	assert_int_equal(outdir_lock(&two, NULL), 0);
	outdir_close(&two);
}

static void names_that_are_taken_get_a_number(void **state)
{
	struct place *p = *state;
	struct outdir all, one, two, three;
	assert_int_equal(outdir_open(&all, p->scratch.path, false, NULL), 0);
	put(p->file, "", 0644);
	assert_int_equal(outdir_make(&one, &all, "run", NULL), 0);
	assert_int_equal(outdir_make(&two, &all, "run", NULL), 0);
	assert_int_equal(outdir_make(&three, &all, "file", NULL), 0);
	assert_string_equal(strrchr(one.path, '/'), "/run");
	assert_string_equal(strrchr(two.path, '/'), "/run-2");
	assert_string_equal(strrchr(three.path, '/'), "/file-2");
	outdir_close(&one);
	outdir_close(&two);
	outdir_close(&three);
	outdir_close(&all);
}

static void a_link_to_the_latest(void **state)
{
	struct place *p = *state;
	char to[16] = "";
	struct outdir all;
	struct err err = {0};
	assert_int_equal(outdir_open(&all, p->scratch.path, false, NULL), 0);
	assert_int_equal(outdir_link(&all, "other", "one", NULL), 0);
	assert_int_equal(outdir_link(&all, "other", "two", NULL), 0);
	assert_int_equal(readlink(p->other, to, sizeof(to)), 3);
	assert_string_equal(to, "two");
	put(p->file, "mine", 0644);
	assert_int_equal(outdir_link(&all, "file", "two", &err), -EEXIST);
	assert_non_null(strstr(err.text, "is not a symbolic link; it was left as it is"));
	assert_content(p->file, "mine");
	assert_entries(p, 2);
	outdir_close(&all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_place, close_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_has_what_the_umask_leaves),
		TEST(an_old_file_keeps_its_mode_and_owner),
		TEST(a_file_is_replaced_not_written_to),
		TEST(a_link_stays_and_its_target_is_replaced),
		TEST(a_link_of_another_user_is_not_followed),
		TEST(results_replace_files_of_other_users),
		TEST(a_fifo_is_written_to),
		TEST(a_device_is_written_to),
		TEST(an_open_descriptor_is_written_to),
		TEST(invalid_file_names),
		TEST(a_full_disk_leaves_the_old_file),
		TEST(directories_of_others_are_refused),
		TEST(directories_of_others_below_a_shared_one_are_refused),
		TEST(files_go_where_the_directory_went),
		TEST(one_at_a_time),
		TEST(names_that_are_taken_get_a_number),
		TEST(a_link_to_the_latest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
