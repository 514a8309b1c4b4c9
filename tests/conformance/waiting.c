/*
 * The fused walk on a filesystem where every call takes its time, in every way in which it may
 * misbehave: many jobs share a directory, and their list is that of one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/flist.h"
#include "tests/fs/fs.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { JOBS = 16, MEETING = 8, DELAY_US = 2000, SHORT_DELAY_US = 300 };

static struct flist_list *collect(unsigned jobs, unsigned flags)
{
	const struct flist_collect_options options = {.flags = flags, .threads.jobs = jobs};
	struct flist_list *list;
	assert_int_equal(flist_collect(&list, "mnt", &options), 0);
	return list;
}

/* ---- In flight at once ----------------------------------------------------------------------- */

static off_t busiest_after(unsigned jobs, unsigned delay_us)
{
	struct stat st;
	assert_int_equal(fs_mount("mnt", FS_CROWDED, delay_us), 0);
	flist_list_free(collect(jobs, 0));
	assert_int_equal(lstat("mnt/busiest", &st), 0);
	fs_unmount("mnt");
	return st.st_size;
}

static void meet(void)
{
	assert_true(busiest_after(JOBS, DELAY_US) >= MEETING);
	assert_int_equal(busiest_after(1, SHORT_DELAY_US), 1);
}

/* ---- The same list --------------------------------------------------------------------------- */

/* What a mode never answers twice alike is given up. */
static struct flist_meta stable(enum fs_fault fault, const struct flist_meta *meta)
{
	struct flist_meta m = *meta;
	if (fault == FS_UNSTABLE_INODES)
		m.ino = 0;
	if (fault == FS_UNSTABLE_SIZES)
		m.size = m.blocks = 0;
	if (fault == FS_UNSTABLE_LINKS)
		m.nlink = 0;
	if (fault == FS_UNSTABLE_TIMES)
		m.mtime_ns = 0;
	return m;
}

static void items_are_equal(enum fs_fault fault, const struct flist_item *a,
			    const struct flist_item *b)
{
	assert_string_equal(a->path, b->path);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->status, b->status);
	assert_int_equal(!a->meta, !b->meta);
	if (!a->meta)
		return;
	const struct flist_meta x = stable(fault, a->meta), y = stable(fault, b->meta);
	assert_memory_equal(&x, &y, sizeof(x));
}

static void failures_are_equal(const struct flist_list *a, const struct flist_list *b)
{
	size_t n, m;
	const struct flist_failure *x = flist_list_failures(a, &n), *y = flist_list_failures(b, &m);
	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(x[i].path, y[i].path);
		assert_int_equal(x[i].error, y[i].error);
		assert_int_equal(x[i].step, y[i].step);
	}
}

static void lists_are_equal(enum fs_fault fault, const struct flist_list *a,
			    const struct flist_list *b)
{
	struct flist_cursor *x, *y;
	assert_int_equal(flist_list_length(a), flist_list_length(b));
	assert_int_equal(flist_cursor_open(&x, a), 0);
	assert_int_equal(flist_cursor_open(&y, b), 0);
	for (size_t i = 0; i < flist_list_length(a); i++)
		items_are_equal(fault, flist_cursor_next(x), flist_cursor_next(y));
	flist_cursor_close(x);
	flist_cursor_close(y);
	failures_are_equal(a, b);
}

static void check_lists(enum fs_fault fault)
{
	static const unsigned flags[] = {0, FLIST_LAZY, FLIST_FOLLOW, FLIST_ONE_FILESYSTEM};
	assert_int_equal(fs_mount("mnt", fault, SHORT_DELAY_US), 0);
	for (int i = 0; i < 4; i++) {
		struct flist_list *one = collect(1, flags[i]), *many = collect(JOBS, flags[i]);
		lists_are_equal(fault, one, many);
		flist_list_free(one);
		flist_list_free(many);
	}
	fs_unmount("mnt");
}

static void compare(void)
{
	for (size_t i = 0; i < FS_FAULTS; i++) {
		const enum fs_fault fault = fs_modes[i].fault;
		if (fault == FS_HANGING || fault == FS_HANGING_DIR || fault == FS_ENDLESS)
			continue;
		print_message("# %s\n", fs_modes[i].name);
		check_lists(fault);
	}
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void with_mount_point(void (*test)(void))
{
	struct scratch scratch;
	if (geteuid() != 0)
		skip_because("this user may not mount a filesystem of /dev/fuse");
	if (access("/dev/fuse", R_OK | W_OK))
		skip_because("needs root and /dev/fuse");
	assert_true(scratch_make(&scratch));
	assert_int_equal(chdir(scratch.path), 0);
	assert_int_equal(mkdir("mnt", 0755), 0);
	test();
	scratch_remove(&scratch);
}

static void many_jobs_fetch_names_of_one_directory_at_once(void **state)
{
	(void)state;
	with_mount_point(meet);
}

static void the_list_is_that_of_one_job_in_every_mode(void **state)
{
	(void)state;
	with_mount_point(compare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_jobs_fetch_names_of_one_directory_at_once),
		cmocka_unit_test(the_list_is_that_of_one_job_in_every_mode),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
