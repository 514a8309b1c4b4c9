/*
 * What is extra about one entry: attributes by each method there is, links, handles, flags. Where
 * the kernel's functions are stood in for, it is by functions of this program with the same names.
 */
#include "strategies/flist/extra/extra.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "tests/child.h"
#include "tests/flist/with_refusal.h"
#include "tests/scratch.h"
#include "tests/test.h"

/* Of <linux/fs.h>, which musl's compiler does not find. */
enum { NODUMP_FLAG = 0x40, NODUMP_XFLAG = 0x80 };
#ifdef __GLIBC__
#define SET_FLAGS _IOW('f', 2, long)
#else
#define SET_FLAGS ((int)_IOW('f', 2, long))
#endif

static int set_up(void **state)
{
	static struct scratch s;
	*state = &s;
	return scratch_make(&s) && scratch_file(s.fd, "file", 1) && !mkdirat(s.fd, "dir", 0755) &&
			       scratch_file(s.fd, "plain", 1) && !symlinkat("file", s.fd, "link") &&
			       !mkfifoat(s.fd, "fifo", 0644)
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	return 0;
}

/* Sets an attribute; 0 or errno. */
static int set(const struct scratch *s, const char *file, const char *name, const void *value,
	       size_t size)
{
	char path[PATH_MAX + 32];
	snprintf(path, sizeof(path), "%s/%s", s->path, file);
	return lsetxattr(path, name, value, size, 0) ? errno : 0;
}

static void need_attributes(const struct scratch *s)
{
	if (!flist_xattr_backend())
		skip_because("this build of the library asks for no attributes");
	if (set(s, "file", "user.first", "one", 3))
		skip_because("no user attributes on the filesystem of TMPDIR");
}

static const struct flist_extra *ask_by(enum flist_xattr_method method, struct flist_asker *a,
					const struct scratch *s, const char *name, uint32_t wanted)
{
	const struct flist_question q = {
		.dirfd = s->fd, .name = name, .wanted = wanted, .method = method};
	flist_asker_begin(a);
	assert_int_equal(flist_asker_rest(a, &q), 0);
	return &a->extra;
}

static const struct flist_extra *ask(struct flist_extra *extra, const struct scratch *s,
				     const char *name, unsigned flags, uint32_t fields)
{
	assert_int_equal(flist_extra_ask(extra, s->fd, name, flags, fields), 0);
	return extra;
}

static void value_is(const struct flist_extra *extra, const char *name, const void *value,
		     size_t size)
{
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		const struct flist_xattr *x = &extra->xattrs[i];
		if (strcmp(x->name, name) != 0)
			continue;
		assert_int_equal(x->status, 0);
		assert_int_equal(x->size, size);
		assert_non_null(x->value);
		assert_memory_equal(x->value, value, size);
		return;
	}
	print_message("no attribute %s\n", name);
	assert_true(false);
}

/* ---- Attributes ------------------------------------------------------------------------------ */

static void every_way_has_names_and_values(void **state)
{
	const struct scratch *s = *state;
	struct flist_asker *a;
	need_attributes(s);
	assert_int_equal(set(s, "file", "user.\xff\xfe not UTF-8", "", 0), 0);
	assert_int_equal(set(s, "file", "user.a", "\0binary\0", 8), 0);
	assert_int_equal(set(s, "dir", "user.dir", "d", 1), 0);
	assert_int_equal(flist_asker_new(&a), 0);
	for (int method = 0; method <= FLIST_XATTR_METHODS; method++) {
		const struct flist_extra *x =
			ask_by((enum flist_xattr_method)method, a, s, "file", FLIST_XATTRS);
		assert_int_equal(x->valid, FLIST_XATTRS);
		assert_true(x->n_xattrs >= 3); /* security modules may add theirs */
		assert_null(x->xattrs[0].value);
		assert_int_equal(x->xattrs[0].status, -ENODATA);
		for (int i = 1; i < 16; i++) /* also those that no field has yet */
			assert_int_equal(x->status[i], -ENODATA);
		for (size_t i = 1; i < x->n_xattrs; i++)
			assert_true(strcmp(x->xattrs[i - 1].name, x->xattrs[i].name) < 0);
		x = ask_by((enum flist_xattr_method)method, a, s, "file", FLIST_XATTR_VALUES);
		assert_int_equal(x->valid, FLIST_XATTRS | FLIST_XATTR_VALUES);
		value_is(x, "user.first", "one", 3);
		value_is(x, "user.a", "\0binary\0", 8);
		value_is(x, "user.\xff\xfe not UTF-8", "", 0);
		x = ask_by((enum flist_xattr_method)method, a, s, "dir", FLIST_XATTR_VALUES);
		value_is(x, "user.dir", "d", 1);
	}
	flist_asker_free(a);
}

