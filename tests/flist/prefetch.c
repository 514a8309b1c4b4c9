/*
 * Cursors that ask: they give what a list has, in its order, whoever has asked, and no thread runs
 * farther ahead than it may. The sources are compiled into this test with a clock of its own, with
 * threads that can be refused, and with questions that are counted.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_pool.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

#include "tests/flist/with_waiting.h"

static _Atomic long creations = -1;         /* that go well; -1: all */
static _Atomic long created, asked, opened; /* threads; names; directories */

static bool is_refused(void)
{
	if (atomic_load(&creations) >= 0 && atomic_fetch_sub(&creations, 1) <= 0)
		return true;
	atomic_fetch_add(&created, 1);
	return false;
}

#include "strategies/flist/ask/ask.h"

static _Atomic useconds_t delay; /* us: of every call */

static void wait_a_while(void)
{
	if (atomic_load(&delay))
		usleep(atomic_load(&delay));
}

static int counted_ask(int dirfd, const char *name, unsigned flags, uint32_t fields,
		       struct flist_meta *meta)
{
	atomic_fetch_add(&asked, 1);
	wait_a_while();
	return flist_ask(dirfd, name, flags, fields, meta);
}

#include "strategies/flist/names/reader.h"

static int delayed_open(const struct flist_opener *opener, int from, char *path, size_t len,
			bool to_read)
{
	const int fd = flist_opener_open_at(opener, from, path, len, to_read);
	atomic_fetch_add(&opened, 1);
	wait_a_while();
	return fd;
}

static int delayed_read(struct flist_reader *reader, char *buffer, size_t size, size_t *used)
{
	wait_a_while();
	return flist_reader_read(reader, buffer, size, used);
}

#define flist_ask            counted_ask
#define flist_opener_open_at delayed_open
#define flist_reader_read    delayed_read
#include "strategies/flist/prefetch/work.c"
#undef flist_ask
#undef flist_opener_open_at
#undef flist_reader_read

#include "strategies/flist/prefetch/prefetch.c"
#include "strategies/flist/prefetch/queue.c"

#define pthread_create(thread, attr, start, arg)                                                   \
	(is_refused() ? EAGAIN : pthread_create(thread, attr, start, arg))

#include "strategies/flist/adapt.c"
#include "strategies/flist/threads.c"

enum { DIRS = 30, FILES = 20, LARGE = 2500 };

/* Names around the slash in the order of bytes, a large directory, a chain, empty ones. */
static int make_tree(void **state)
{
	static const char *const dirs[] = {"a",     "a-",    "a-/-",  "a-/a", "a.b", "a/-b",
					   "a/b",   "a/b/c", "a/b-c", "a0",   "d",   "d/d",
					   "d/d/d", "d/d-",  "empty", "e",    "e-",  "e--",
					   "e---",  "e/e",   "large"};
	static const char *const files[] = {"a!", "a-/x", "a/x", "a/b!", "a0/x", "d/d!", "e--/f"};
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = scratch_chain(s->fd, 20);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs) && made; i++)
		made = !mkdirat(s->fd, dirs[i], 0755);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && made; i++)
		made = scratch_file(s->fd, files[i], (off_t)i);
	for (int i = 0; i < LARGE && made; i++) {
		snprintf(name, sizeof(name), "large/name-%d", i * 31 % LARGE);
		made = i % 50 ? scratch_file(s->fd, name, i) : !mkdirat(s->fd, name, 0755);
		if (made && i % 50 == 0)
			made = scratch_file(s->fd, strcat(name, "/file"), 1);
	}
	for (int i = 0; i < DIRS && made; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		made = !mkdirat(s->fd, name, 0755);
		for (int k = 0; k < FILES && made; k++) {
			snprintf(name, sizeof(name), "x%d/f%d", i, k);
			made = scratch_file(s->fd, name, i + k);
		}
	}
	return made ? 0 : -1;
}

/* Every way to have threads and depth: alone, given, found out where calls wait or not. */
enum { CURSORS = 24 };

static struct flist_cursor_options cursor_way(int i)
{
	static const unsigned jobs[] = {0, 0, 1, 2, 3, 8};
	static const uint32_t depths[] = {0, 1, 7, 1000};
	atomic_store(&calls_wait, i % 6 == 1);
	return (struct flist_cursor_options){
		.prefetch = depths[i / 6],
		.threads = {.jobs = jobs[i % 6], .most = 12, .cpus = 2},
	};
}

