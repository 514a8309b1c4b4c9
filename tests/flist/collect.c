/*
 * flist_collect: every way to walk gives the same list, that of readdir, lstat and a sort of whole
 * paths, on trees of hostile names; and what the options change about it.
 */
#include <stdlib.h>

#include "engine/base/rng.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, meta_scratch, meta_no_scratch)

/* Bytes around '/' and the ends of the range, in names that begin alike. */
static void random_name(struct rng *rng, char *name)
{
	static const char bytes[] = "aab-.0!\x01\x7f\xff\x80 \n";
	size_t len = 1 + rng_below(rng, 5);
	for (size_t i = 0; i < len; i++)
		name[i] = bytes[rng_below(rng, sizeof(bytes) - 1)];
	name[len] = '\0';
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		memcpy(name, "a", 2);
}

static void make_random(struct rng *rng, int fd, int depth)
{
	for (uint64_t n = rng_below(rng, 12); n > 0; n--) {
		char name[16];
		random_name(rng, name);
		if (rng_below(rng, 2) && depth > 0) {
			if (mkdirat(fd, name, 0755))
				continue;
			int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			make_random(rng, below, depth - 1);
			close(below);
		} else if (rng_below(rng, 5) == 0) {
			(void)!symlinkat("a", fd, name);
		} else if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW)) {
			scratch_file(fd, name, (off_t)rng_below(rng, 1000));
		}
	}
}

static void lists_are_sorted_by_the_bytes_of_whole_paths(void **state)
{
	const struct scratch *s = *state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct rng rng = {.state = seed};
		struct sightings seen;
		assert_int_equal(mkdirat(s->fd, "tree", 0755), 0);
		int fd = openat(s->fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char path[PATH_MAX + 8];
		snprintf(path, sizeof(path), "%s/tree", s->path);
		make_random(&rng, fd, 5);
		see(&seen, fd);
		every_way_sees(path, NULL, &seen);
		see_nothing(&seen);
		scratch_empty(fd);
		unlinkat(s->fd, "tree", AT_REMOVEDIR);
	}
}

/* "a", what goes between it and its entries, its entries, and what comes after. */
static void children_are_sorted_by_the_slash(void **state)
{
	static const char *const order[] = {"a",      "a\x01", "a-",   "a-!", "a-!/x", "a-/x",
					    "a-/x/y", "a-b",   "a.b",  "a/",  "a//",   "a/x",
					    "a/x.c",  "a0",    "a0/a", "b",   NULL};
	const struct scratch *s = *state;
	static const char *const dirs[] = {"a", "a-", "a-!", "a-/x", "a0", NULL};
	static const char *const files[] = {"a\x01", "a-!/x", "a-/x/y", "a-b", "a.b",
					    "a/x",   "a/x.c", "a0/a",   "b",   NULL};
	for (int i = 0; dirs[i]; i++)
		assert_int_equal(mkdirat(s->fd, dirs[i], 0755), 0);
	for (int i = 0; files[i]; i++)
		assert_true(scratch_file(s->fd, files[i], 0));
	for (int w = 0; w < WAYS; w++) {
		const struct flist_collect_options options = way(w, NULL);
		struct flist_list *list = collect(s->path, &options);
		struct flist_cursor *cursor;
		assert_int_equal(flist_cursor_open(&cursor, list), 0);
		for (int i = 0; order[i]; i++) {
			const size_t len = strlen(order[i]);
			if (order[i][len - 1] != '/')
				assert_string_equal(flist_cursor_next(cursor)->path, order[i]);
		}
		assert_null(flist_cursor_next(cursor));
		flist_cursor_close(cursor);
		flist_list_free(list);
	}
}

static void an_empty_directory_is_an_empty_list(void **state)
{
	const struct scratch *s = *state;
	struct sightings none = {0};
	every_way_sees(s->path, NULL, &none);
	struct flist_list *list = collect(s->path, NULL);
	assert_true(flist_list_bytes(list) > 0);
	flist_list_free(list);
	flist_list_free(NULL);
	flist_cursor_close(NULL);
}

