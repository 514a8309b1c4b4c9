/* Loading trees whose directories fail, never end, or list what cannot be. */
#include "engine/workload.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "tests/child.h"
#include "tests/dents_script.h"
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

static void make_tree(const struct scratch *s)
{
	assert_int_equal(mkdirat(s->fd, "before", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "middle", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "middle/sub", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "zlast", 0755), 0);
	assert_true(scratch_file(s->fd, "before/a", 1));
	assert_true(scratch_file(s->fd, "middle/sub/b", 1));
	assert_true(scratch_file(s->fd, "zlast/c", 1));
}

static ino_t inode_of(const struct scratch *s, const char *path)
{
	struct stat st;
	assert_int_equal(fstatat(s->fd, path, &st, 0), 0);
	return st.st_ino;
}

static struct workload *loaded(const struct scratch *s, struct dents_script *script)
{
	const struct workload_request request = {
		.path = s->path, .read = dents_script_read, .arg = script};
	struct workload *load = NULL;
	struct err err = {0};
	if (workload_load_as(&load, &request, &err))
		fail_msg("%s", err.text);
	return load;
}

static void make_middle_long(const struct scratch *s)
{
	for (int i = 0; i < 2000; i++) {
		char name[300];
		snprintf(name, sizeof(name), "middle/%0200d", i);
		assert_true(scratch_file(s->fd, name, 0));
	}
}

/* Whatever the kernel says: also in the middle of a directory that is so long that arrays moved. */
static void a_directory_that_cannot_be_read_is_counted_and_named(void **state)
{
	static const int errors[] = {EIO, EACCES, EINVAL, ESTALE, ENOENT, EBADMSG, ENOTDIR};
	const struct scratch *s = *state;
	make_tree(s);
	make_middle_long(s);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct dents_script script = {
			.ino = inode_of(s, "middle"), .real = true, .error = errors[i]};
		struct workload *load = loaded(s, &script);
		assert_int_equal(load->unreadable, 1);
		assert_int_equal(load->unreadable_error, errors[i]);
		assert_string_equal(load->first_unreadable, "middle");
		assert_true(load->has_broken);
		assert_int_equal(load->n_entries, 2000 + 7);
		workload_free(load);
	}
}

static void a_root_that_cannot_be_read_is_an_error(void **state)
{
	const struct scratch *s = *state;
	struct dents_script script = {.ino = inode_of(s, "."), .real = true, .error = EIO};
	const struct workload_request request = {
		.path = s->path, .read = dents_script_read, .arg = &script};
	struct workload *load = NULL;
	struct err err = {0};
	make_tree(s);
	assert_int_equal(workload_load_as(&load, &request, &err), -EIO);
	assert_non_null(strstr(err.text, s->path));
}

static void too_few_descriptors_end_the_loading(void **state)
{
	const struct scratch *s = *state;
	struct dents_script script = {.error = ENFILE};
	const struct workload_request request = {
		.path = s->path, .read = dents_script_read, .arg = &script};
	struct workload *load = NULL;
	make_tree(s);
	script.ino = inode_of(s, "middle");
	assert_int_equal(workload_load_as(&load, &request, NULL), -ENFILE);
}

/* By then the names that messages are made of lie elsewhere. */
static void a_shortage_in_a_long_directory_names_it(void **state)
{
	const struct scratch *s = *state;
	struct dents_script script = {.real = true, .error = ENFILE};
	const struct workload_request request = {
		.path = s->path, .read = dents_script_read, .arg = &script};
	struct workload *load = NULL;
	struct err err = {0};
	make_tree(s);
	make_middle_long(s);
	script.ino = inode_of(s, "middle");
	assert_int_equal(workload_load_as(&load, &request, &err), -ENFILE);
	assert_non_null(strstr(err.text, "/middle: "));
}

static void invalid_names_are_left_out_and_counted(void **state)
{
	static const char *const names[] = {"", ".", "x", "a/b", ".", "..", "", NULL};
	const struct scratch *s = *state;
	make_tree(s);
	struct dents_script script = {.ino = inode_of(s, "middle"), .names = names, .real = true};
	struct workload *load = loaded(s, &script);
	assert_int_equal(load->bad_names, 3);
	assert_string_equal(load->first_bad, "middle");
	assert_int_equal(load->unreadable, 0);
	assert_int_equal(load->n_entries, 7 + 1);
	workload_free(load);
}

/* No other call comes to help: the flag is seen between two entries. */
static void a_directory_without_end_can_be_stopped(void **state)
{
	const struct scratch *s = *state;
	volatile int stop = 0;
	struct workload *load = NULL;
	make_tree(s);
	struct dents_script script = {
		.ino = inode_of(s, "middle"), .endless = true, .stop = &stop, .stop_after = 1000};
	const struct workload_request request = {
		.path = s->path, .stop = &stop, .read = dents_script_read, .arg = &script};
	assert_int_equal(workload_load_as(&load, &request, NULL), -EINTR);
	assert_int_equal(script.calls, 1000);
}