static struct flist_cursor *walk(const char *root, const struct flist_cursor_options *options)
{
	struct flist_cursor *cursor = NULL;
	assert_int_equal(flist_cursor_walk(&cursor, root, options), 0);
	assert_non_null(cursor);
	return cursor;
}

static void a_walk_gives_what_a_list_has(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	cursor_gives(walk(s->path, NULL), &seen, false);
	for (int i = 0; i < CURSORS; i++) {
		const struct flist_cursor_options options = cursor_way(i);
		cursor_gives(walk(s->path, &options), &seen, false);
	}
	see_nothing(&seen);
}

static void a_lazy_list_is_given_with_its_metadata(void **state)
{
	const struct scratch *s = *state;
	const struct flist_collect_options collecting[2] = {{.flags = FLIST_LAZY}, {.flags = 0}};
	struct sightings seen;
	see(&seen, s->fd);
	for (int lazy = 0; lazy < 2; lazy++) {
		atomic_store(&calls_wait, false);
		struct flist_list *list = collect(s->path, &collecting[lazy]);
		for (int i = 0; i < CURSORS; i++) {
			const struct flist_cursor_options options = cursor_way(i);
			struct flist_cursor *cursor;
			assert_int_equal(flist_cursor_fetch(&cursor, list, &options), 0);
			cursor_gives(cursor, &seen, false);
		}
		if (lazy == 0)
			list_is_lazy(list, &seen);
		flist_list_free(list);
	}
	see_nothing(&seen);
}

static void known_metadata_is_not_fetched_again(void **state)
{
	const struct scratch *s = *state;
	struct flist_cursor *cursor;
	atomic_store(&calls_wait, false);
	struct flist_list *list = collect(s->path, NULL);
	atomic_store(&asked, 0);
	atomic_store(&opened, 0);
	assert_int_equal(flist_cursor_fetch(&cursor, list, NULL), 0);
	for (size_t n = flist_list_length(list); n > 0; n--)
		assert_int_equal(flist_cursor_next(cursor)->status, 0);
	flist_cursor_close(cursor);
	assert_int_equal(atomic_load(&asked), 0);
	assert_int_equal(atomic_load(&opened), 0);
	flist_list_free(list);
}

static void extra_fields_come_from_the_list(void **state)
{
	const struct flist_collect_options options = {.extra = FLIST_LINK};
	const struct scratch *s = *state;
	struct flist_cursor *cursor;
	size_t links = 0;
	struct flist_list *list = collect(s->path, &options);
	assert_int_equal(flist_cursor_fetch(&cursor, list, NULL), 0);
	for (size_t n = flist_list_length(list); n > 0; n--) {
		const struct flist_item *item = flist_cursor_next(cursor);
		assert_non_null(item->extra);
		assert_int_equal(item->extra->valid, FLIST_LINK);
		links += item->extra->link != NULL;
		if (strcmp(item->path, "a/up") == 0)
			assert_string_equal(item->extra->link, "..");
	}
	assert_int_equal(links, 2);
	flist_cursor_close(cursor);
	flist_list_free(list);
	list = collect(s->path, NULL);
	assert_int_equal(flist_cursor_fetch(&cursor, list, NULL), 0);
	assert_null(flist_cursor_next(cursor)->extra);
	flist_cursor_close(cursor);
	flist_list_free(list);
}

/* ---- How many, how far ----------------------------------------------------------------------- */

static size_t count(struct flist_cursor *cursor)
{
	size_t n = 0;
	while (flist_cursor_next(cursor))
		n++;
	assert_int_equal(flist_cursor_error(cursor), 0);
	flist_cursor_close(cursor);
	return n;
}

static void no_thread_is_made_where_calls_do_not_wait(void **state)
{
	const struct scratch *s = *state;
	atomic_store(&calls_wait, false);
	atomic_store(&created, 0);
	assert_true(count(walk(s->path, NULL)) > LARGE);
	assert_int_equal(atomic_load(&created), 0);
}