static void the_list_has_all_fields(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	every_way_sees(s->path, NULL, &seen);
	const uint32_t all = FLIST_BASIC | FLIST_BTIME | FLIST_MNT_ID;
	struct flist_list *list = collect(s->path, &(struct flist_collect_options){.fields = all});
	struct flist_cursor *cursor;
	assert_int_equal(flist_cursor_open(&cursor, list), 0);
	for (size_t i = 0; i < seen.n; i++) {
		const struct flist_item *item = flist_cursor_next(cursor);
		struct flist_meta meta;
		assert_int_equal(flist_stat_at(s->fd, item->path, 0, all, &meta), 0);
		assert_memory_equal(item->meta, &meta, sizeof(meta));
	}
	flist_cursor_close(cursor);
	flist_list_free(list);
	see_nothing(&seen);
}

static void roots_that_cannot_be_walked_are_errors(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 16];
	for (int w = 0; w < WAYS; w++) {
		const struct flist_collect_options options = way(w, NULL);
		struct flist_list *list = (struct flist_list *)state;
		snprintf(path, sizeof(path), "%s/nothing", s->path);
		assert_int_equal(flist_collect(&list, path, &options), -ENOENT);
		assert_null(list);
		snprintf(path, sizeof(path), "%s/file", s->path);
		assert_int_equal(flist_collect(&list, path, &options), -ENOTDIR);
		assert_int_equal(flist_collect(&list, "", &options), -ENOENT);
	}
	struct flist_list *list;
	struct flist_collect_options bad = {.flags = 1 << 3};
	assert_int_equal(flist_collect(&list, s->path, &bad), -EINVAL);
	bad = (struct flist_collect_options){.fields = 1 << 20};
	assert_int_equal(flist_collect(&list, s->path, &bad), -EINVAL);
}

static void a_root_may_be_named_in_any_way(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	char path[PATH_MAX + 32];
	assert_true(scratch_file(s->fd, "sub/below", 3));
	assert_int_equal(symlinkat("sub", s->fd, "to-sub"), 0);
	int fd = openat(s->fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	see(&seen, fd);
	close(fd);
	static const char *const names[] = {"sub", "sub/", "sub//.", "./sub/../sub", "to-sub"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", s->path, names[i]);
		every_way_sees(path, NULL, &seen);
	}
	see_nothing(&seen);
}

static void lazy_lists_hold_names_and_types_until_they_are_fetched(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	assert_true(scratch_file(s->fd, "sub/below", 3));
	see(&seen, s->fd);
	const struct flist_collect_options rest = {.flags = FLIST_LAZY};
	every_way_sees(s->path, &rest, &seen);
	for (int w = 0; w < WAYS; w++) {
		const struct flist_collect_options options = way(w, &rest);
		struct flist_list *list = collect(s->path, &options);
		assert_int_equal(
			flist_list_fetch(list, &(struct flist_fetch_options){.fields = 1 << 20}),
			-EINVAL);
		assert_int_equal(
			flist_list_fetch(list,
					 &(struct flist_fetch_options){.threads = options.threads}),
			0);
		list_is(list, &seen);
		assert_int_equal(flist_list_fetch(list, NULL), 0);
		list_is(list, &seen);
		failures_are(list, NULL);
		flist_list_free(list);
	}
	see_nothing(&seen);
}

static void vanished_entries_of_a_lazy_list_fail(void **state)
{
	const struct scratch *s = *state;
	assert_true(scratch_file(s->fd, "sub/below", 3));
	for (int w = 0; w < WAYS; w++) {
		struct flist_collect_options options = way(w, NULL);
		options.flags = FLIST_LAZY;
		struct flist_list *list = collect(s->path, &options);
		assert_int_equal(unlinkat(s->fd, "fifo", 0), 0);
		assert_int_equal(renameat(s->fd, "sub", s->fd, "bus"), 0);
		assert_int_equal(
			flist_list_fetch(list,
					 &(struct flist_fetch_options){.threads = options.threads}),
			0);
		failures_are(list, "fifo", ENOENT, "sub", ENOENT, "sub/below", ENOENT, NULL);
		assert_int_equal(flist_list_length(list), 6);
		struct flist_cursor *cursor;
		const struct flist_item *item;
		assert_int_equal(flist_cursor_open(&cursor, list), 0);
		while ((item = flist_cursor_next(cursor))) {
			const bool gone = strstr(item->path, "sub") || strstr(item->path, "fifo");
			assert_int_equal(item->status, gone ? -ENOENT : 0);
			assert_int_equal(item->meta != NULL, !gone);
			assert_true(item->type != 0);
		}
		flist_cursor_close(cursor);
		flist_list_free(list);
		assert_int_equal(mkfifoat(s->fd, "fifo", 0600), 0);
		assert_int_equal(renameat(s->fd, "bus", s->fd, "sub"), 0);
	}
}

static void a_lazy_list_whose_root_is_gone_stays_as_it_is(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 8];
	snprintf(path, sizeof(path), "%s/sub", s->path);
	assert_true(scratch_file(s->fd, "sub/below", 3));
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	struct flist_list *list = collect(path, &lazy);
	assert_int_equal(renameat(s->fd, "sub", s->fd, "bus"), 0);
	assert_int_equal(flist_list_fetch(list, NULL), -ENOENT);
	assert_int_equal(flist_list_length(list), 1);
	failures_are(list, NULL);
	flist_list_free(list);
}

