/*
 * flist_collect when memory runs out: the n-th allocation fails, for every n. The sources are
 * compiled into this test with allocators of its own, which works in every variant, sanitizers
 * included: those say whether anything of malloc's leaked or was used after; maps are counted here.
 */
#include <errno.h>
#include <pthread.h> /* musl declares calloc in what this includes */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_waiting.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

/* How many allocations are had before one is not; negative: all. */
static _Atomic int allocations = -1;
static _Atomic long mapped; /* bytes */

static bool refuse(void)
{
	int left = atomic_load(&allocations);
	while (left >= 0 && !atomic_compare_exchange_weak(&allocations, &left, left - 1))
		continue;
	return left == 0;
}

static void *take_map(size_t size)
{
	void *at = MAP_FAILED;
	if (!refuse())
		at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at != MAP_FAILED)
		atomic_fetch_add(&mapped, (long)size);
	return at;
}

static int give_map(void *at, size_t size)
{
	const int ret = munmap(at, size);
	if (ret == 0)
		atomic_fetch_sub(&mapped, (long)size);
	return ret;
}

#define malloc(size)                         (refuse() ? NULL : malloc(size))
#define calloc(n, size)                      (refuse() ? NULL : calloc(n, size))
#define realloc(old, size)                   (refuse() ? NULL : realloc(old, size))
#define aligned_alloc(align, size)           (refuse() ? NULL : aligned_alloc(align, size))
#define mmap(at, size, how, flags, fd, from) take_map(size)
#define munmap(at, size)                     give_map(at, size)

#include "strategies/flist/collect/collect.c"
#include "strategies/flist/collect/dirstack.c"
#include "strategies/flist/collect/entry.c"
#include "strategies/flist/collect/share.c"
#include "strategies/flist/collect/walk.c"
#include "strategies/flist/collect/walkers.c"
#include "strategies/flist/extra/extra.c"
#include "strategies/flist/extra/keep.c"
#include "strategies/flist/list/arena.c"
#include "strategies/flist/list/block.c"
#include "strategies/flist/list/list.c"
#include "strategies/flist/names/names.c"
#include "strategies/flist/names/reader.c"
#include "strategies/flist/tasks.c"
#include "strategies/flist/threads.c"

/* Small directories, one of several buffers, and something that fails. */
static int make_tree(void **state)
{
	enum { LARGE = 3000 };
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	if (mkdirat(s->fd, "large", 0755) || mkdirat(s->fd, "d", 0755) ||
	    !scratch_chain(s->fd, 3) || symlinkat(".", s->fd, "loop"))
		return -1;
	for (int i = 0; i < LARGE; i++) {
		snprintf(name, sizeof(name), "large/%d", i);
		if (i % 1000 ? !scratch_file(s->fd, name, 0) : mkdirat(s->fd, name, 0755))
			return -1;
	}
	return 0;
}

/*
 * Whatever is refused, all that comes is -ENOMEM and no list, or a whole one: without memory for
 * threads it is made without threads. The last time nothing is refused any more.
 */
static void collect_short_of_memory(const struct scratch *s, struct flist_collect_options *options,
				    const struct sightings *seen)
{
	int n = 0, refused = 0;
	for (bool last = false; !last; n += 1 + n / 20) {
		struct flist_list *list;
		atomic_store(&allocations, n);
		int ret = flist_collect(&list, s->path, options);
		last = atomic_exchange(&allocations, -1) >= 0;
		assert_int_equal(ret, list ? 0 : -ENOMEM);
		refused += !list;
		if (list && options->flags & FLIST_LAZY)
			list_is_lazy(list, seen);
		else if (list && !(options->flags & FLIST_FOLLOW))
			list_is(list, seen);
		flist_list_free(list);
		assert_int_equal(atomic_load(&mapped), 0);
	}
	assert_true(refused > 8);
}

/* The third way has many jobs, which share the names of every directory. */
static struct flist_collect_options way_or_waiting(int w)
{
	atomic_store(&calls_wait, w == 2);
	return way(w, NULL);
}

static void no_list_without_memory(void **state)
{
	static const unsigned flags[] = {0, FLIST_LAZY, FLIST_FOLLOW};
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (int i = 0; i < 3; i++) {
		for (int w = 0; w < WAYS; w++) {
			struct flist_collect_options options = way_or_waiting(w);
			options.flags = flags[i];
			collect_short_of_memory(s, &options, &seen);
		}
	}
	see_nothing(&seen);
}

static void no_list_with_extras_without_memory(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (int w = 0; w < WAYS; w++) {
		struct flist_collect_options options = way_or_waiting(w);
		options.extra = FLIST_EXTRA_ALL;
		collect_short_of_memory(s, &options, &seen);
	}
	see_nothing(&seen);
}