static void threads_are_made_where_calls_wait(void **state)
{
	const struct scratch *s = *state;
	atomic_store(&calls_wait, true);
	atomic_store(&created, 0);
	assert_true(count(walk(s->path, NULL)) > LARGE);
	assert_true(atomic_load(&created) > 0);
}

/* As they are on a busy machine; the portable library cannot tell. */
static void no_thread_is_made_if_jobs_wait_for_a_cpu(void **state)
{
	const struct scratch *s = *state;
	atomic_store(&calls_wait, true);
	atomic_store(&cpu_is_missing, true);
	atomic_store(&created, 0);
	assert_true(count(walk(s->path, NULL)) > LARGE);
	atomic_store(&cpu_is_missing, false);
#ifdef FLIST_PORTABLE
	assert_true(atomic_load(&created) > 0);
#else
	assert_int_equal(atomic_load(&created), 0);
#endif
}

/* Threads that may ask as much as they like ask no more than that. */
static void no_more_entries_are_fetched_ahead_than_requested(void **state)
{
	static const uint32_t depths[] = {1, 2, 16, 100};
	const struct scratch *s = *state;
	for (size_t i = 0; i < sizeof(depths) / sizeof(*depths); i++) {
		const struct flist_cursor_options options = {.prefetch = depths[i],
							     .threads.jobs = 4};
		long given = 0, most = 0;
		atomic_store(&asked, 0);
		struct flist_cursor *cursor = walk(s->path, &options);
		while (flist_cursor_next(cursor)) {
			given++;
			if (given % 64 == 0)
				usleep(2000); /* they may run ahead */
			const long ahead = atomic_load(&asked) - given;
			most = ahead > most ? ahead : most;
		}
		flist_cursor_close(cursor);
		assert_true(most <= (long)depths[i]);
	}
}

/* The cursor is at the first entry, and they have all the time there is. */
static void the_depth_is_used(void **state)
{
	const struct scratch *s = *state;
	const struct flist_cursor_options options = {.prefetch = 100, .threads.jobs = 4};
	atomic_store(&asked, 0);
	struct flist_cursor *cursor = walk(s->path, &options);
	assert_non_null(flist_cursor_next(cursor));
	for (int i = 0; i < 20000 && atomic_load(&asked) < 100; i++)
		usleep(1000);
	assert_true(atomic_load(&asked) >= 99);
	flist_cursor_close(cursor);
}

/* A root with so many directories, which were found and are all that is left to read. */
static void find_directories(struct flist_queue *q, struct flist_folder *root, uint32_t n)
{
	struct flist_claim claim;
	assert_non_null(root);
	flist_queue_begin(q, root);
	assert_int_equal(flist_queue_claim_head(q, n, &claim), 1);
	assert_int_equal(make_names(root, n, 0), 0);
	for (uint32_t i = 0; i < n; i++)
		root->names[i] = (struct flist_listed_name){.text = "d", .len = 1};
	flist_queue_read(q, &claim, -1);
	assert_int_equal(flist_queue_claim(q, n, &claim), 1);
	for (uint32_t i = 0; i < n; i++) {
		struct flist_folder *child = flist_folder_new(root, "d", 1);
		child->index = i;
		assert_int_equal(flist_queue_enter(q, child, i), 0);
	}
	flist_queue_answered(q, &claim);
}

/* Directories that may have a descriptor, and names, but have not yet. */
static void directories_being_read_count(void **state)
{
	enum { ALL = 16 };
	static const unsigned limits[][3] = {/* descriptors, names, directories read at a time */
					     {1, 100, 1},
					     {5, 100, 5},
					     {100, 1, 1},
					     {100, 5, 5},
					     {100, 100, ALL}};
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct flist_queue q = {.depth = ALL, .open_most = limits[i][0]};
		struct flist_claim claims[ALL + 1];
		unsigned n = 0;
		find_directories(&q, flist_folder_new(NULL, "", 0), ALL);
		q.given = q.asked;
		q.depth = limits[i][1];
		while (n <= ALL && flist_queue_claim(&q, ALL, &claims[n]) == 1)
			assert_int_equal(claims[n++].n, 0);
		assert_int_equal(n, limits[i][2]);
		/* One turns out to be empty: that leaves room for another. */
		flist_queue_read(&q, &claims[0], -1);
		flist_queue_arrive(&q, claims[0].folder);
		const bool another = n < ALL;
		assert_int_equal(flist_queue_claim(&q, ALL, &claims[0]), another);
		for (unsigned k = another ? 0 : 1; k < n; k++)
			flist_queue_read(&q, &claims[k], -1);
		assert_int_equal(q.reading, 0);
		flist_queue_release(&q);
	}
}

