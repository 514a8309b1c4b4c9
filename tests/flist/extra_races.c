/*
 * Attributes that change while they are asked for. The functions of the C library are this
 * program's own here, so that every change comes at the worst moment.
 */
#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "strategies/flist/extra/extra.h"
#include "tests/test.h"

/* What is set on the one file there is, and what happens to it. */
static struct {
	size_t names_len, value_len;           /* bytes by now */
	size_t then_names_len, then_value_len; /* after the next look at it, 0: as they are */
	int gone;                              /* nonzero: a value is refused with this errno */
	int calls;
} world;

static ssize_t give(size_t len, size_t *then, size_t *now, char *to, size_t size, char fill)
{
	world.calls++;
	if (*then)
		*now = *then;
	*then = 0;
	if (len > size) {
		errno = ERANGE;
		return -1;
	}
	memset(to, fill, len);
	return (ssize_t)len;
}

ssize_t llistxattr(const char *path, char *list, size_t size)
{
	(void)path;
	const ssize_t len =
		give(world.names_len, &world.then_names_len, &world.names_len, list, size, 'n');
	if (len > 0) { /* names of one letter, the last one longer where that is odd */
		for (ssize_t i = 1; i < len; i += 2)
			list[i] = '\0';
		list[len - 1] = '\0';
	}
	return len;
}

ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size)
{
	(void)path;
	(void)name;
	if (world.gone) {
		world.calls++;
		errno = world.gone;
		return -1;
	}
	return give(world.value_len, &world.then_value_len, &world.value_len, value, size, 'v');
}

/* The rest of what comes with them where a C library is linked statically. */
ssize_t listxattr(const char *path, char *list, size_t size)
{
	return llistxattr(path, list, size);
}

ssize_t flistxattr(int fd, char *list, size_t size)
{
	(void)fd;
	return llistxattr("", list, size);
}

ssize_t getxattr(const char *path, const char *name, void *value, size_t size)
{
	return lgetxattr(path, name, value, size);
}

ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)
{
	(void)fd;
	return lgetxattr("", name, value, size);
}

static int set_up(void **state)
{
	return flist_asker_new((struct flist_asker **)state);
}

static int tear_down(void **state)
{
	flist_asker_free(*state);
	return 0;
}

static const struct flist_extra *ask(void **state)
{
	const struct flist_question q = {.dirfd = AT_FDCWD,
					 .name = "/file",
					 .wanted = FLIST_XATTR_VALUES,
					 .method = FLIST_XATTR_PATH};
	struct flist_asker *a = *state;
	if (!flist_xattr_backend())
		skip_because("this build of the library asks for no attributes");
	flist_asker_begin(a);
	world.calls = 0;
	assert_int_equal(flist_asker_rest(a, &q), 0);
	return &a->extra;
}

static void one_call_each_is_enough_for_small_ones(void **state)
{
	world.names_len = 2;
	world.value_len = FLIST_XATTR_SMALL;
	const struct flist_extra *x = ask(state);
	assert_int_equal(world.calls, 2);
	assert_int_equal(x->n_xattrs, 1);
	assert_int_equal(x->xattrs[0].size, FLIST_XATTR_SMALL);
}

/* The size that was too large a moment ago is larger still the next time. */
static void a_growing_attribute_is_complete(void **state)
{
	world.names_len = FLIST_XATTR_SMALL + 2;
	world.then_names_len = 2000;
	world.value_len = FLIST_XATTR_SMALL + 1;
	world.then_value_len = FLIST_XATTR_MOST;
	const struct flist_extra *x = ask(state);
	assert_int_equal(x->valid, FLIST_XATTRS | FLIST_XATTR_VALUES);
	assert_int_equal(x->n_xattrs, 1000);
	for (size_t i = 0; i < x->n_xattrs; i++) {
		const char *value = x->xattrs[i].value;
		assert_string_equal(x->xattrs[i].name, "n");
		assert_int_equal(x->xattrs[i].size, FLIST_XATTR_MOST);
		assert_int_equal(value[0], 'v');
		assert_int_equal(value[FLIST_XATTR_MOST - 1], 'v');
	}
	assert_int_equal(world.calls, 2 + 2 * 1000);
}

static void a_shrinking_attribute_is_complete(void **state)
{
	world.names_len = FLIST_XATTR_SMALL + 2;
	world.then_names_len = 2;
	world.value_len = FLIST_XATTR_SMALL + 1;
	world.then_value_len = 1;
	const struct flist_extra *x = ask(state);
	assert_int_equal(x->n_xattrs, 1);
	assert_int_equal(x->xattrs[0].size, 1);
}

static void more_names_than_the_kernel_lists_are_a_failure(void **state)
{
	world.names_len = FLIST_XATTR_MOST + 2;
	world.value_len = 1;
	const struct flist_extra *x = ask(state);
	assert_int_equal(x->valid, 0);
	assert_int_equal(x->status[0], -E2BIG);
	assert_int_equal(x->status[1], -E2BIG);
	assert_int_equal(flist_extra_error(x), -E2BIG);
}

static void too_large_a_value_is_a_failure_of_its_own(void **state)
{
	world.names_len = 2;
	world.value_len = FLIST_XATTR_MOST + 1;
	const struct flist_extra *x = ask(state);
	assert_int_equal(x->valid, FLIST_XATTRS);
	assert_int_equal(x->xattrs[0].status, -E2BIG);
	assert_null(x->xattrs[0].value);
	assert_int_equal(flist_extra_error(x), -E2BIG);
}

static void a_vanished_attribute_is_a_failure(void **state)
{
	world.names_len = 4;
	world.gone = ENODATA;
	const struct flist_extra *x = ask(state);
	world.gone = 0;
	assert_int_equal(x->valid, FLIST_XATTRS | FLIST_XATTR_VALUES);
	assert_int_equal(x->n_xattrs, 2);
	assert_int_equal(x->xattrs[1].status, -ENODATA);
	assert_null(x->xattrs[1].value);
	assert_int_equal(flist_extra_error(x), 0);
}

/* A call that is there may refuse a value: that is the answer, and no other call is tried. */
static void a_refused_value_is_its_failure(void **state)
{
	world.names_len = 2;
	world.gone = EIO;
	const struct flist_extra *x = ask(state);
	world.gone = 0;
	assert_int_equal(x->valid, FLIST_XATTRS);
	assert_int_equal(x->status[1], -EIO);
	assert_int_equal(world.calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_call_each_is_enough_for_small_ones),
		cmocka_unit_test(a_growing_attribute_is_complete),
		cmocka_unit_test(a_shrinking_attribute_is_complete),
		cmocka_unit_test(more_names_than_the_kernel_lists_are_a_failure),
		cmocka_unit_test(too_large_a_value_is_a_failure_of_its_own),
		cmocka_unit_test(a_vanished_attribute_is_a_failure),
		cmocka_unit_test(a_refused_value_is_its_failure),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
