/*
 * flist_collect on other people's threads: a pool that runs jobs one after the other, or backwards,
 * or not at all; and many jobs that share few directories and steal from each other.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_pool.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

enum { JOBS = 5 };

/* A large directory, a chain, and a lot of small ones: whoever is idle finds something else. */
static int make_tree(void **state)
{
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = scratch_chain(s->fd, 4) && !mkdirat(s->fd, "large", 0755);
	for (int i = 0; i < 7000 && made; i++) {
		snprintf(name, sizeof(name), "large/name-%d", i * 31 % 7000);
		made = i % 50 ? scratch_file(s->fd, name, 0) : !mkdirat(s->fd, name, 0755);
	}
	for (int i = 0; i < 300 && made; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		made = !mkdirat(s->fd, name, 0755);
		strcat(name, "/file");
		made = made && scratch_file(s->fd, name, 0);
	}
	return made ? 0 : -1;
}

static void a_pool_may_run_jobs_at_once_or_one_after_the_other(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (int w = 0; w < 2; w++) {
		struct flist_collect_options options = {
			.threads = {.jobs = JOBS, .run = w ? pool_parallel : pool_sequential}};
		struct flist_list *list = collect(s->path, &options);
		list_is(list, &seen);
		failures_are(list, NULL);
		flist_list_free(list);
		options.flags = FLIST_LAZY;
		list = collect(s->path, &options);
		assert_int_equal(
			flist_list_fetch(list,
					 &(struct flist_fetch_options){.threads = options.threads}),
			0);
		list_is(list, &seen);
		flist_list_free(list);
	}
	see_nothing(&seen);
}

static void a_pool_that_runs_nothing_ends_the_call(void **state)
{
	const struct scratch *s = *state;
	const struct flist_collect_options options = {
		.threads = {.jobs = JOBS, .run = pool_refusing}};
	struct flist_list *list = (struct flist_list *)state;
	assert_int_equal(flist_collect(&list, s->path, &options), -EAGAIN);
	assert_null(list);
}

/* One job reads its names while others ask for those that it has read. */
static void a_root_with_many_names(void **state)
{
	const struct scratch *s = *state;
	char root[PATH_MAX + 8];
	struct sightings seen;
	snprintf(root, sizeof(root), "%s/large", s->path);
	const int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	see(&seen, fd);
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		const struct flist_collect_options options = {.threads.jobs = jobs};
		for (int again = 0; again < 10; again++) {
			struct flist_list *list = collect(root, &options);
			list_is(list, &seen);
			flist_list_free(list);
		}
	}
	see_nothing(&seen);
	close(fd);
}

/* How often the watched directory itself has been opened. */
static unsigned count_opens(int watch)
{
	_Alignas(struct inotify_event) char events[64 * 1024];
	const ssize_t got = read(watch, events, sizeof(events));
	unsigned opens = 0;
	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *event = (const void *)(events + at);
		opens += (event->mask & IN_OPEN) && event->len == 0;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return opens;
}

/* Each time may be a round trip to a server. */
static void the_root_is_opened_once(void **state)
{
	const struct scratch *s = *state;
	const struct flist_cursor_options alone = {.threads.jobs = 1};
	const struct flist_collect_options options = {.threads.jobs = JOBS};
	struct flist_cursor *cursor;
	const int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch < 0 || inotify_add_watch(watch, s->path, IN_OPEN) < 0)
		skip_because("no inotify");
	flist_list_free(collect(s->path, &options));
	assert_int_equal(count_opens(watch), 1);
	assert_int_equal(flist_cursor_walk(&cursor, s->path, &alone), 0);
	while (flist_cursor_next(cursor))
		continue;
	flist_cursor_close(cursor);
	assert_int_equal(count_opens(watch), 1);
	close(watch);
}

static void many_jobs_see_what_one_does(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (unsigned jobs = 1; jobs <= 16; jobs += 5) {
		const struct flist_collect_options options = {.threads.jobs = jobs};
		for (int again = 0; again < 5; again++) {
			struct flist_list *list = collect(s->path, &options);
			list_is(list, &seen);
			flist_list_free(list);
		}
	}
	see_nothing(&seen);
}

struct walk {
	const char *path;
	const struct flist_list *list;
	size_t length;
};

static void *walk_some(void *arg)
{
	struct walk *walk = arg;
	for (int i = 0; i < 3; i++) {
		const struct flist_collect_options options = {.threads.jobs = 2};
		struct flist_list *list;
		if (flist_collect(&list, walk->path, &options) == 0)
			walk->length += flist_list_length(list);
		flist_list_free(list);
	}
	return NULL;
}

static void walks_do_not_disturb_each_other(void **state)
{
	const struct scratch *s = *state;
	struct walk walks[3];
	pthread_t threads[3];
	struct sightings seen;
	see(&seen, s->fd);
	for (int i = 0; i < 3; i++) {
		walks[i] = (struct walk){.path = s->path};
		assert_int_equal(pthread_create(&threads[i], NULL, walk_some, &walks[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(walks[i].length, 3 * seen.n);
	}
	see_nothing(&seen);
}

/* A list is read by any number of cursors at once. */
static void *read_all(void *arg)
{
	struct walk *walk = arg;
	struct flist_cursor *cursor;
	if (flist_cursor_open(&cursor, walk->list))
		return NULL;
	while (flist_cursor_next(cursor))
		walk->length++;
	flist_cursor_close(cursor);
	return NULL;
}

static void a_list_may_be_read_by_many(void **state)
{
	const struct scratch *s = *state;
	struct flist_list *list = collect(s->path, NULL);
	struct walk walks[3];
	pthread_t threads[3];
	for (int i = 0; i < 3; i++) {
		walks[i] = (struct walk){.list = list};
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &walks[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(walks[i].length, flist_list_length(list));
	}
	flist_list_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_may_run_jobs_at_once_or_one_after_the_other),
		cmocka_unit_test(a_pool_that_runs_nothing_ends_the_call),
		cmocka_unit_test(a_root_with_many_names),
		cmocka_unit_test(the_root_is_opened_once),
		cmocka_unit_test(many_jobs_see_what_one_does),
		cmocka_unit_test(walks_do_not_disturb_each_other),
		cmocka_unit_test(a_list_may_be_read_by_many),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