static void any_thread_may_be_refused_a_cursor(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (long made = 0; made <= 12; made++) {
		for (int i = 0; i < 6; i++) {
			const struct flist_cursor_options options = cursor_way(i);
			atomic_store(&creations, made);
			cursor_gives(walk(s->path, &options), &seen, false);
		}
	}
	atomic_store(&creations, -1);
	see_nothing(&seen);
}

/* ---- Ends before its time -------------------------------------------------------------------- */

static void a_cursor_may_be_closed_at_any_time(void **state)
{
	const struct scratch *s = *state;
	for (size_t after = 0; after < 2 * LARGE; after += 1 + after / 2) {
		for (int i = 0; i < 6; i++) {
			const struct flist_cursor_options options = cursor_way(i);
			struct flist_cursor *cursor = walk(s->path, &options);
			for (size_t n = 0; n < after && flist_cursor_next(cursor); n++)
				continue;
			flist_cursor_close(cursor);
		}
	}
}

static void it_is_cancelled_at_any_time(void **state)
{
	const struct scratch *s = *state;
	for (size_t after = 0; after < LARGE; after += 1 + after / 2) {
		for (int i = 0; i < 6; i++) {
			struct flist_cursor_options options = cursor_way(i);
			volatile int cancel = 0;
			options.cancel = &cancel;
			struct flist_cursor *cursor = walk(s->path, &options);
			for (size_t n = 0; n < after; n++)
				assert_non_null(flist_cursor_next(cursor));
			__atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
			assert_null(flist_cursor_next(cursor));
			assert_int_equal(flist_cursor_error(cursor), -ECANCELED);
			flist_cursor_close(cursor);
		}
	}
}

/* ---- What is not as it should be ------------------------------------------------------------- */

struct trouble {
	const char *expected[4]; /* paths of failures, in order */
	int errors[4];
	size_t n;
	int fd; /* of the tree */
};

static void note_trouble(void *arg, unsigned worker, const struct flist_failure *failure)
{
	struct trouble *t = arg;
	assert_int_equal(worker, 0);
	assert_true(t->n < 4);
	assert_string_equal(failure->path, t->expected[t->n]);
	assert_int_equal(failure->error, t->errors[t->n]);
	t->n++;
}

static int make_little(void **state)
{
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	const bool made = !mkdirat(s->fd, "a", 0755) && !mkdirat(s->fd, "a/b", 0755) &&
			  scratch_file(s->fd, "a/b/file", 1) && !symlinkat("..", s->fd, "a/up") &&
			  !symlinkat("none", s->fd, "none") && scratch_file(s->fd, "z", 1);
	return made ? 0 : -1;
}

static void links_are_followed_but_not_round(void **state)
{
	const struct scratch *s = *state;
	for (int i = 0; i < CURSORS; i++) {
		struct trouble t = {.expected = {"a/up"}, .errors = {ELOOP}};
		struct flist_cursor_options options = cursor_way(i);
		options.flags = FLIST_FOLLOW;
		options.failed = note_trouble;
		options.arg = &t;
		assert_int_equal(count(walk(s->path, &options)), 6);
		assert_int_equal(t.n, 1);
	}
}

static enum flist_choice replace_z(void *arg, unsigned worker, const struct flist_item *item)
{
	const struct trouble *t = arg;
	(void)worker;
	if (strcmp(item->path, "z") == 0 && S_ISREG(item->type)) {
		unlinkat(t->fd, "z", 0);
		mkdirat(t->fd, "z", 0755);
		scratch_file(t->fd, "z/new", 1);
	}
	if (strcmp(item->path, "none") == 0)
		unlinkat(t->fd, "none", 0);
	return FLIST_KEEP;
}