/* More names than the first buffer holds, and the largest value that there is. */
static void large_ones_are_whole(void **state)
{
	enum { MANY = 40, MOST = 65536 };
	const struct scratch *s = *state;
	static char value[MOST];
	char name[64];
	struct flist_asker *a;
	int error = 0;
	need_attributes(s);
	assert_true(scratch_file(s->fd, "large", 1));
	for (int i = 0; i < MOST; i++)
		value[i] = (char)(i * 7);
	for (int i = 0; i < MANY && !error; i++) {
		snprintf(name, sizeof(name), "user.a-name-of-some-length-%d", i);
		error = set(s, "large", name, &value[i], 1000);
	}
	if (!error)
		error = set(s, "large", "user.largest", value, MOST);
	if (error)
		skip_because("attributes of 64 KiB: %s", strerror(error));
	assert_int_equal(flist_asker_new(&a), 0);
	for (int method = 0; method < FLIST_XATTR_METHODS; method++) {
		const struct flist_extra *x =
			ask_by((enum flist_xattr_method)method, a, s, "large", FLIST_XATTR_VALUES);
		value_is(x, "user.largest", value, MOST);
		for (int i = 0; i < MANY; i++) {
			snprintf(name, sizeof(name), "user.a-name-of-some-length-%d", i);
			value_is(x, name, &value[i], 1000);
		}
	}
	flist_asker_free(a);
}

static void links_are_not_followed_by_default(void **state)
{
	const struct scratch *s = *state;
	struct flist_extra *extra;
	need_attributes(s);
	assert_int_equal(flist_extra_new(&extra), 0);
	const bool marked = !set(s, "link", "trusted.of-link", "l", 1);
	const struct flist_extra *x = ask(extra, s, "link", 0, FLIST_XATTR_VALUES);
	if (marked)
		value_is(x, "trusted.of-link", "l", 1);
	for (size_t i = 0; i < x->n_xattrs; i++)
		assert_true(strcmp(x->xattrs[i].name, "user.first") != 0);
	x = ask(extra, s, "link", FLIST_FOLLOW, FLIST_XATTR_VALUES);
	value_is(x, "user.first", "one", 3);
	flist_extra_free(extra);
	if (!marked)
		skip_because("needs root for attributes of a link");
}

static void acls_are_seen(void **state)
{
	/* Version 2: owner rw-, user 1 r--, group r--, mask r--, others r--. */
	static const uint8_t acl[] = {
		2, 0, 0,    0,    1,    0,    6,    0, 0xff, 0xff, 0xff, 0xff, 2,    0,    4,
		0, 1, 0,    0,    0,    4,    0,    4, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
		4, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 4,    0,    0xff, 0xff, 0xff, 0xff};
	const struct scratch *s = *state;
	struct flist_extra *extra;
	need_attributes(s);
	if (set(s, "dir", "system.posix_acl_default", acl, sizeof(acl)) ||
	    set(s, "plain", "system.posix_acl_access", acl, sizeof(acl)))
		skip_because("no ACLs on the filesystem of TMPDIR");
	assert_int_equal(flist_extra_new(&extra), 0);
	assert_int_equal(ask(extra, s, "dir", 0, FLIST_XATTRS)->acl, FLIST_ACL_DEFAULT);
	assert_int_equal(ask(extra, s, "plain", 0, FLIST_XATTRS)->acl, FLIST_ACL_ACCESS);
	assert_int_equal(ask(extra, s, "file", 0, FLIST_XATTRS)->acl, 0);
	flist_extra_free(extra);
}

