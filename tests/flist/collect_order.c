/* The order in which a tree is walked: what is asked for when, and that the list does not change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

enum { DIRS = 6, FILES = 40, LARGE = 5000 };

/* Names in another order than they are made in, so inodes differ from both. */
static int make_tree(void **state)
{
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = scratch_chain(s->fd, 5) && !mkdirat(s->fd, "large", 0755) &&
		    !symlinkat("d1", s->fd, "link") && !mkdirat(s->fd, "empty", 0755);
	for (int i = 0; i < DIRS && made; i++) {
		snprintf(name, sizeof(name), "d%d", i * 5 % DIRS);
		made = !mkdirat(s->fd, name, 0755);
		for (int k = 0; k < FILES && made; k++) {
			snprintf(name, sizeof(name), "d%d/f%d", i * 5 % DIRS, k * 7 % FILES);
			made = k % 9 ? scratch_file(s->fd, name, k) : !mkdirat(s->fd, name, 0755);
			if (made && k % 9 == 0)
				made = scratch_file(s->fd, strcat(name, "/file"), k);
		}
	}
	for (int i = 0; i < LARGE && made; i++) {
		snprintf(name, sizeof(name), "large/name-%d", i * 2477 % LARGE);
		made = scratch_file(s->fd, name, i);
	}
	return made ? 0 : -1;
}

static const uint64_t orders[] = {
	0,
	FLIST_BY_INODE,
	FLIST_BREADTH,
	FLIST_BY_INODE | FLIST_BREADTH,
};

enum { ORDERS = sizeof(orders) / sizeof(*orders) };

static void the_list_is_the_same(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (int i = 0; i < ORDERS; i++) {
		struct flist_collect_options options = {.order = orders[i]};
		every_way_sees(s->path, &options, &seen);
		options.flags = FLIST_LAZY;
		every_way_sees(s->path, &options, &seen);
		options.flags = 0;
		struct flist_list *list = collect(s->path, &options); /* as many jobs as pay */
		list_is(list, &seen);
		flist_list_free(list);
	}
	see_nothing(&seen);
}

/* Entries in the order in which one job asked for them. */
struct trace {
	size_t n, room;
	struct entry {
		char *path, *dir;
		uint64_t ino;
		uint32_t depth;
		bool is_dir;
	} * all;
};

static int note(void *arg, unsigned worker, const struct flist_item *item)
{
	struct trace *t = arg;
	(void)worker;
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->all = realloc(t->all, t->room * sizeof(*t->all));
	}
	assert_non_null(t->all);
	struct entry *e = &t->all[t->n++];
	*e = (struct entry){.path = strdup(item->path),
			    .dir = strdup(item->path),
			    .ino = item->meta->ino,
			    .depth = item->depth,
			    .is_dir = S_ISDIR(item->type)};
	e->dir[item->name - item->path] = '\0';
	return 0;
}

static void trace(const struct scratch *s, uint64_t order, bool kept, struct trace *t)
{
	const struct flist_collect_options options = {
		.threads.jobs = 1, .order = order, .each = note, .arg = t};
	struct flist_list *list;
	*t = (struct trace){.n = 0};
	assert_int_equal(flist_collect(kept ? &list : NULL, s->path, &options), 0);
	if (kept)
		flist_list_free(list);
}

static void trace_release(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->all[i].path);
		free(t->all[i].dir);
	}
	free(t->all);
}

/* How many neighbours of one kind in one directory go up, by inode or by name. */
static void count_up(const struct trace *t, size_t *pairs, size_t *inodes, size_t *names)
{
	*pairs = *inodes = *names = 0;
	for (size_t i = 1; i < t->n; i++) {
		const struct entry *a = &t->all[i - 1], *b = &t->all[i];
		if (a->is_dir || b->is_dir || strcmp(a->dir, b->dir) != 0)
			continue;
		++*pairs;
		*inodes += a->ino < b->ino;
		*names += strcmp(a->path, b->path) < 0;
	}
}

static void files_are_fetched_by_inode_or_by_name(void **state)
{
	const struct scratch *s = *state;
	struct trace t;
	size_t pairs, inodes, names;
	for (int kept = 0; kept < 2; kept++) {
		trace(s, FLIST_BY_INODE, kept, &t);
		count_up(&t, &pairs, &inodes, &names);
		assert_true(pairs > LARGE);
		assert_in_range(inodes, pairs - 8, pairs); /* "large" has several buffers */
		assert_true(names < pairs * 3 / 4);
		trace_release(&t);
		trace(s, 0, kept, &t);
		count_up(&t, &pairs, &inodes, &names);
		assert_in_range(names, pairs - 8, pairs);
		assert_true(inodes < pairs * 3 / 4);
		trace_release(&t);
	}
}

static size_t count_higher(const struct trace *t)
{
	size_t n = 0;
	for (size_t i = 1; i < t->n; i++)
		n += t->all[i].depth < t->all[i - 1].depth;
	return n;
}

/* How many come from a directory whose path is before that of the one before, at one depth. */
static size_t count_back(const struct trace *t)
{
	size_t n = 0;
	for (size_t i = 1; i < t->n; i++)
		n += t->all[i].depth == t->all[i - 1].depth &&
		     strcmp(t->all[i].dir, t->all[i - 1].dir) < 0;
	return n;
}

/* One job finds them in the order of their names, unless it goes by inode numbers. */
static void directories_are_entered_in_the_order_they_were_found_in(void **state)
{
	const struct scratch *s = *state;
	struct trace t;
	for (int i = 0; i < 2 * ORDERS; i++) {
		const uint64_t order = orders[i / 2];
		trace(s, order, i % 2, &t);
		if (order & FLIST_BREADTH)
			assert_int_equal(count_higher(&t), 0);
		else
			assert_true(count_higher(&t) > 0);
		if (order == FLIST_BREADTH)
			assert_int_equal(count_back(&t), 0);
		trace_release(&t);
	}
}

static void other_orders_are_refused(void **state)
{
	const struct scratch *s = *state;
	const uint64_t wrong[] = {4, 8, UINT64_C(1) << 40};
	for (int i = 0; i < 3; i++) {
		const struct flist_collect_options options = {.order = wrong[i]};
		struct flist_list *list;
		assert_int_equal(flist_collect(&list, s->path, &options), -EINVAL);
		assert_null(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_the_same),
		cmocka_unit_test(files_are_fetched_by_inode_or_by_name),
		cmocka_unit_test(directories_are_entered_in_the_order_they_were_found_in),
		cmocka_unit_test(other_orders_are_refused),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
