/*
 * flist_collect with what is extra: each entry comes with what flist_extra_ask says of it, in every
 * way to walk and where calls wait. The walk is compiled into this test with a clock of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_refusal.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

#include "tests/flist/with_waiting.h"

#include "strategies/flist/ask/ask.h"

static volatile int cancelled;
static _Atomic long times_asked, last_time = -1; /* after which it is cancelled; -1: never */

static int counted_ask(int dirfd, const char *name, unsigned flags, uint32_t fields,
		       struct flist_meta *meta)
{
	if (atomic_fetch_add(&times_asked, 1) + 1 == atomic_load(&last_time))
		__atomic_store_n(&cancelled, 1, __ATOMIC_RELAXED);
	return flist_ask(dirfd, name, flags, fields, meta);
}

#define flist_ask counted_ask
#include "strategies/flist/collect/collect.c"
#include "strategies/flist/collect/entry.c"
#include "strategies/flist/collect/share.c"
#include "strategies/flist/collect/walk.c"
#include "strategies/flist/collect/walkers.c"

enum {
	FILES = 200,
	LARGE = 5000, /* more than one buffer */
	WANTED = FLIST_XATTR_VALUES | FLIST_XATTRS | FLIST_LINK | FLIST_ATTRIBUTES | FLIST_HANDLE,
};

static bool mark(const struct scratch *s, const char *name, const char *attribute,
		 const char *value)
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof(path), "%s/%s", s->path, name);
	return setxattr(path, attribute, value, strlen(value), 0) == 0;
}

/* Every third file has an attribute, every sixth two. Without attributes the rest still holds. */
static int make_tree(void **state)
{
	char name[64], value[16];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = !mkdirat(s->fd, "few", 0755) && !mkdirat(s->fd, "large", 0755) &&
		    !symlinkat("few/3", s->fd, "link") && !symlinkat("nowhere", s->fd, "dangling");
	for (int i = 0; i < FILES && made; i++) {
		snprintf(name, sizeof(name), "few/%d", i);
		snprintf(value, sizeof(value), "%d", i / 10);
		made = scratch_file(s->fd, name, i);
		if (i % 3 == 0)
			mark(s, name, "user.third", value);
		if (i % 9 == 1) /* as long as the other */
			mark(s, name, "user.ninth", value);
		if (i % 6 == 0)
			mark(s, name, "user.sixth", value);
	}
	for (int i = 0; i < LARGE && made; i++) {
		snprintf(name, sizeof(name), "large/name-%d", i);
		made = scratch_file(s->fd, name, 0);
		if (i % 100 == 0)
			mark(s, name, "user.hundredth", "");
	}
	return made ? 0 : -1;
}

static void xattrs_are(const struct flist_extra *a, const struct flist_extra *b)
{
	assert_int_equal(a->n_xattrs, b->n_xattrs);
	assert_int_equal(a->acl, b->acl);
	for (size_t i = 0; i < a->n_xattrs; i++) {
		const struct flist_xattr *x = &a->xattrs[i], *y = &b->xattrs[i];
		assert_string_equal(x->name, y->name);
		assert_int_equal(x->status, y->status);
		assert_int_equal(x->size, y->size);
		assert_true(!x->value == !y->value);
		if (x->value)
			assert_memory_equal(x->value, y->value, x->size);
	}
}

static void extra_is(const struct flist_extra *a, const struct flist_extra *b)
{
	assert_non_null(a);
	assert_int_equal(a->valid, b->valid);
	assert_memory_equal(a->status, b->status, sizeof(a->status));
	assert_int_equal(a->attributes, b->attributes);
	assert_int_equal(a->attributes_mask, b->attributes_mask);
	assert_int_equal(a->link_len, b->link_len);
	assert_true(!a->link == !b->link);
	if (a->link)
		assert_string_equal(a->link, b->link);
	assert_int_equal(a->handle_len, b->handle_len);
	assert_int_equal(a->handle_type, b->handle_type);
	if (a->handle)
		assert_memory_equal(a->handle, b->handle, a->handle_len);
	xattrs_are(a, b);
}