static void attributes_of_an_open_file(void **state)
{
	const struct scratch *s = *state;
	const int fd = openat(s->fd, "file", O_RDONLY | O_CLOEXEC);
	struct flist_extra *by_name, *itself;
	struct flist_meta a, b;
	assert_int_equal(flist_extra_new(&by_name), 0);
	assert_int_equal(flist_extra_new(&itself), 0);
	assert_int_equal(flist_stat_at(fd, "", FLIST_ITSELF, 0, &a), 0);
	assert_int_equal(flist_stat_at(s->fd, "file", 0, 0, &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(flist_stat_at(fd, "file", FLIST_ITSELF, 0, &a), -EINVAL);
	assert_int_equal(flist_extra_ask(itself, fd, "file", FLIST_ITSELF, FLIST_LINK), -EINVAL);
	need_attributes(s);
	ask(by_name, s, "file", 0, FLIST_EXTRA_ALL);
	assert_int_equal(flist_extra_ask(itself, fd, "", FLIST_ITSELF, FLIST_EXTRA_ALL), 0);
	assert_int_equal(itself->valid, by_name->valid);
	assert_int_equal(itself->xflags, by_name->xflags);
	assert_int_equal(itself->handle_len, by_name->handle_len);
	assert_memory_equal(itself->handle, by_name->handle, itself->handle_len);
	assert_int_equal(itself->n_xattrs, by_name->n_xattrs);
	value_is(itself, "user.first", "one", 3);
	flist_extra_free(by_name);
	flist_extra_free(itself);
	close(fd);
}

static void errors_are_those_of_the_call(void **state)
{
	const struct scratch *s = *state;
	struct flist_extra *extra;
	assert_int_equal(flist_extra_new(&extra), 0);
	assert_int_equal(flist_extra_ask(extra, s->fd, "file", 1U << 31, FLIST_XATTRS), -EINVAL);
	assert_int_equal(flist_extra_ask(extra, s->fd, "file", 0, 1U << 31), -EINVAL);
	assert_int_equal(extra->valid, 0);
	assert_int_equal(flist_extra_ask(extra, s->fd, "gone", 0, FLIST_LINK), -ENOENT);
	need_attributes(s);
	assert_int_equal(flist_extra_ask(extra, s->fd, "gone", 0, FLIST_EXTRA_ALL), -ENOENT);
	assert_int_equal(extra->valid, 0);
	assert_int_equal(flist_extra_ask(extra, -1, "file", 0, FLIST_XATTRS), -EBADF);
	flist_extra_free(extra);
	flist_extra_free(NULL);
}

static int ask_as_nobody(const void *arg)
{
	const struct scratch *s = arg;
	struct flist_extra *extra;
	if (!become_nobody() || flist_extra_new(&extra))
		return 1;
	if (flist_extra_ask(extra, s->fd, "secret", 0, FLIST_XATTR_VALUES) != -EACCES)
		return 2;
	if (extra->valid != FLIST_XATTRS || extra->status[1] != -EACCES || extra->n_xattrs < 1)
		return 3;
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		const struct flist_xattr *x = &extra->xattrs[i];
		if (strcmp(x->name, "user.secret") == 0)
			return x->status == -EACCES && !x->value ? 0 : 4;
	}
	return 5;
}

static void values_may_be_refused_where_names_are_not(void **state)
{
	const struct scratch *s = *state;
	need_attributes(s);
	assert_true(scratch_file(s->fd, "secret", 1));
	assert_int_equal(set(s, "secret", "user.secret", "s", 1), 0);
	assert_int_equal(fchmodat(s->fd, "secret", 0, 0), 0);
	assert_int_equal(in_child(ask_as_nobody, s), 0);
}

/* ---- Old kernels and filters ----------------------------------------------------------------- */

struct without {
	const struct scratch *s;
	const char *calls, *backend;
	bool link_answers; /* of a type that is not opened */
};

static bool has_first(const struct flist_extra *x)
{
	for (size_t i = 0; i < x->n_xattrs; i++) {
		if (strcmp(x->xattrs[i].name, "user.first") == 0)
			return x->xattrs[i].size == 3 && memcmp(x->xattrs[i].value, "one", 3) == 0;
	}
	return false;
}

static bool is_backend(const char *wanted)
{
	const char *backend = flist_xattr_backend();
	return wanted && backend ? strcmp(wanted, backend) == 0 : wanted == backend;
}

static int ask_without(const void *arg)
{
	const struct without *w = arg;
	struct flist_extra *x;
	if (!refuse_calls(w->calls))
		return 100;
	if (flist_extra_new(&x) || flist_extra_ask(x, w->s->fd, "file", 0, FLIST_XATTR_VALUES))
		return 1;
	if (!is_backend(w->backend))
		return 2;
	if (w->backend ? !has_first(x) : x->valid != 0 || x->status[0] != -EOPNOTSUPP)
		return 3;
	if (flist_extra_ask(x, w->s->fd, "fifo", 0, FLIST_XATTRS))
		return 4;
	return (x->valid == FLIST_XATTRS) == w->link_answers ? 0 : 5;
}

static void missing_calls_are_replaced(void **state)
{
	const struct scratch *s = *state;
	const struct without all[] = {
		{s, "xattrat ENOSYS", "llistxattr", true},
		{s, "xattrat EPERM", "llistxattr", true},
		{s, "xattrat xattr-by-path ENOSYS", "flistxattr", false},
		{s, "xattrat xattr-by-path EPERM", "flistxattr", false},
		{s, "xattrat xattr-by-path xattr-by-fd ENOSYS", NULL, false},
		{s, "xattrat xattr-by-path xattr-by-fd EPERM", NULL, false},
	};
	need_attributes(s);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int ret = in_child(ask_without, &all[i]);
		if (ret == 100)
			skip_because("no seccomp filters here");
		if (ret)
			print_message("%s\n", all[i].calls);
		assert_int_equal(ret, 0);
	}
}