static void when_time_is_up_the_tree_has_what_was_read(void **state)
{
	const struct scratch *s = *state;
	struct workload *load = NULL;
	make_tree(s);
	struct dents_script script = {.ino = inode_of(s, "middle"), .endless = true};
	const struct workload_request request = {.path = s->path,
						 .until_ns = clock_ns() + NS_PER_SECOND / 50,
						 .read = dents_script_read,
						 .arg = &script};
	assert_int_equal(workload_load_as(&load, &request, NULL), 0);
	assert_true(load->is_partial);
	assert_true(load->n_entries > 3);
	assert_true(load->n_unread <= 3);
	workload_free(load);
	const struct workload_request late = {.path = s->path, .until_ns = 1};
	assert_int_equal(workload_load_as(&load, &late, NULL), 0);
	assert_true(load->is_partial);
	assert_int_equal(load->n_entries, 3); /* the root is always read */
	assert_int_equal(load->n_unread, 3);
	workload_free(load);
}

static void names_of_any_length_are_loaded(void **state)
{
	enum { LENGTH = 4095 };
	const struct scratch *s = *state;
	char *name = calloc(1, LENGTH + 1), *buf;
	const char *const names[] = {name, NULL};
	assert_non_null(name);
	memset(name, 'n', LENGTH);
	make_tree(s);
	struct dents_script script = {.ino = inode_of(s, "middle"), .names = names};
	struct workload *load = loaded(s, &script);
	uint32_t longest = 0;
	for (uint32_t i = 0; i < load->n_entries; i++)
		longest = load->entries[i].name_len == LENGTH ? i : longest;
	assert_string_equal(workload_name(load, longest), name);
	buf = malloc(load->path_size);
	assert_non_null(buf);
	assert_int_equal(strlen(workload_path(load, longest, buf)),
			 workload_path_len(load, longest));
	free(buf);
	free(name);
	workload_free(load);
}

/* In a mount namespace of its own. */
static int load_with_mounts(const void *arg)
{
	const struct scratch *s = arg;
	struct workload *load;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    chdir(s->path) || mount("t", "middle", "tmpfs", 0, NULL) || mkdir("middle/m", 0755) ||
	    mount("t", "middle/m", "tmpfs", 0, NULL) || mkdir("middle/m/deep", 0755) ||
	    mkdir("middle/d", 0755))
		return 77;
	struct workload_request request = {.path = s->path};
	if (workload_load_as(&load, &request, NULL) || load->mounts != 1 || load->n_entries != 5 ||
	    strcmp(load->first_mount, "middle") != 0)
		return 1;
	workload_free(load);
	request.crosses_mounts = true;
	if (workload_load_as(&load, &request, NULL) || load->mounts != 2 || load->n_entries != 8)
		return 2;
	workload_free(load);
	return 0;
}

/* "", "before", "middle", "middle/sub", "zlast": 1 + 7 + 7 + 11 + 6 bytes; the root's does not
 * count. */
static void paths_that_take_too_much_memory_are_refused(void **state)
{
	const struct scratch *s = *state;
	struct workload_request request = {.path = s->path, .paths_max = 31};
	struct workload *load = NULL;
	struct err err = {0};
	make_tree(s);
	assert_int_equal(workload_load_as(&load, &request, &err), 0);
	workload_free(load);
	load = NULL;
	request.paths_max = 30;
	assert_int_equal(workload_load_as(&load, &request, &err), -ENOMEM);
	assert_null(load);
	assert_non_null(strstr(err.text, "paths of its directories take more than"));
	assert_non_null(strstr(err.text, "measure a sub-directory"));
}

static void mount_points_are_counted_and_entered_on_request(void **state)
{
	const struct scratch *s = *state;
	make_tree(s);
	int code = in_child(load_with_mounts, s);
	if (code == 77)
		skip_because("needs root, to mount");
	assert_int_equal(code, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_directory_that_cannot_be_read_is_counted_and_named),
		TEST(a_root_that_cannot_be_read_is_an_error),
		TEST(too_few_descriptors_end_the_loading),
		TEST(a_shortage_in_a_long_directory_names_it),
		TEST(invalid_names_are_left_out_and_counted),
		TEST(a_directory_without_end_can_be_stopped),
		TEST(when_time_is_up_the_tree_has_what_was_read),
		TEST(names_of_any_length_are_loaded),
		TEST(paths_that_take_too_much_memory_are_refused),
		TEST(mount_points_are_counted_and_entered_on_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