/* The list says of each entry what is said of it alone. */
static void list_has(const struct scratch *s, const struct flist_list *list, unsigned flags,
		     uint32_t fields)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	struct flist_extra *extra;
	size_t n = 0;
	assert_int_equal(flist_extra_new(&extra), 0);
	assert_int_equal(flist_cursor_open(&cursor, list), 0);
	while ((item = flist_cursor_next(cursor))) {
		const unsigned f = strcmp(item->path, "dangling") ? flags : 0;
		assert_int_equal(flist_extra_ask(extra, s->fd, item->path, f, fields), 0);
		extra_is(item->extra, extra);
		n++;
	}
	assert_int_equal(n, 4 + FILES + LARGE);
	flist_cursor_close(cursor);
	flist_extra_free(extra);
}

static void every_entry_has_its_own_extra_fields(void **state)
{
	static const uint32_t fields[] = {FLIST_XATTRS, FLIST_LINK, FLIST_ATTRIBUTES, WANTED};
	const struct scratch *s = *state;
	for (int i = 0; i < 4 * WAYS; i++) {
		atomic_store(&calls_wait, i / 4 == 2);
		struct flist_collect_options options = way(i / 4, NULL);
		options.extra = fields[i % 4];
		options.flags = i % 2 ? FLIST_FOLLOW : 0;
		struct flist_list *list = collect(s->path, &options);
		failures_are(list, NULL);
		list_has(s, list, options.flags, fields[i % 4]);
		flist_list_free(list);
	}
}

static void both_mount_ids_may_be_asked_for(void **state)
{
	const struct scratch *s = *state;
	const struct flist_collect_options options = {
		.fields = FLIST_BASIC | FLIST_MNT_ID, .extra = FLIST_MOUNT, .threads.jobs = 1};
	struct flist_list *list = collect(s->path, &options);
	struct flist_extra *extra;
	struct flist_cursor *cursor;
	struct flist_meta meta;
	assert_int_equal(flist_extra_new(&extra), 0);
	assert_int_equal(flist_extra_ask(extra, s->fd, "few", 0, FLIST_MOUNT), 0);
	assert_int_equal(flist_stat_at(s->fd, "few", 0, FLIST_MNT_ID, &meta), 0);
	assert_int_equal(flist_cursor_open(&cursor, list), 0);
	const struct flist_item *item = flist_cursor_next(cursor);
	assert_int_equal(item->extra->mount, extra->mount);
	assert_int_equal(item->extra->valid, extra->valid);
	assert_int_equal(item->meta->mnt_id, meta.mnt_id);
	assert_int_equal(item->meta->valid & FLIST_MNT_ID, meta.valid & FLIST_MNT_ID);
	flist_cursor_close(cursor);
	flist_extra_free(extra);
	flist_list_free(list);
}

/* Entries that are alike share what is known of them: a pointer each is all that they cost. */
static void equal_extra_fields_are_stored_once(void **state)
{
	const struct scratch *s = *state;
	struct flist_collect_options options = {.threads.jobs = 1};
	struct flist_list *bare = collect(s->path, &options);
	options.extra = FLIST_XATTRS;
	struct flist_list *list = collect(s->path, &options);
	const size_t n = flist_list_length(list);
	const size_t more = flist_list_bytes(list) - flist_list_bytes(bare);
	print_message("%zu bytes more for %zu entries\n", more, n);
	assert_true(more < n * sizeof(void *) + 256 * 1024);
	flist_list_free(list);
	flist_list_free(bare);
}

struct count {
	_Atomic size_t seen, with_value, without;
};