/* A lazy list stays a good list, and what was fetched stays fetched. */
static void a_fetch_without_memory_loses_nothing(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (int w = 0; w < 2; w++) {
		struct flist_collect_options options = way(w, NULL);
		options.flags = FLIST_LAZY;
		struct flist_list *list = collect(s->path, &options);
		int n = 0, ret;
		do {
			struct flist_cursor *cursor;
			size_t listed = 0;
			atomic_store(&allocations, n);
			n += 3 + n / 20; /* what is done is not done again: fewer and fewer */
			ret = flist_list_fetch(
				list, &(struct flist_fetch_options){.threads = options.threads});
			atomic_store(&allocations, -1);
			assert_true(ret == 0 || ret == -ENOMEM);
			assert_int_equal(flist_cursor_open(&cursor, list), 0);
			while (flist_cursor_next(cursor))
				listed++;
			flist_cursor_close(cursor);
			assert_int_equal(listed, seen.n);
		} while (ret);
		list_is(list, &seen);
		flist_list_free(list);
		assert_int_equal(atomic_load(&mapped), 0);
	}
	see_nothing(&seen);
}

/* Every allocation by itself, with a failure among what was found before. */
static void no_list_with_failures_without_memory(void **state)
{
	const struct scratch *whole = *state;
	char path[PATH_MAX + 8];
	assert_int_equal(mkdirat(whole->fd, "little", 0755), 0);
	assert_true(scratch_file(whole->fd, "little/x", 0));
	assert_int_equal(symlinkat(".", whole->fd, "little/loop"), 0);
	snprintf(path, sizeof(path), "%s/little", whole->path);
	for (int w = 0; w < WAYS; w++) {
		struct flist_collect_options options = way_or_waiting(w);
		struct flist_list *list = NULL;
		options.flags = FLIST_FOLLOW;
		for (int n = 0; !list; n++) {
			atomic_store(&allocations, n);
			int ret = flist_collect(&list, path, &options);
			bool last = atomic_exchange(&allocations, -1) >= 0;
			assert_int_equal(ret, list ? 0 : -ENOMEM);
			if (list && !last) {
				flist_list_free(list);
				list = NULL;
			}
			if (!list)
				assert_int_equal(atomic_load(&mapped), 0);
		}
		failures_are(list, "loop", ELOOP, NULL);
		flist_list_free(list);
	}
}

/* Each is told once, however often the fetch had to be made again. */
static void a_fetch_without_memory_tells_every_failure(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 8];
	assert_int_equal(mkdirat(s->fd, "fading", 0755), 0);
	snprintf(path, sizeof(path), "%s/fading", s->path);
	for (int w = 0; w < 2; w++) {
		struct flist_collect_options options = way(w, NULL);
		options.flags = FLIST_LAZY;
		for (int n = 0, ret = -ENOMEM; n < 100 && (n == 0 || ret); n++) {
			assert_true(scratch_file(s->fd, "fading/a", 0));
			assert_true(scratch_file(s->fd, "fading/b", 0));
			assert_true(scratch_file(s->fd, "fading/c", 0));
			struct flist_list *list = collect(path, &options);
			assert_int_equal(unlinkat(s->fd, "fading/a", 0), 0);
			assert_int_equal(unlinkat(s->fd, "fading/c", 0), 0);
			const struct flist_fetch_options fetch = {.threads = options.threads};
			atomic_store(&allocations, n);
			ret = flist_list_fetch(list, &fetch);
			atomic_store(&allocations, -1);
			assert_true(ret == 0 || ret == -ENOMEM);
			if (ret)
				assert_int_equal(flist_list_fetch(list, &fetch), 0);
			failures_are(list, "a", ENOENT, "c", ENOENT, NULL);
			flist_list_free(list);
			assert_int_equal(atomic_load(&mapped), 0);
		}
	}
}

static void no_cursor_without_memory(void **state)
{
	const struct scratch *s = *state;
	struct flist_list *list = collect(s->path, NULL);
	struct flist_cursor *cursor = (struct flist_cursor *)list;
	atomic_store(&allocations, 0);
	assert_int_equal(flist_cursor_open(&cursor, list), -ENOMEM);
	atomic_store(&allocations, -1);
	assert_null(cursor);
	flist_list_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_list_without_memory),
		cmocka_unit_test(no_list_with_extras_without_memory),
		cmocka_unit_test(a_fetch_without_memory_loses_nothing),
		cmocka_unit_test(no_list_with_failures_without_memory),
		cmocka_unit_test(a_fetch_without_memory_tells_every_failure),
		cmocka_unit_test(no_cursor_without_memory),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