/* ---- Links, handles, flags ------------------------------------------------------------------- */

static void link_targets_of_any_length_are_complete(void **state)
{
	const struct scratch *s = *state;
	char target[PATH_MAX];
	struct flist_extra *extra;
	memset(target, '/', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	memcpy(target, "\xff\n", 2);
	assert_int_equal(symlinkat(target, s->fd, "long"), 0);
	assert_int_equal(flist_extra_new(&extra), 0);
	ask(extra, s, "long", 0, FLIST_LINK);
	assert_int_equal(extra->valid, FLIST_LINK);
	assert_int_equal(extra->link_len, strlen(target));
	assert_string_equal(extra->link, target);
	ask(extra, s, "file", 0, FLIST_LINK);
	assert_int_equal(extra->valid, FLIST_LINK);
	assert_null(extra->link);
	ask(extra, s, "link", FLIST_FOLLOW, FLIST_LINK);
	assert_null(extra->link);
	flist_extra_free(extra);
}

static ssize_t longer_than_room(struct flist_asker *a, const struct scratch *s)
{
	a->link_room = 2; /* as if targets were longer than any that this system makes */
	const struct flist_extra *x = ask_by(FLIST_XATTR_METHODS, a, s, "link", FLIST_LINK);
	assert_string_equal(x->link, "file");
	return (ssize_t)x->link_len;
}

static void link_targets_that_fill_the_buffer_are_read_again(void **state)
{
	struct flist_asker *a;
	assert_int_equal(flist_asker_new(&a), 0);
	assert_int_equal(longer_than_room(a, *state), 4);
	flist_asker_free(a);
}

static void attributes_and_ids_are_those_of_statx(void **state)
{
#if defined(SYS_statx) && defined(STATX_TYPE)
	const struct scratch *s = *state;
	struct flist_extra *extra;
	struct statx stx, unique;
	assert_int_equal(flist_extra_new(&extra), 0);
	ask(extra, s, "file", 0, FLIST_ATTRIBUTES | FLIST_SUBVOL | FLIST_MOUNT);
	if (syscall(SYS_statx, s->fd, "file", 0, 0x8000, &stx) ||
	    syscall(SYS_statx, s->fd, "file", 0, 0x4000, &unique) ||
	    !(extra->valid & FLIST_ATTRIBUTES))
		skip_because("no statx here");
	assert_int_equal(extra->attributes_mask, stx.stx_attributes_mask);
	assert_int_equal(extra->attributes, stx.stx_attributes & stx.stx_attributes_mask);
	assert_int_equal(!!(extra->valid & FLIST_SUBVOL), !!(stx.stx_mask & 0x8000));
	assert_int_equal(!!(extra->valid & FLIST_MOUNT), !!(unique.stx_mask & 0x4000));
	if (extra->valid & FLIST_MOUNT)
		assert_memory_equal(&extra->mount, (const char *)&unique + 0x90, 8);
	else
		assert_int_equal(extra->mount, 0);
	flist_extra_free(extra);
#else
	(void)state;
	skip_because("no statx in the headers");
#endif
}

static void handles_are_those_of_the_kernel(void **state)
{
	const struct scratch *s = *state;
	struct {
		uint32_t len;
		int32_t type;
		unsigned char bytes[128];
	} handle = {.len = 128};
	int mount;
	struct flist_extra *extra;
	assert_int_equal(flist_extra_new(&extra), 0);
	ask(extra, s, "link", 0, FLIST_HANDLE);
	const long ret = syscall(SYS_name_to_handle_at, s->fd, "link", &handle, &mount, 0);
	if (!(extra->valid & FLIST_HANDLE))
		assert_int_equal(extra->status[6], -EOPNOTSUPP);
	if (ret || !flist_xattr_backend())
		skip_because("no handles on the filesystem of TMPDIR");
	assert_int_equal(extra->valid, FLIST_HANDLE);
	assert_int_equal(extra->handle_type, handle.type);
	assert_int_equal(extra->handle_len, handle.len);
	assert_memory_equal(extra->handle, handle.bytes, handle.len);
	flist_extra_free(extra);
}

static int flags_without(const void *arg)
{
	const struct without *w = arg;
	struct flist_extra *x;
	if (!refuse_calls(w->calls) || flist_extra_new(&x))
		return 100;
	if (flist_extra_ask(x, w->s->fd, "plain", 0, FLIST_XFLAGS))
		return 1;
	if (x->valid != FLIST_XFLAGS || !(x->xflags & NODUMP_XFLAG))
		return 2;
	/* Neither a fifo nor a link is opened. */
	if (flist_extra_ask(x, w->s->fd, "fifo", 0, FLIST_XFLAGS) || x->valid)
		return 3;
	return flist_extra_ask(x, w->s->fd, "link", 0, FLIST_XFLAGS) || x->valid ? 4 : 0;
}

static void flags_are_read_with_and_without_file_getattr(void **state)
{
	const struct scratch *s = *state;
	const struct without all[] = {{s, "file_getattr ENOSYS", NULL, false},
				      {s, "file_getattr EPERM", NULL, false}};
	struct flist_extra *x;
	int fd = openat(s->fd, "plain", O_RDONLY | O_CLOEXEC), flags = NODUMP_FLAG;
	const int ret = ioctl(fd, SET_FLAGS, &flags);
	close(fd);
	if (ret || !flist_xattr_backend())
		skip_because("no flags on the filesystem of TMPDIR");
	assert_int_equal(flist_extra_new(&x), 0);
	ask(x, s, "plain", 0, FLIST_XFLAGS | FLIST_PROJECT);
	assert_true(x->valid & FLIST_XFLAGS);
	assert_int_equal(x->xflags & NODUMP_XFLAG, NODUMP_XFLAG);
	ask(x, s, "file", 0, FLIST_XFLAGS);
	assert_int_equal(x->xflags & NODUMP_XFLAG, 0);
	flist_extra_free(x);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(in_child(flags_without, &all[i]), 0);
}

static int handle_without(const void *arg)
{
	const struct scratch *s = arg;
	struct flist_extra *x;
	if (!refuse_calls("handle EPERM") || flist_extra_new(&x))
		return 100;
	if (flist_extra_ask(x, s->fd, "file", 0, FLIST_HANDLE | FLIST_LINK))
		return 1;
	return x->valid == FLIST_LINK && x->status[6] == -EOPNOTSUPP ? 0 : 2;
}

static void unsupported_fields_are_unknown_and_no_failure(void **state)
{
	const int ret = in_child(handle_without, *state);
	if (ret == 100)
		skip_because("no seccomp filters here");
	assert_int_equal(ret, 0);
}

/* A descriptor of a link is what an O_PATH without following opens. */
static void links_are_not_guessed(void **state)
{
	const struct scratch *s = *state;
	const int link = openat(s->fd, "link", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const int file = openat(s->fd, "file", O_RDONLY | O_CLOEXEC);
	struct flist_extra *extra;
	assert_int_equal(flist_extra_new(&extra), 0);
	for (uint32_t more = 0; more <= FLIST_ATTRIBUTES; more += FLIST_ATTRIBUTES) {
		const uint32_t fields = FLIST_LINK | more;
		assert_int_equal(flist_extra_ask(extra, link, "", FLIST_ITSELF, fields), 0);
		assert_true(extra->valid & FLIST_LINK);
		assert_string_equal(extra->link, "file");
		assert_int_equal(flist_extra_ask(extra, file, "", FLIST_ITSELF, fields), 0);
		assert_true(extra->valid & FLIST_LINK);
		assert_null(extra->link);
		assert_int_equal(flist_extra_ask(extra, 12345, "", FLIST_ITSELF, fields), -EBADF);
		assert_false(extra->valid & FLIST_LINK);
		assert_int_equal(flist_extra_ask(extra, AT_FDCWD, "/nowhere", FLIST_FOLLOW, fields),
				 -ENOENT);
		assert_int_equal(extra->status[2], -ENOENT);
		assert_int_equal(flist_extra_ask(extra, s->fd, "link", FLIST_FOLLOW, fields), 0);
		assert_true(extra->valid & FLIST_LINK);
		assert_null(extra->link);
	}
	flist_extra_free(extra);
	close(file);
	close(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_has_names_and_values),
		cmocka_unit_test(large_ones_are_whole),
		cmocka_unit_test(links_are_not_followed_by_default),
		cmocka_unit_test(acls_are_seen),
		cmocka_unit_test(attributes_of_an_open_file),
		cmocka_unit_test(errors_are_those_of_the_call),
		cmocka_unit_test(values_may_be_refused_where_names_are_not),
		cmocka_unit_test(missing_calls_are_replaced),
		cmocka_unit_test(links_are_not_guessed),
		cmocka_unit_test(link_targets_of_any_length_are_complete),
		cmocka_unit_test(link_targets_that_fill_the_buffer_are_read_again),
		cmocka_unit_test(attributes_and_ids_are_those_of_statx),
		cmocka_unit_test(handles_are_those_of_the_kernel),
		cmocka_unit_test(flags_are_read_with_and_without_file_getattr),
		cmocka_unit_test(unsupported_fields_are_unknown_and_no_failure),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