static int each(void *arg, unsigned worker, const struct flist_item *item)
{
	struct count *count = arg;
	(void)worker;
	atomic_fetch_add(&count->seen, 1);
	if (!item->extra)
		atomic_fetch_add(&count->without, 1);
	for (size_t i = 0; item->extra && i < item->extra->n_xattrs; i++) {
		const struct flist_xattr *x = &item->extra->xattrs[i];
		if (strcmp(x->name, "user.third") == 0)
			atomic_fetch_add(&count->with_value, x->size > 0);
	}
	return 0;
}

static void each_gets_extra_fields_without_a_list(void **state)
{
	const struct scratch *s = *state;
	for (int i = 0; i < 2 * WAYS; i++) {
		struct count count = {0};
		struct flist_collect_options options = way(i / 2, NULL);
		struct flist_list *list = NULL;
		atomic_store(&calls_wait, i / 2 == 2);
		options.extra = FLIST_XATTR_VALUES;
		options.each = each;
		options.arg = &count;
		assert_int_equal(flist_collect(i % 2 ? &list : NULL, s->path, &options), 0);
		flist_list_free(list);
		assert_int_equal(count.seen, 4 + FILES + LARGE);
		assert_int_equal(count.without, 0);
		if (flist_xattr_backend() && mark(s, "few/3", "user.third", "1"))
			assert_int_equal(count.with_value, (FILES + 2) / 3);
	}
}

static void a_lazy_list_fetches_extra_fields_later(void **state)
{
	const struct scratch *s = *state;
	struct flist_collect_options options = {.flags = FLIST_LAZY, .threads.jobs = 2};
	const struct flist_fetch_options fetch = {.threads.jobs = 2, .extra = WANTED};
	struct flist_list *list = collect(s->path, &options);
	assert_int_equal(flist_list_fetch(list, &fetch), 0);
	list_has(s, list, 0, WANTED);
	flist_list_free(list);
	options.extra = FLIST_XATTRS;
	assert_int_equal(flist_collect(&list, s->path, &options), -EINVAL);
	options.flags = 0;
	options.extra = UINT64_C(1) << 40;
	assert_int_equal(flist_collect(&list, s->path, &options), -EINVAL);
}

