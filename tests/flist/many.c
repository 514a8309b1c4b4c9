/* Parallel fetch: the same answers whoever asks, on however many threads, through a cache or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "strategies/flist/flist.h"
#include "tests/flist/with_cache.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_pool.h"
#include "tests/test.h"

enum { DIRS = 7, FILES = 50, N = DIRS * (FILES + 2) };

/* A tree and every entry of it: by name in its directory, in every third directory by path. */
struct questions {
	struct scratch *scratch;
	struct flist_dir *dirs[DIRS];
	struct flist_where wheres[N];
	char names[N][64]; /* in the directory */
	char *paths[N];
	struct stat stats[N]; /* what the kernel says, or nlink 0 if it says no */
	struct flist_meta metas[N];
	int statuses[N];
};

static void add(struct questions *q, int i, int dir)
{
	char path[PATH_MAX + 100];
	snprintf(path, sizeof(path), "%s/d%d/%s", q->scratch->path, dir, q->names[i]);
	q->paths[i] = strdup(path);
	assert_non_null(q->paths[i]);
	q->wheres[i].name = dir % 3 == 2 ? q->paths[i] : q->names[i];
	q->wheres[i].dir = dir % 3 == 2 ? NULL : q->dirs[dir];
	if (lstat(path, &q->stats[i]))
		q->stats[i].st_nlink = 0;
}

static void make_dir(struct questions *q, int dir)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/d%d", q->scratch->path, dir);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(flist_dir_open(&q->dirs[dir], path), 0);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int f = 0; f < FILES + 2; f++) {
		int i = dir * (FILES + 2) + f;
		snprintf(q->names[i], sizeof(q->names[i]), "%s%d", f < FILES ? "file" : "none", f);
		if (f < FILES)
			assert_true(scratch_file(fd, q->names[i], i));
		add(q, i, dir);
	}
	close(fd);
}

static int make_questions(void **state)
{
	struct questions *q = calloc(1, sizeof(*q));
	if (!q || meta_scratch((void **)&q->scratch))
		return -1;
	*state = q;
	for (int dir = 0; dir < DIRS; dir++)
		make_dir(q, dir);
	return 0;
}

static int drop_questions(void **state)
{
	struct questions *q = *state;
	for (int dir = 0; dir < DIRS; dir++)
		flist_dir_close(q->dirs[dir]);
	for (int i = 0; i < N; i++)
		free(q->paths[i]);
	meta_no_scratch((void **)&q->scratch);
	free(q);
	return 0;
}

static void all_are_right(const struct questions *q, uint32_t fields)
{
	for (int i = 0; i < N; i++) {
		assert_int_equal(q->statuses[i], q->stats[i].st_nlink ? 0 : -ENOENT);
		if (q->statuses[i])
			meta_is_empty(&q->metas[i]);
		else
			meta_is(&q->metas[i], &q->stats[i], fields);
	}
}

static int ask(struct questions *q, const struct flist_many_options *options)
{
	memset(q->metas, 0xff, sizeof(q->metas));
	memset(q->statuses, 0x7f, sizeof(q->statuses));
	return flist_stat_many(q->wheres, N, options, q->metas, q->statuses);
}

static void any_number_of_threads_answers_the_same(void **state)
{
	struct questions *q = *state;
	assert_int_equal(ask(q, NULL), 0);
	all_are_right(q, FLIST_BASIC);
	for (unsigned jobs = 0; jobs <= 9; jobs++) {
		struct flist_many_options o = {.threads.jobs = jobs};
		assert_int_equal(ask(q, &o), 0);
		all_are_right(q, FLIST_BASIC);
		o.fields = FLIST_SIZE | FLIST_TYPE;
		assert_int_equal(ask(q, &o), 0);
		all_are_right(q, o.fields);
	}
}

static void any_pool_answers_the_same(void **state)
{
	struct questions *q = *state;
	struct flist_many_options o = {.threads = {.jobs = 5, .run = pool_sequential}};
	assert_int_equal(ask(q, &o), 0);
	all_are_right(q, FLIST_BASIC);
	o.threads.run = pool_parallel;
	assert_int_equal(ask(q, &o), 0);
	all_are_right(q, FLIST_BASIC);
	o.threads.run = pool_refusing;
	assert_int_equal(ask(q, &o), -EAGAIN);
}

