/*
 * flist_collect where calls wait: jobs meet in one directory, and what comes out is what one job
 * finds. The sources are compiled into this test with a clock of its own, so nothing here has to be
 * slow.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_pool.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

/* By the real clock: for somebody who may never come. */
static struct timespec in_ms(long ms)
{
	struct timespec at;
	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_nsec += ms % 1000 * 1000000;
	at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

#include "tests/flist/with_waiting.h"

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/names/reader.h"

/* While set, only a path of several components can be opened: it is said to be the directory. */
static bool names_are_forbidden;

static int picky_open(const struct flist_opener *opener, int from, char *path, size_t len,
		      bool to_read)
{
	if (!names_are_forbidden)
		return flist_opener_open_at(opener, from, path, len, to_read);
	if (from < 0)
		return -EBADF;
	return memchr(path, '/', len) ? dup(from) : -EPERM;
}

/* Who asks waits until so many do at once, one time; 0: for nobody. */
static _Atomic unsigned wanted_at_once, at_once;
static _Atomic bool have_met, have_given_up;

static int meeting_ask(int dirfd, const char *name, unsigned flags, uint32_t fields,
		       struct flist_meta *meta)
{
	if (atomic_fetch_add(&at_once, 1) + 1 >= atomic_load(&wanted_at_once))
		atomic_store(&have_met, true);
	for (int ms = 0; !atomic_load(&have_met); ms++) {
		usleep(1000);
		if (ms == 20000) {
			atomic_store(&have_given_up, true);
			atomic_store(&have_met, true);
		}
	}
	atomic_fetch_sub(&at_once, 1);
	return flist_ask(dirfd, name, flags, fields, meta);
}

#include "strategies/flist/collect/collect.c"
#define flist_opener_open_at picky_open
#include "strategies/flist/collect/dirstack.c"
#undef flist_opener_open_at
#include "strategies/flist/collect/entry.c"
#include "strategies/flist/collect/share.c"
#include "strategies/flist/names/names.c"
#include "strategies/flist/names/reader.c"
#define flist_ask meeting_ask
#include "strategies/flist/collect/walk.c"
#undef flist_ask
#include "strategies/flist/collect/walkers.c"

enum {
	JOBS = 16,
	CROWD = 300,
	ALONE = 8, /* entries after which a job has measured often enough that calls wait */
	MEETING = 8,
	FEW = 30,
	PATIENCE = 20000, /* ms */
};

/* one: 300 files; large: more than one buffer, with directories; a chain; links. */
static int make_tree(void **state)
{
	enum { LARGE = 5000 };
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = scratch_chain(s->fd, 4) && !mkdirat(s->fd, "large", 0755) &&
		    !mkdirat(s->fd, "one", 0755) && !symlinkat("one", s->fd, "link") &&
		    !mkdirat(s->fd, "empty", 0755);
	for (int i = 0; i < LARGE && made; i++) {
		snprintf(name, sizeof(name), "large/name-%d", i * 31 % LARGE);
		made = i % 50 ? scratch_file(s->fd, name, i) : !mkdirat(s->fd, name, 0755);
		if (made && i % 50 == 0)
			made = scratch_file(s->fd, strcat(name, "/file"), 1);
	}
	for (int i = 0; i < CROWD && made; i++) {
		snprintf(name, sizeof(name), "one/%d", i);
		made = scratch_file(s->fd, name, i);
	}
	return made ? 0 : -1;
}

static void every_way_gives_the_same_list(void **state)
{
	static const unsigned jobs[] = {1, 2, 7, JOBS};
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	atomic_store(&calls_wait, true);
	for (int i = 0; i < 4; i++) {
		for (int again = 0; again < 4; again++) {
			const struct flist_collect_options options = {
				.flags = again % 2 ? FLIST_LAZY : 0,
				.threads.jobs = jobs[i],
				.order = again < 2 ? FLIST_BY_INODE : FLIST_BREADTH,
			};
			struct flist_list *list = collect(s->path, &options);
			if (options.flags)
				list_is_lazy(list, &seen);
			else
				list_is(list, &seen);
			failures_are(list, NULL);
			flist_list_free(list);
		}
	}
	see_nothing(&seen);
}

/* Lists of 1 and of many jobs that follow links, of which one leads back. */
static void several_jobs_follow_links_like_one(void **state)
{
	const struct scratch *s = *state;
	struct flist_collect_options options = {.flags = FLIST_FOLLOW, .threads.jobs = 1};
	struct flist_cursor *one, *many;
	const struct flist_item *item;
	assert_int_equal(symlinkat(".", s->fd, "one/loop"), 0);
	struct flist_list *lists[2] = {collect(s->path, &options)};
	options.threads.jobs = JOBS;
	lists[1] = collect(s->path, &options);
	assert_int_equal(unlinkat(s->fd, "one/loop", 0), 0);
	assert_int_equal(flist_list_length(lists[0]), flist_list_length(lists[1]));
	assert_int_equal(flist_cursor_open(&one, lists[0]), 0);
	assert_int_equal(flist_cursor_open(&many, lists[1]), 0);
	while ((item = flist_cursor_next(one))) {
		const struct flist_item *other = flist_cursor_next(many);
		assert_string_equal(item->path, other->path);
		assert_int_equal(item->type, other->type);
		assert_int_equal(item->meta->ino, other->meta->ino);
		assert_int_equal(item->meta->size, other->meta->size);
	}
	for (int i = 0; i < 2; i++) {
		failures_are(lists[i], "link/loop", ELOOP, "one/loop", ELOOP, NULL);
		flist_list_free(lists[i]);
	}
	flist_cursor_close(one);
	flist_cursor_close(many);
}

/* ---- Who is in the directory at the same time ------------------------------------------------ */

struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t come;
	unsigned here, most, wanted; /* wanted: so many wait for each other, for a while */
	unsigned workers, told;      /* a bit for each that was here; entries */
	bool given_up;
	int at; /* of the tree: "one" is moved away at the first entry; -1: it is not */
};