/* Between being listed and being asked for: what stat says counts. */
static void a_tree_may_change_during_the_walk(void **state)
{
	static const char *const paths[] = {"a", "a/b", "a/b/file", "a/up", "none", "z", "z/new"};
	const struct scratch *s = *state;
	for (int i = 0; i < CURSORS; i++) {
		struct trouble t = {.fd = s->fd};
		struct flist_cursor_options options = cursor_way(i);
		unlinkat(s->fd, "z/new", 0);
		unlinkat(s->fd, "z", AT_REMOVEDIR);
		unlinkat(s->fd, "none", 0);
		assert_true(scratch_file(s->fd, "z", 1) && scratch_file(s->fd, "none", 1));
		options.filter = replace_z;
		options.failed = note_trouble;
		options.arg = &t;
		struct flist_cursor *cursor = walk(s->path, &options);
		for (size_t n = 0; n < 7; n++) {
			const struct flist_item *item = flist_cursor_next(cursor);
			assert_string_equal(item->path, paths[n]);
			assert_int_equal(item->status, n == 4 ? -ENOENT : 0);
			assert_int_equal(!item->meta, n == 4);
		}
		assert_null(flist_cursor_next(cursor));
		flist_cursor_close(cursor);
	}
}

static void vanish(const struct scratch *s)
{
	unlinkat(s->fd, "a/b/file", 0);
	unlinkat(s->fd, "a/b", AT_REMOVEDIR);
}

/* The directory is gone when it is its turn; nobody runs ahead. */
static void failures_are_reported_in_order(void **state)
{
	const struct scratch *s = *state;
	struct trouble t = {.expected = {"a/b"}, .errors = {ENOENT}};
	const struct flist_cursor_options options = {
		.threads.jobs = 1, .failed = note_trouble, .arg = &t};
	struct flist_cursor *cursor = walk(s->path, &options);
	while (strcmp(flist_cursor_next(cursor)->path, "a/b") != 0)
		continue;
	vanish(s);
	assert_int_equal(t.n, 0);
	assert_string_equal(flist_cursor_next(cursor)->path, "a/up");
	assert_int_equal(t.n, 1);
	assert_int_equal(count(cursor), 2);
}

static void a_list_with_a_vanished_directory_fails(void **state)
{
	const struct scratch *s = *state;
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	for (int i = 0; i < CURSORS; i++) {
		struct trouble t = {.expected = {"a/b"}, .errors = {ENOENT}};
		struct flist_cursor_options options = cursor_way(i);
		const struct flist_item *item;
		struct flist_cursor *cursor;
		if (mkdirat(s->fd, "a/b", 0755) == 0)
			assert_true(scratch_file(s->fd, "a/b/file", 1));
		struct flist_list *list = collect(s->path, &lazy);
		vanish(s);
		options.failed = note_trouble;
		options.arg = &t;
		assert_int_equal(flist_cursor_fetch(&cursor, list, &options), 0);
		while ((item = flist_cursor_next(cursor)))
			assert_int_equal(item->status,
					 strncmp(item->path, "a/b", 3) == 0 ? -ENOENT : 0);
		assert_int_equal(flist_cursor_error(cursor), 0);
		assert_int_equal(t.n, 1);
		flist_cursor_close(cursor);
		flist_list_free(list);
	}
}

static enum flist_choice choose(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	assert_true(worker < 12);
	assert_int_equal(item->path_len, strlen(item->path));
	if (strcmp(item->path, "a/b") == 0)
		return FLIST_PRUNE;
	return strcmp(item->name, "up") == 0 ? FLIST_SKIP : FLIST_KEEP;
}

static void filtered_entries_are_left_out(void **state)
{
	static const char *const paths[] = {"a", "a/b", "none", "z"};
	const struct scratch *s = *state;
	for (int i = 0; i < CURSORS; i++) {
		struct flist_cursor_options options = cursor_way(i);
		options.filter = choose;
		struct flist_cursor *cursor = walk(s->path, &options);
		for (size_t n = 0; n < 4; n++)
			assert_string_equal(flist_cursor_next(cursor)->path, paths[n]);
		assert_int_equal(count(cursor), 0);
	}
}