static void a_cache_is_filled_and_used(void **state)
{
	struct questions *q = *state;
	const size_t good = DIRS * FILES, bad = N - good;
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		struct flist_many_options o = {.cache = with_cache(NULL), .threads.jobs = jobs};
		assert_int_equal(ask(q, &o), 0);
		all_are_right(q, FLIST_BASIC);
		cache_counts(o.cache, good, 0, N);
		assert_int_equal(ask(q, &o), 0);
		all_are_right(q, FLIST_BASIC);
		cache_counts(o.cache, good, good, N + bad);
		flist_cache_free(o.cache);
	}
}

/* Whichever way an entry is named, it is one entry of the cache. */
static void a_cache_knows_names_by_their_paths(void **state)
{
	struct questions *q = *state;
	struct flist_many_options o = {.cache = with_cache(NULL), .threads.jobs = 2};
	assert_int_equal(ask(q, &o), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(cache_peek(o.cache, q->paths[i]), !q->statuses[i]);
	flist_cache_free(o.cache);
	char path[PATH_MAX + 16];
	struct flist_meta meta;
	int status;
	snprintf(path, sizeof(path), "%s/d0//", q->scratch->path);
	flist_dir_close(q->dirs[0]);
	assert_int_equal(flist_dir_open(&q->dirs[0], path), 0);
	o.cache = with_cache(NULL);
	assert_int_equal(
		flist_stat_many(&(struct flist_where){q->dirs[0], "file1"}, 1, &o, &meta, &status),
		0);
	assert_true(cache_peek(o.cache, q->paths[1]));
	flist_cache_free(o.cache);
}

static void names_without_a_path_are_asked_but_not_kept(void **state)
{
	struct questions *q = *state;
	struct flist_many_options o = {.cache = with_cache(NULL), .threads.jobs = 2};
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/d0", q->scratch->path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	flist_dir_close(q->dirs[0]);
	assert_int_equal(flist_dir_fdopen(&q->dirs[0], fd), 0);
	for (int i = 0; i < FILES + 2; i++)
		q->wheres[i].dir = q->dirs[0];
	assert_int_equal(ask(q, &o), 0);
	all_are_right(q, FLIST_BASIC);
	cache_counts(o.cache, (DIRS - 1) * FILES, 0, N - FILES - 2);
	flist_cache_free(o.cache);
}

/* Its other users count on all that stat(2) says. */
static void a_cache_gets_no_less_than_it_promises(void **state)
{
	struct questions *q = *state;
	struct flist_many_options o = {.cache = with_cache(NULL), .fields = FLIST_SIZE};
	assert_int_equal(ask(q, &o), 0);
	all_are_right(q, FLIST_BASIC);
	flist_cache_clear(o.cache);
	o.fields = FLIST_BTIME;
	assert_int_equal(ask(q, &o), 0);
	all_are_right(q, FLIST_BASIC);
	if (strcmp(flist_backend(FLIST_BTIME), "statx") == 0) {
		struct flist_meta meta;
		assert_int_equal(flist_stat_at(AT_FDCWD, q->paths[0], 0, FLIST_BTIME, &meta), 0);
		assert_int_equal(q->metas[0].valid & FLIST_BTIME, meta.valid & FLIST_BTIME);
		assert_int_equal(q->metas[0].btime_ns, meta.btime_ns);
	}
	flist_cache_free(o.cache);
}

/* A cache's own way of asking goes before the short one; bad names never get so far. */
static int fetch_length(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	atomic_fetch_add((_Atomic int *)arg, 1);
	*meta = (struct flist_meta){.size = strlen(path), .nlink = flags + 1};
	return 0;
}

static void a_cache_asks_its_own_way(void **state)
{
	struct questions *q = *state;
	_Atomic int calls = 0;
	struct flist_many_options o = {
		.flags = FLIST_FOLLOW,
		.cache = with_cache(
			&(struct flist_cache_options){.fetch = fetch_length, .arg = &calls}),
		.threads.jobs = 3,
	};
	q->wheres[0].name = "a/b";
	q->wheres[1].name = "";
	assert_int_equal(ask(q, &o), 0);
	assert_int_equal(q->statuses[0], -EINVAL);
	assert_int_equal(q->statuses[1], -ENOENT);
	for (int i = 2; i < N; i++) {
		assert_int_equal(q->statuses[i], 0);
		assert_int_equal(q->metas[i].size, strlen(q->paths[i]));
		assert_int_equal(q->metas[i].nlink, FLIST_FOLLOW + 1);
	}
	assert_int_equal(calls, N - 2);
	flist_cache_free(o.cache);
}

static void nothing_is_asked_wrongly(void **state)
{
	struct questions *q = *state;
	struct flist_many_options o = {.flags = FLIST_LAZY};
	assert_int_equal(flist_stat_many(NULL, 0, NULL, NULL, NULL), 0);
	assert_int_equal(flist_stat_many(NULL, 0, &o, NULL, NULL), -EINVAL);
	assert_int_equal(ask(q, &o), -EINVAL);
	assert_int_equal(q->statuses[0], 0x7f7f7f7f);
	o = (struct flist_many_options){.fields = 1U << 30};
	assert_int_equal(ask(q, &o), -EINVAL);
	assert_int_equal(q->statuses[0], 0x7f7f7f7f);
}

static void links_are_followed_on_request(void **state)
{
	struct questions *q = *state;
	struct flist_many_options o = {.flags = FLIST_FOLLOW};
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/d0/none%d", q->scratch->path, FILES);
	assert_int_equal(symlink("file3", path), 0);
	assert_int_equal(ask(q, &o), 0);
	assert_int_equal(q->metas[FILES].ino, q->metas[3].ino);
	assert_true(S_ISREG(q->metas[FILES].mode));
	assert_int_equal(ask(q, NULL), 0);
	assert_true(S_ISLNK(q->metas[FILES].mode));
}

/* A fetch that raises the flag at its call number `after`. Later ones wait for the flag: the thread
   that raises it may lose its CPU just before. */
struct canceller {
	int flag;
	int after;
	_Atomic int calls;
};

static int fetch_until(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	struct canceller *c = arg;
	(void)path;
	*meta = (struct flist_meta){.nlink = flags + 1};
	const int call = atomic_fetch_add(&c->calls, 1) + 1;
	if (call == c->after)
		__atomic_store_n(&c->flag, 1, __ATOMIC_RELAXED);
	while (call > c->after && !__atomic_load_n(&c->flag, __ATOMIC_RELAXED))
		sched_yield();
	return 0;
}

static int count(const struct questions *q, int status)
{
	int n = 0;
	for (int i = 0; i < N; i++)
		n += q->statuses[i] == status;
	return n;
}

static void cancelled_entries_have_ecanceled(void **state)
{
	struct questions *q = *state;
	for (unsigned jobs = 1; jobs <= 4; jobs++) {
		/* So early that it cannot be the last one, whoever is at one just then. */
		for (int after = 1; after + (int)jobs <= N; after += 40) {
			struct canceller c = {.after = after};
			struct flist_many_options o = {
				.cache = with_cache(&(struct flist_cache_options){
					.fetch = fetch_until, .arg = &c}),
				.threads.jobs = jobs,
				.cancel = &c.flag,
			};
			assert_int_equal(ask(q, &o), -ECANCELED);
			assert_int_equal(count(q, 0), c.calls);
			assert_int_equal(count(q, -ECANCELED), N - c.calls);
			assert_in_range(c.calls, after, after + (int)jobs - 1);
			flist_cache_free(o.cache);
		}
	}
}

static void a_call_cancelled_before_fetches_nothing(void **state)
{
	struct questions *q = *state;
	const int flag = 1;
	struct flist_many_options o = {.cancel = &flag, .threads.jobs = 3};
	assert_int_equal(ask(q, &o), -ECANCELED);
	assert_int_equal(count(q, -ECANCELED), N);
	meta_is_empty(&q->metas[N - 1]);
}

/* The first entry is answered only when all others are that do not share its batch. */
struct slow {
	const char *first;
	_Atomic int others;
	int enough;
	sem_t rest_done;
	bool in_time;
};

static int fetch_slowly(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	struct slow *slow = arg;
	*meta = (struct flist_meta){.nlink = flags + 1};
	if (strcmp(path, slow->first) == 0) {
		struct timespec deadline;
		clock_gettime(CLOCK_REALTIME, &deadline);
		deadline.tv_sec += 60;
		slow->in_time = sem_timedwait(&slow->rest_done, &deadline) == 0;
	} else if (atomic_fetch_add(&slow->others, 1) + 1 == slow->enough) {
		sem_post(&slow->rest_done);
	}
	return 0;
}

static void a_slow_entry_holds_up_only_its_neighbours(void **state)
{
	struct questions *q = *state;
	struct slow slow = {.first = q->paths[0], .enough = N - 64};
	struct flist_many_options o = {
		.cache = with_cache(
			&(struct flist_cache_options){.fetch = fetch_slowly, .arg = &slow}),
		.threads.jobs = 2,
	};
	sem_init(&slow.rest_done, 0, 0);
	assert_int_equal(ask(q, &o), 0);
	assert_true(slow.in_time);
	assert_int_equal(count(q, 0), N);
	sem_destroy(&slow.rest_done);
	flist_cache_free(o.cache);
}

static int fetch_after_a_while(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	(void)arg;
	(void)path;
	*meta = (struct flist_meta){.nlink = flags + 1};
	usleep(20000);
	return 0;
}

static void note_start(void *arg, unsigned index)
{
	_Atomic unsigned *last = arg;
	unsigned known = atomic_load(last);
	while (index > known && !atomic_compare_exchange_weak(last, &known, index))
		continue;
}

/* Calls wait, so that 16 threads would pay, if there was something for them to do. */
static void there_are_no_more_threads_than_names(void **state)
{
	enum { NAMES = 3 };
	struct questions *q = *state;
	_Atomic unsigned last = 0;
	struct flist_many_options o = {
		.cache = with_cache(&(struct flist_cache_options){.fetch = fetch_after_a_while}),
		.threads = {.started = note_start, .arg = (void *)(uintptr_t)&last},
	};
	assert_int_equal(flist_stat_many(q->wheres, NAMES, &o, q->metas, q->statuses), 0);
	assert_true(last < NAMES);
	flist_cache_free(o.cache);
}

/* Everybody wants the same few: each is asked for once, all get the same. */
static void one_answer_serves_equal_names(void **state)
{
	enum { TIMES = 20000, PATHS = 10 };
	struct questions *q = *state;
	struct flist_where *wheres = calloc(TIMES, sizeof(*wheres));
	struct flist_meta *metas = calloc(TIMES, sizeof(*metas));
	int *statuses = calloc(TIMES, sizeof(*statuses));
	struct flist_many_options o = {.cache = with_cache(NULL), .threads.jobs = 8};
	assert_true(wheres && metas && statuses);
	for (int i = 0; i < TIMES; i++)
		wheres[i] = q->wheres[i % PATHS];
	assert_int_equal(flist_stat_many(wheres, TIMES, &o, metas, statuses), 0);
	cache_counts(o.cache, PATHS, TIMES - PATHS, PATHS);
	for (int i = 0; i < TIMES; i++) {
		assert_int_equal(statuses[i], 0);
		assert_int_equal(metas[i].ino, q->stats[i % PATHS].st_ino);
	}
	flist_cache_free(o.cache);
	free(wheres);
	free(metas);
	free(statuses);
}

#define with_questions(test) cmocka_unit_test_setup_teardown(test, make_questions, drop_questions)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_questions(any_number_of_threads_answers_the_same),
		with_questions(any_pool_answers_the_same),
		with_questions(a_cache_is_filled_and_used),
		with_questions(a_cache_knows_names_by_their_paths),
		with_questions(names_without_a_path_are_asked_but_not_kept),
		with_questions(a_cache_gets_no_less_than_it_promises),
		with_questions(a_cache_asks_its_own_way),
		with_questions(nothing_is_asked_wrongly),
		with_questions(links_are_followed_on_request),
		with_questions(cancelled_entries_have_ecanceled),
		with_questions(a_call_cancelled_before_fetches_nothing),
		with_questions(a_slow_entry_holds_up_only_its_neighbours),
		with_questions(there_are_no_more_threads_than_names),
		with_questions(one_answer_serves_equal_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