static void wait_for_others(struct meeting *m)
{
	const struct timespec end = in_ms(PATIENCE);
	while (m->most < m->wanted && !m->given_up)
		m->given_up = pthread_cond_timedwait(&m->come, &m->lock, &end) != 0;
	pthread_cond_broadcast(&m->come);
}

static int meet_in_one(void *arg, unsigned worker, const struct flist_item *item)
{
	const struct timespec soon = in_ms(1);
	struct meeting *m = arg;
	if (strncmp(item->path, "one/", 4) != 0)
		return 0;
	pthread_mutex_lock(&m->lock);
	if (m->told++ == 0 && m->at >= 0)
		renameat(m->at, "one", m->at, "moved");
	m->workers |= 1U << worker;
	if (m->most < ++m->here) {
		m->most = m->here;
		pthread_cond_broadcast(&m->come);
	}
	if (m->told > ALONE)
		wait_for_others(m);
	m->here--;
	if (m->at >= 0 && m->told < FEW)
		pthread_cond_timedwait(&m->come, &m->lock, &soon); /* while others try to come */
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static struct meeting walk_one(const struct scratch *s, bool waits, unsigned wanted, int at,
			       struct flist_list **list)
{
	struct meeting m = {.lock = PTHREAD_MUTEX_INITIALIZER,
			    .come = PTHREAD_COND_INITIALIZER,
			    .wanted = wanted,
			    .at = at};
	const struct flist_collect_options options = {
		.threads.jobs = JOBS, .each = meet_in_one, .arg = &m};
	atomic_store(&calls_wait, waits);
	assert_int_equal(flist_collect(list, s->path, &options), 0);
	assert_int_equal(m.told, CROWD);
	return m;
}

static void jobs_share_a_directory_if_calls_wait(void **state)
{
	struct flist_list *list;
	const struct meeting m = walk_one(*state, true, MEETING, -1, &list);
	assert_false(m.given_up);
	assert_true(m.most >= MEETING);
	flist_list_free(list);
	walk_one(*state, true, MEETING, -1, NULL); /* the same without a list */
}

static void a_directory_stays_with_one_job_if_calls_do_not_wait(void **state)
{
	struct flist_list *list;
	const struct meeting m = walk_one(*state, false, 0, -1, &list);
	assert_int_equal(m.most, 1);
	assert_int_equal(m.workers & (m.workers - 1), 0);
	flist_list_free(list);
}

/* Who read it has it open and needs no guests, who may not find it any more. */
static void a_directory_moved_during_the_walk_is_complete(void **state)
{
	const struct scratch *s = *state;
	for (int again = 0; again < 5; again++) {
		struct flist_list *list;
		walk_one(s, true, 0, s->fd, &list);
		failures_are(list, NULL);
		flist_list_free(list);
		assert_int_equal(renameat(s->fd, "moved", s->fd, "one"), 0);
	}
}

/* The metadata of a directory that one buffer holds. */
static void jobs_share_a_directory_of_a_lazy_list(void **state)
{
	enum { TOGETHER = 3 };
	const struct scratch *s = *state;
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY, .threads.jobs = 1};
	const struct flist_fetch_options fetch = {.threads.jobs = TOGETHER};
	char path[PATH_MAX + 8];
	struct sightings seen;
	snprintf(path, sizeof(path), "%s/one", s->path);
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	see(&seen, fd);
	struct flist_list *list = collect(path, &lazy);
	atomic_store(&wanted_at_once, TOGETHER);
	atomic_store(&have_met, false);
	assert_int_equal(flist_list_fetch(list, &fetch), 0);
	atomic_store(&wanted_at_once, 0);
	assert_false(atomic_load(&have_given_up));
	list_is(list, &seen);
	flist_list_free(list);
	see_nothing(&seen);
	close(fd);
}