static enum flist_choice choose(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	if (worker >= 7 || item->meta || item->status != -ENODATA)
		return FLIST_SKIP; /* of what should be kept: seen as missing */
	if (strcmp(item->path, "skipped") == 0 || strcmp(item->name, "x") == 0)
		return FLIST_SKIP;
	return strcmp(item->path, "p/pruned") == 0 ? FLIST_PRUNE : FLIST_KEEP;
}

static void a_filter_skips_and_prunes(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	static const char *const dirs[] = {"skipped",  "skipped/d",  "p",
					   "p/pruned", "p/pruned/d", "q"};
	static const char *const files[] = {"skipped/f", "p/pruned/f", "p/x", "q/x", "q/y"};
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		assert_int_equal(mkdirat(s->fd, dirs[i], 0755), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		assert_true(scratch_file(s->fd, files[i], 1));
	see(&seen, s->fd);
	see_not(&seen, "skipped");
	see_not_below(&seen, "p/pruned");
	see_not(&seen, "p/x");
	see_not(&seen, "q/x");
	every_way_sees(s->path, &(struct flist_collect_options){.filter = choose}, &seen);
	see_nothing(&seen);
}

/* What each was called with, by position in the list that it should make. */
struct calls {
	const struct sightings *seen;
	_Atomic unsigned *counts;
	_Atomic unsigned failed;
	bool lazy;
};

static int count(void *arg, unsigned worker, const struct flist_item *item)
{
	struct calls *calls = arg;
	(void)worker;
	for (size_t i = 0; i < calls->seen->n; i++) {
		const struct sighting *s = &calls->seen->all[i];
		if (strcmp(s->path, item->path) != 0)
			continue;
		const bool good = item->depth == s->depth && item->path_len == strlen(s->path) &&
				  item->type == (s->st.st_mode & S_IFMT) &&
				  item->status == (calls->lazy ? -ENODATA : 0) &&
				  !item->meta == calls->lazy &&
				  (calls->lazy || item->meta->ino == s->st.st_ino);
		calls->counts[i] += good;
		return 0;
	}
	return -EBADMSG;
}

static void fail_once(void *arg, unsigned worker, const struct flist_failure *failure)
{
	struct calls *calls = arg;
	(void)worker;
	calls->failed += failure->error == ENOENT && failure->step == FLIST_STEP_STAT &&
			 strcmp(failure->path, "p/gone") == 0;
}

static enum flist_choice remove_one(void *arg, unsigned worker, const struct flist_item *item)
{
	const struct calls *calls = arg;
	(void)worker;
	(void)calls;
	if (strcmp(item->name, "gone") == 0)
		unlink(getenv("FLIST_TEST_GONE"));
	return FLIST_KEEP;
}

static void each_is_called_once_for_all_that_is_listed_kept_or_not(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	char gone[PATH_MAX + 8];
	assert_int_equal(mkdirat(s->fd, "p", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "p/q", 0755), 0);
	assert_true(scratch_file(s->fd, "p/q/f", 1));
	snprintf(gone, sizeof(gone), "%s/p/gone", s->path);
	setenv("FLIST_TEST_GONE", gone, 1);
	see(&seen, s->fd);
	for (int w = 0; w < 4 * WAYS; w++) {
		struct calls calls = {.seen = &seen, .lazy = w / WAYS % 2};
		struct flist_collect_options options = way(w % WAYS, NULL);
		struct flist_list *list = NULL;
		calls.counts = calloc(seen.n, sizeof(*calls.counts));
		options.flags = calls.lazy ? FLIST_LAZY : 0;
		options.each = count;
		options.failed = fail_once;
		options.filter = remove_one;
		options.arg = &calls;
		if (!calls.lazy)
			assert_true(scratch_file(s->fd, "p/gone", 1));
		assert_int_equal(flist_collect(w < 2 * WAYS ? NULL : &list, s->path, &options), 0);
		for (size_t i = 0; i < seen.n; i++)
			assert_int_equal(calls.counts[i], 1);
		assert_int_equal(calls.failed, !calls.lazy);
		if (list)
			assert_int_equal(flist_list_length(list), seen.n);
		flist_list_free(list);
		free((void *)calls.counts);
	}
	see_nothing(&seen);
}

static int stop(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)worker;
	return strcmp(item->path, arg) == 0 ? 4711 : 0;
}