static void unknown_options_are_refused(void **state)
{
	const struct scratch *s = *state;
	struct flist_list *list = collect(s->path, NULL);
	struct flist_cursor *cursor;
	struct flist_cursor_options bad[] = {
		{.flags = FLIST_LAZY}, {.fields = 1U << 31},      {.threads.run = pool_sequential},
		{.reserved = {0, 1}},  {.threads.reserved = {1}}, {.unused = 1},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(flist_cursor_walk(&cursor, s->path, &bad[i]), -EINVAL);
		assert_null(cursor);
		assert_int_equal(flist_cursor_fetch(&cursor, list, &bad[i]), -EINVAL);
	}
	const struct flist_cursor_options walks = {.filter = choose}, follows = {.flags = 1};
	assert_int_equal(flist_cursor_fetch(&cursor, list, &walks), -EINVAL);
	assert_int_equal(flist_cursor_fetch(&cursor, list, &follows), -EINVAL);
	assert_int_equal(flist_cursor_walk(&cursor, "/none/at/all", NULL), -ENOENT);
	assert_int_equal(flist_cursor_walk(&cursor, "/proc/version", NULL), -ENOTDIR);
	flist_list_free(list);
}

/* ---- Few descriptors ------------------------------------------------------------------------- */

struct view {
	const char *root;
	const struct sightings *seen;
	int way;
};

/* readdir takes more of them, and each thread that reads has its own. */
#ifdef FLIST_PORTABLE
enum { FEW = 32 };
#else
enum { FEW = 16 };
#endif

static int walk_with_few_descriptors(const void *arg)
{
	const struct view *view = arg;
	const struct rlimit few = {FEW, FEW};
	const struct flist_cursor_options options = cursor_way(view->way);
	struct flist_cursor *cursor;
	const struct flist_item *item;
	size_t same = 0;
	if (setrlimit(RLIMIT_NOFILE, &few))
		return 10;
	if (flist_cursor_walk(&cursor, view->root, &options))
		return 11;
	while ((item = flist_cursor_next(cursor)) && same < view->seen->n && item->meta &&
	       strcmp(item->path, view->seen->all[same].path) == 0)
		same++;
	const int error = flist_cursor_error(cursor);
	flist_cursor_close(cursor);
	if (error)
		return 12;
	return !item && same == view->seen->n ? 0 : 13;
}

static void few_descriptors_are_enough(void **state)
{
	const struct scratch *s = *state;
	struct sightings seen;
	see(&seen, s->fd);
	for (int i = 0; i < CURSORS; i++) {
		const struct view view = {s->path, &seen, i};
		assert_int_equal(in_child(walk_with_few_descriptors, &view), 0);
	}
	see_nothing(&seen);
}

/* ---- Few descriptors, calls that wait -------------------------------------------------------- */

enum { BUSHES = 40, DELAY = 200 };

/* Directories that are all opened, with little in each. */
static int make_bushes(void **state)
{
	char name[64];
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	bool made = true;
	for (int i = 0; i < BUSHES && made; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		made = !mkdirat(s->fd, name, 0755);
		made = made && !mkdirat(s->fd, strcat(name, "/dir"), 0755);
		made = made && scratch_file(s->fd, strcat(name, "/file"), i);
	}
	return made ? 0 : -1;
}

struct shortage {
	rlim_t limit, held; /* descriptors that the process may have more; that it has opened */
	unsigned jobs;
	const char *root;
	const struct flist_list *list; /* NULL: the tree is walked */
	size_t n;
};

/* The test may have been given some that are far apart. */
static int take_gaps(void)
{
	enum { LOOKED_AT = 4096 };
	int most = 0, fd;
	for (fd = 0; fd < LOOKED_AT; fd++)
		most = fcntl(fd, F_GETFD) >= 0 ? fd : most;
	while ((fd = dup(0)) >= 0 && fd < most)
		continue;
	close(fd);
	return fd;
}

static bool take_descriptors(const struct shortage *s)
{
	const int next = take_gaps();
	const struct rlimit few = {(rlim_t)next + s->limit, (rlim_t)next + s->limit};
	if (next < 0 || setrlimit(RLIMIT_NOFILE, &few))
		return false;
	for (rlim_t i = 0; i < s->held; i++) {
		if (dup(0) < 0)
			return false;
	}
	return true;
}