/* ---- Ends before its time -------------------------------------------------------------------- */

struct ending {
	_Atomic unsigned told;
	unsigned after;
	int error; /* 0: by the flag */
	volatile int cancel;
};

static int end_it(void *arg, unsigned worker, const struct flist_item *item)
{
	struct ending *e = arg;
	(void)worker;
	(void)item;
	if (atomic_fetch_add(&e->told, 1) < e->after)
		return 0;
	__atomic_store_n(&e->cancel, !e->error, __ATOMIC_RELAXED);
	return e->error;
}

static void it_ends_at_any_time(void **state)
{
	const struct scratch *s = *state;
	atomic_store(&calls_wait, true);
	for (unsigned after = 0; after < 5400; after += 1 + after / 3) {
		static const int errors[] = {-EPIPE, 1, 0};
		for (size_t i = 0; i < 3; i++) {
			const int error = errors[i];
			struct ending e = {.after = after, .error = error};
			struct flist_list *list;
			const struct flist_collect_options options = {.threads.jobs = JOBS,
								      .each = end_it,
								      .arg = &e,
								      .cancel = &e.cancel};
			assert_int_equal(flist_collect(&list, s->path, &options),
					 error ? error : -ECANCELED);
			assert_null(list);
			assert_in_range(atomic_load(&e.told), after + 1, after + JOBS);
		}
	}
}

static void a_pool_may_run_jobs_one_after_the_other(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	atomic_store(&calls_wait, true);
	for (int w = 0; w < 2; w++) {
		const struct flist_collect_options options = {
			.threads = {.jobs = JOBS, .run = w ? pool_parallel : pool_sequential}};
		struct flist_list *list = collect(s->path, &options);
		list_is(list, &seen);
		flist_list_free(list);
	}
	see_nothing(&seen);
}

static enum flist_choice choose(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	(void)worker;
	if (strcmp(item->path, "large") == 0)
		return FLIST_PRUNE;
	return strncmp(item->name, "1", 1) == 0 ? FLIST_SKIP : FLIST_KEEP;
}

static void filtered_entries_are_left_out(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	char name[32];
	see(&seen, s->fd);
	see_not_below(&seen, "large");
	for (int i = 1; i < CROWD; i++) {
		snprintf(name, sizeof(name), "one/%d", i);
		if (name[4] == '1')
			see_not(&seen, name);
	}
	atomic_store(&calls_wait, true);
	const struct flist_collect_options options = {.threads.jobs = JOBS, .filter = choose};
	struct flist_list *list = collect(s->path, &options);
	list_is(list, &seen);
	flist_list_free(list);
	see_nothing(&seen);
}

/* One that is opened level by level: the error is that of the first level that fails. */
static void an_error_on_a_long_path_is_that_of_its_level(void **state)
{
	enum { LEVELS = 20, LEN = 250 };
	const struct scratch *s = *state;
	const struct flist_opener opener = {.root = s->fd};
	struct flist_dirstack stack = {.opener = &opener, .window = 8};
	struct flist_node nodes[LEVELS + 1] = {{.depth = 0}};
	char name[LEN + 1] = "";
	memset(name, 'x', LEN);
	for (uint32_t i = 1; i <= LEVELS; i++)
		nodes[i] = (struct flist_node){.parent = &nodes[i - 1],
					       .name = name,
					       .name_len = LEN,
					       .path_len = flist_node_prefix(&nodes[i - 1]) + LEN,
					       .depth = i};
	names_are_forbidden = true;
	const int ret = flist_dirstack_go(&stack, &nodes[LEVELS], true);
	names_are_forbidden = false;
	assert_int_equal(ret, -EPERM);
	flist_dirstack_release(&stack);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_gives_the_same_list),
		cmocka_unit_test(several_jobs_follow_links_like_one),
		cmocka_unit_test(jobs_share_a_directory_if_calls_wait),
		cmocka_unit_test(jobs_share_a_directory_of_a_lazy_list),
		cmocka_unit_test(a_directory_stays_with_one_job_if_calls_do_not_wait),
		cmocka_unit_test(a_directory_moved_during_the_walk_is_complete),
		cmocka_unit_test(it_ends_at_any_time),
		cmocka_unit_test(a_pool_may_run_jobs_one_after_the_other),
		cmocka_unit_test(filtered_entries_are_left_out),
		cmocka_unit_test(an_error_on_a_long_path_is_that_of_its_level),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
