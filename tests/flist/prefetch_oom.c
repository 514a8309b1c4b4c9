/*
 * Cursors that ask when memory runs out: the n-th allocation fails, for every n. What was given
 * until then is right, and nothing is lost. The sources are compiled into this test with allocators
 * of its own, as in collect_oom.c.
 */
#include <errno.h>
#include <pthread.h> /* musl declares calloc in what this includes */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_waiting.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

/* How many allocations are had before one is not; negative: all. */
static _Atomic int allocations = -1;

static bool refuse(void)
{
	int left = atomic_load(&allocations);
	while (left >= 0 && !atomic_compare_exchange_weak(&allocations, &left, left - 1))
		continue;
	return left == 0;
}

#define malloc(size)               (refuse() ? NULL : malloc(size))
#define calloc(n, size)            (refuse() ? NULL : calloc(n, size))
#define realloc(old, size)         (refuse() ? NULL : realloc(old, size))
#define aligned_alloc(align, size) (refuse() ? NULL : aligned_alloc(align, size))

#include "strategies/flist/collect/walkers.c"
#include "strategies/flist/list/arena.c"
#include "strategies/flist/names/names.c"
#include "strategies/flist/prefetch/prefetch.c"
#include "strategies/flist/prefetch/queue.c"
#include "strategies/flist/prefetch/work.c"

#include "strategies/flist/adapt.c"
#include "strategies/flist/threads.c"

static int make_tree(void **state)
{
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = scratch_chain(s->fd, 3);
	for (int i = 0; i < 12 && made; i++) {
		snprintf(name, sizeof(name), "d%d", i / 3);
		made = !mkdirat(s->fd, name, 0755) || errno == EEXIST;
		snprintf(name, sizeof(name), "d%d/d%d", i / 3, i);
		made = made && !mkdirat(s->fd, name, 0755);
		for (int k = 0; k < 5 && made; k++) {
			snprintf(name, sizeof(name), "d%d/d%d/f%d", i / 3, i, k);
			made = scratch_file(s->fd, name, i);
		}
	}
	return made ? 0 : -1;
}

/* Goes through it; how many entries came, each of which is right. */
static size_t gives(struct flist_cursor *cursor, const struct sightings *seen, int *error)
{
	const struct flist_item *item;
	size_t n = 0;
	for (; (item = flist_cursor_next(cursor)); n++) {
		assert_true(n < seen->n);
		assert_string_equal(item->path, seen->all[n].path);
		assert_int_equal(item->status, 0);
		meta_is(item->meta, &seen->all[n].st, FLIST_BASIC);
	}
	*error = flist_cursor_error(cursor);
	flist_cursor_close(cursor);
	return n;
}

/* Every allocation fails by itself; list: NULL for a walk. */
static void goes_short_of_memory(const struct scratch *s, const struct flist_list *list,
				 const struct flist_cursor_options *options,
				 const struct sightings *seen)
{
	bool is_enough = false;
	for (int n = 0; !is_enough; n++) {
		struct flist_cursor *cursor;
		size_t given = 0;
		atomic_store(&allocations, n);
		int ret = list ? flist_cursor_fetch(&cursor, list, options)
			       : flist_cursor_walk(&cursor, s->path, options);
		assert_int_equal(!ret, cursor != NULL);
		if (cursor)
			given = gives(cursor, seen, &ret);
		is_enough = atomic_exchange(&allocations, -1) >= 0;
		/* Threads that cannot be had are no error. */
		assert_true(ret == 0 || ret == -ENOMEM);
		assert_int_equal(!ret, given == seen->n);
		assert_true(!is_enough || !ret);
	}
}

static void with_every_number_of_threads(const struct scratch *s, const struct flist_list *list)
{
	static const unsigned jobs[] = {1, 0, 3};
	struct sightings seen;
	see(&seen, s->fd);
	for (int i = 0; i < 3; i++) {
		const struct flist_cursor_options options = {
			.threads = {.jobs = jobs[i], .most = 4, .cpus = 2}};
		atomic_store(&calls_wait, jobs[i] == 0);
		goes_short_of_memory(s, list, &options, &seen);
	}
	see_nothing(&seen);
}

static void a_walk_ends_without_memory(void **state)
{
	with_every_number_of_threads(*state, NULL);
}

static void going_through_a_list_ends_without_memory(void **state)
{
	const struct scratch *s = *state;
	struct flist_list *list =
		collect(s->path, &(struct flist_collect_options){.flags = FLIST_LAZY});
	with_every_number_of_threads(s, list);
	flist_list_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_ends_without_memory),
		cmocka_unit_test(going_through_a_list_ends_without_memory),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