static int go_through_shortage(const void *arg)
{
	const struct shortage *s = arg;
	const struct flist_cursor_options options = {.threads.jobs = s->jobs};
	const struct flist_item *item;
	struct flist_cursor *cursor;
	size_t n = 0;
	alarm(120);
	atomic_store(&calls_wait, true);
	atomic_store(&delay, DELAY);
	if (!take_descriptors(s))
		return 10;
	if (s->list ? flist_cursor_fetch(&cursor, s->list, &options)
		    : flist_cursor_walk(&cursor, s->root, &options))
		return 11;
	while ((item = flist_cursor_next(cursor)))
		n += item->meta != NULL;
	const int error = flist_cursor_error(cursor);
	flist_cursor_close(cursor);
	if (error)
		return 12;
	return n == s->n ? 0 : 13;
}

/* Where all that are open are in use, they are waited for. */
static void threads_wait_for_a_free_descriptor(void **state)
{
	enum { LEAST = FEW > 16 ? 5 : 4 }; /* that one thread needs */
	static const rlim_t limits[][2] = {{LEAST, 0}, {LEAST + 1, 0},   {8, 0},
					   {32, 0},    {80, 80 - LEAST}, {80, 80 - LEAST - 1},
					   {200, 190}};
	static const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	const struct scratch *scratch = *state;
	struct flist_list *list = collect(scratch->path, &lazy);
	struct shortage s = {.root = scratch->path, .n = flist_list_length(list)};
	assert_int_equal(s.n, 3 * BUSHES);
	for (size_t i = 0; i < 4 * sizeof(limits) / sizeof(*limits); i++) {
		s.limit = limits[i / 4][0];
		s.held = limits[i / 4][1];
		s.jobs = i % 2 ? 16 : 0;
		s.list = i % 4 / 2 ? list : NULL;
		print_message("%zu of %zu descriptors, jobs %u, %s\n", (size_t)(s.limit - s.held),
			      (size_t)s.limit, s.jobs, s.list ? "a list" : "a walk");
		assert_int_equal(in_child(go_through_shortage, &s), 0);
	}
	flist_list_free(list);
}

/* Nobody waits for what will never be there. */
static void without_any_descriptor_the_cursor_ends(void **state)
{
	static const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	const struct scratch *scratch = *state;
	struct flist_list *list = collect(scratch->path, &lazy);
	struct shortage s = {.root = scratch->path, .limit = 200, .held = 199};
	for (int i = 0; i < 4; i++) {
		s.jobs = i % 2 ? 16 : 0;
		s.list = i / 2 ? list : NULL;
		assert_int_equal(in_child(go_through_shortage, &s), 0);
	}
	flist_list_free(list);
}

#define with_bushes(test) cmocka_unit_test_setup_teardown(test, make_bushes, meta_no_scratch)
#define with_little(test) cmocka_unit_test_setup_teardown(test, make_little, meta_no_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_gives_what_a_list_has),
		cmocka_unit_test(a_lazy_list_is_given_with_its_metadata),
		cmocka_unit_test(known_metadata_is_not_fetched_again),
		cmocka_unit_test(no_thread_is_made_where_calls_do_not_wait),
		cmocka_unit_test(threads_are_made_where_calls_wait),
		cmocka_unit_test(no_thread_is_made_if_jobs_wait_for_a_cpu),
		cmocka_unit_test(no_more_entries_are_fetched_ahead_than_requested),
		cmocka_unit_test(the_depth_is_used),
		cmocka_unit_test(directories_being_read_count),
		cmocka_unit_test(any_thread_may_be_refused_a_cursor),
		cmocka_unit_test(a_cursor_may_be_closed_at_any_time),
		cmocka_unit_test(it_is_cancelled_at_any_time),
		cmocka_unit_test(few_descriptors_are_enough),
		with_bushes(threads_wait_for_a_free_descriptor),
		with_bushes(without_any_descriptor_the_cursor_ends),
		with_little(extra_fields_come_from_the_list),
		with_little(links_are_followed_but_not_round),
		with_little(a_tree_may_change_during_the_walk),
		with_little(failures_are_reported_in_order),
		with_little(a_list_with_a_vanished_directory_fails),
		with_little(filtered_entries_are_left_out),
		with_little(unknown_options_are_refused),
	};
	return cmocka_run_group_tests(tests, make_tree, meta_no_scratch);
}