/* What it has, and how many have extra fields. */
static size_t count_fetched(const struct scratch *s, const struct flist_list *list, size_t *extras)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	size_t n = 0;
	*extras = 0;
	assert_int_equal(flist_cursor_open(&cursor, list), 0);
	while ((item = flist_cursor_next(cursor))) {
		struct stat st;
		if (item->status == -ENODATA)
			continue;
		n++;
		if (strcmp(item->path, "large/name-77") == 0)
			assert_int_equal(item->status, -ENOENT);
		else
			assert_int_equal(item->status, 0);
		assert_int_equal(item->meta == NULL, item->status != 0);
		assert_true(!item->extra || item->extra->valid == FLIST_LINK);
		*extras += item->extra != NULL;
		if (!item->meta)
			continue;
		assert_int_equal(fstatat(s->fd, item->path, &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(item->meta->ino, st.st_ino);
		assert_int_equal(item->meta->size, st.st_size);
		assert_int_equal(item->meta->mode, st.st_mode);
	}
	flist_cursor_close(cursor);
	return n;
}

/* In slices that are shorter than a directory takes; one of two wants extra fields, too. */
static void a_fetch_goes_on_where_it_was_cancelled(void **state)
{
	enum { ALL = 4 + FILES + LARGE, SLICE = 701 };
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	const struct scratch *s = *state;
	for (unsigned jobs = 1; jobs < 6; jobs += 3) {
		struct flist_list *list = collect(s->path, &lazy);
		size_t extras, former = 0;
		int ret = -ECANCELED;
		assert_int_equal(renameat(s->fd, "large/name-77", s->fd, "aside"), 0);
		atomic_store(&times_asked, 0);
		for (int i = 0; ret; i++) {
			const struct flist_fetch_options fetch = {
				.threads.jobs = jobs,
				.cancel = &cancelled,
				.extra = i % 2 ? FLIST_LINK : 0,
			};
			assert_true(i <= ALL / SLICE);
			atomic_store(&last_time, atomic_load(&times_asked) + SLICE);
			cancelled = 0;
			ret = flist_list_fetch(list, &fetch);
			assert_true(ret == 0 || ret == -ECANCELED);
			assert_int_equal(count_fetched(s, list, &extras),
					 atomic_load(&times_asked));
			assert_true(i % 2 ? extras > former : extras == former);
			former = extras;
		}
		atomic_store(&last_time, -1);
		assert_int_equal(renameat(s->fd, "aside", s->fd, "large/name-77"), 0);
		assert_int_equal(atomic_load(&times_asked), ALL);
		failures_are(list, "large/name-77", ENOENT, NULL);
		flist_list_free(list);
	}
}

/* Threads with descriptor tables of their own, where the kernel lacks calls. 0, or what is wrong.
 */
static int collect_without(const void *arg)
{
	const struct scratch *s = arg;
	if (!refuse_calls("xattrat file_getattr ENOSYS"))
		return 100;
	for (unsigned jobs = 1; jobs <= 7; jobs += 3) {
		struct count count = {0};
		const struct flist_collect_options options = {.extra = FLIST_XATTR_VALUES |
								       FLIST_XFLAGS,
							      .threads.jobs = jobs,
							      .each = each,
							      .arg = &count};
		struct flist_list *list;
		size_t n;
		if (flist_collect(&list, s->path, &options))
			return 1;
		flist_list_failures(list, &n);
		flist_list_free(list);
		if (n > 0 || count.seen != 4 + FILES + LARGE)
			return 2;
		if (count.with_value != (FILES + 2) / 3)
			return 3;
	}
	return 0;
}

static void an_old_kernel_gives_the_same(void **state)
{
	const struct scratch *s = *state;
	if (!flist_xattr_backend() || !mark(s, "few/3", "user.third", "0"))
		skip_because("no user attributes on the filesystem of TMPDIR");
	const int ret = in_child(collect_without, s);
	if (ret == 100)
		skip_because("no seccomp filters here");
	assert_int_equal(ret, 0);
}

/* As a user who may list the names, but not read the value. 0, or what is wrong. */
static int collect_refused(const void *arg)
{
	const struct scratch *s = arg;
	const struct flist_collect_options options = {.extra = FLIST_XATTR_VALUES,
						      .threads.jobs = 2};
	struct flist_list *list;
	size_t n;
	if (!become_nobody() || flist_collect(&list, s->path, &options))
		return 1;
	const struct flist_failure *failures = flist_list_failures(list, &n);
	if (flist_list_length(list) != 4 + FILES + LARGE)
		return 2;
	if (n != 1 || strcmp(failures->path, "few/3") != 0 || failures->error != EACCES ||
	    failures->step != FLIST_STEP_EXTRA)
		return 3;
	flist_list_free(list);
	return 0;
}

static void a_failure_loses_nothing_else(void **state)
{
	const struct scratch *s = *state;
	if (!flist_xattr_backend() || !mark(s, "few/3", "user.third", "0"))
		skip_because("no user attributes on the filesystem of TMPDIR");
	assert_int_equal(fchmodat(s->fd, "few/3", 0, 0), 0);
	assert_int_equal(in_child(collect_refused, s), 0);
	assert_int_equal(fchmodat(s->fd, "few/3", 0644, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_has_its_own_extra_fields),
		cmocka_unit_test(both_mount_ids_may_be_asked_for),
		cmocka_unit_test(equal_extra_fields_are_stored_once),
		cmocka_unit_test(each_gets_extra_fields_without_a_list),
		cmocka_unit_test(a_lazy_list_fetches_extra_fields_later),
		cmocka_unit_test(a_fetch_goes_on_where_it_was_cancelled),
		cmocka_unit_test(an_old_kernel_gives_the_same),
		cmocka_unit_test(a_failure_loses_nothing_else),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