static void a_value_returned_by_each_ends_the_call(void **state)
{
	const struct scratch *s = *state;
	assert_true(scratch_file(s->fd, "sub/below", 3));
	for (int w = 0; w < WAYS; w++) {
		struct flist_collect_options options = way(w, NULL);
		struct flist_list *list = (struct flist_list *)state;
		options.each = stop;
		options.arg = (void *)(uintptr_t) "sub/below";
		assert_int_equal(flist_collect(&list, s->path, &options), 4711);
		assert_null(list);
		assert_int_equal(flist_collect(NULL, s->path, &options), 4711);
	}
}

static int cancel_at(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)worker;
	if (strcmp(item->path, "sub") == 0)
		__atomic_store_n((volatile int *)arg, 1, __ATOMIC_RELAXED);
	return 0;
}

static void a_cancelled_walk_gives_nothing(void **state)
{
	const struct scratch *s = *state;
	for (int w = 0; w < WAYS; w++) {
		volatile int flag = 0;
		struct flist_collect_options options = way(w, NULL);
		struct flist_list *list = (struct flist_list *)state;
		options.each = cancel_at;
		options.cancel = &flag;
		options.arg = (void *)(uintptr_t)&flag;
		assert_true(scratch_file(s->fd, "zz", 3));
		assert_int_equal(flist_collect(&list, s->path, &options), -ECANCELED);
		assert_null(list);
		assert_int_equal(flist_collect(&list, s->path, &options), -ECANCELED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_scratch(lists_are_sorted_by_the_bytes_of_whole_paths),
		with_scratch(children_are_sorted_by_the_slash),
		with_scratch(an_empty_directory_is_an_empty_list),
		with_things(the_list_has_all_fields),
		with_things(roots_that_cannot_be_walked_are_errors),
		with_things(a_root_may_be_named_in_any_way),
		with_things(lazy_lists_hold_names_and_types_until_they_are_fetched),
		with_things(vanished_entries_of_a_lazy_list_fail),
		with_things(a_lazy_list_whose_root_is_gone_stays_as_it_is),
		with_things(a_filter_skips_and_prunes),
		with_things(each_is_called_once_for_all_that_is_listed_kept_or_not),
		with_things(a_value_returned_by_each_ends_the_call),
		with_things(a_cancelled_walk_gives_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
