/*
 * flist_stat_many on paths: whether the directory of neighbouring ones is opened is found out from
 * prices, which a clock of the test's own makes; the answers are those of the paths, whatever is
 * found, and whatever happens to descriptors. No thread can be made here, so it is always the same
 * that is found.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/test.h"

/* What calls take, ns, and how many were made. */
static struct world {
	uint64_t now;
	uint64_t path_ns, name_ns, open_ns;
	size_t paths, names, opens;
	int open_error; /* of every directory; 0: none */
	int name_error; /* of every name on a descriptor */
} world;

static int world_clock(clockid_t id, struct timespec *now)
{
	const uint64_t ns = id == CLOCK_MONOTONIC ? world.now : 0;
	*now = (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
				 .tv_nsec = (long)(ns % 1000000000)};
	return 0;
}

static int world_open(const char *path, int how)
{
	world.opens++;
	world.now += world.open_ns;
	errno = world.open_error;
	return world.open_error ? -1 : open(path, how);
}

static int world_ask(int dirfd, const char *name, unsigned flags, uint32_t fields,
		     struct flist_meta *meta)
{
	const bool is_path = dirfd == AT_FDCWD;
	*(is_path ? &world.paths : &world.names) += 1;
	world.now += is_path ? world.path_ns : world.name_ns;
	if (!is_path && world.name_error)
		return -world.name_error;
	return flist_ask(dirfd, name, flags, fields, meta);
}

#define clock_gettime(id, now)                      world_clock(id, now)
#define open(path, how)                             world_open(path, how)
#define flist_ask(dirfd, name, flags, fields, meta) world_ask(dirfd, name, flags, fields, meta)
#define pthread_create(thread, attr, start, arg)    ((void)(attr), (void)(start), EAGAIN)

#include "strategies/flist/adapt.c"
#include "strategies/flist/ask/batch.c"
#include "strategies/flist/ask/siblings.c"
#include "strategies/flist/threads.c"

#undef open

enum { LINK_LEN = 250 }; /* of scratch_chain */

enum { DIRS = 60, FILES = 20, MORE = 400, N_MOST = DIRS * FILES + MORE };

/* Paths, and what the kernel says of each. */
struct questions {
	struct scratch *scratch;
	size_t n;
	struct flist_where wheres[N_MOST];
	char *paths[N_MOST];
	struct stat stats[N_MOST];
	int errors[N_MOST];
	struct flist_meta metas[N_MOST];
	int statuses[N_MOST];
};

static void add(struct questions *q, const char *path)
{
	const size_t i = q->n++;
	assert_true(q->n <= N_MOST);
	q->paths[i] = strdup(path);
	assert_non_null(q->paths[i]);
	q->wheres[i] = (struct flist_where){.name = q->paths[i]};
}

static void add_below(struct questions *q, const char *dir, const char *name)
{
	char path[2 * PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s/%s", q->scratch->path, dir, name);
	add(q, path);
}

static int make_questions(void **state)
{
	struct questions *q = calloc(1, sizeof(*q));
	if (!q || meta_scratch((void **)&q->scratch))
		return -1;
	*state = q;
	world = (struct world){
		.now = 1000000000, .path_ns = 1000, .name_ns = 1000, .open_ns = 1000};
	return 0;
}

static int drop_questions(void **state)
{
	struct questions *q = *state;
	for (size_t i = 0; i < q->n; i++)
		free(q->paths[i]);
	meta_no_scratch((void **)&q->scratch);
	free(q);
	return 0;
}

/* A directory of its own for each of `files` files, or for several of them. */
static void make_files(struct questions *q, unsigned dirs, unsigned files)
{
	char name[64];
	for (unsigned d = 0; d < dirs; d++) {
		snprintf(name, sizeof(name), "d%u", d);
		assert_int_equal(mkdirat(q->scratch->fd, name, 0755), 0);
		for (unsigned f = 0; f < files; f++) {
			snprintf(name, sizeof(name), "d%u/f%u", d, f);
			assert_true(scratch_file(q->scratch->fd, name, d + f));
			add_below(q, ".", name);
		}
	}
}

/* Asks as a caller does who says nothing; holds the answers against the kernel's. */
static void ask_and_check(struct questions *q, unsigned flags)
{
	const struct flist_many_options options = {.flags = flags};
	for (size_t i = 0; i < q->n; i++) {
		const bool follows = flags & FLIST_FOLLOW;
		const int ret = follows ? stat(q->paths[i], &q->stats[i])
					: lstat(q->paths[i], &q->stats[i]);
		q->errors[i] = ret ? errno : 0;
	}
	memset(q->metas, 0xff, sizeof(q->metas));
	assert_int_equal(flist_stat_many(q->wheres, q->n, &options, q->metas, q->statuses), 0);
	for (size_t i = 0; i < q->n; i++) {
		assert_int_equal(q->statuses[i], -q->errors[i]);
		if (q->statuses[i])
			meta_is_empty(&q->metas[i]);
		else
			meta_is(&q->metas[i], &q->stats[i], FLIST_BASIC);
	}
}

static void directories_are_opened_if_paths_are_slow(void **state)
{
	struct questions *q = *state;
	world.path_ns = 5000000;
	world.name_ns = 1000000;
	world.open_ns = 4000000;
	make_files(q, DIRS, FILES);
	ask_and_check(q, 0);
	assert_true(world.names > q->n * 3 / 4);
	assert_true(world.opens < DIRS * 2);
}

static void names_that_cost_as_much_are_paths(void **state)
{
	struct questions *q = *state;
	world.open_ns = 2000;
	make_files(q, DIRS, FILES);
	ask_and_check(q, 0);
	assert_in_range(world.names, 1, q->n / 5); /* it was tried */
}

static void a_slow_open_is_avoided(void **state)
{
	struct questions *q = *state;
	world.path_ns = 1500;
	world.open_ns = 100000; /* of twenty names that gain 10,000 */
	make_files(q, DIRS, FILES);
	ask_and_check(q, 0);
	assert_in_range(world.names, 1, q->n / 5);
}

static void an_only_child_is_a_path(void **state)
{
	struct questions *q = *state;
	world.name_ns = 1;
	make_files(q, DIRS * 4, 1);
	ask_and_check(q, 0);
	assert_int_equal(world.opens, 0);
	assert_int_equal(world.paths, q->n);
}

/* A descriptor is kept from batch to batch. */
static void a_large_directory_is_opened_few_times(void **state)
{
	struct questions *q = *state;
	world.path_ns = 5000000;
	world.open_ns = 4000000;
	make_files(q, 1, 1000);
	ask_and_check(q, 0);
	assert_true(world.names > q->n * 3 / 4);
	assert_true(world.opens <= 2);
}

static void the_slower_method_is_measured_again(void **state)
{
	struct questions *q = *state;
	make_files(q, DIRS, FILES);
	world.path_ns = 100000;
	ask_and_check(q, 0);
	assert_true(world.names > q->n / 2);
	world.path_ns = 1000;
	world.name_ns = 3000;
	world.names = 0;
	ask_and_check(q, 0);
	assert_true(world.names < q->n / 5);
}

/* Of every kind that paths have, many of each, so that some are asked for by name. */
static void add_errors(struct questions *q)
{
	char deep[PATH_MAX], name[LINK_LEN + 1];
	const int fd = q->scratch->fd;
	memset(name, 'd', LINK_LEN);
	name[LINK_LEN] = '\0';
	assert_int_equal(mkdirat(fd, "sub", 0755), 0);
	assert_true(scratch_file(fd, "file", 1));
	assert_int_equal(symlinkat("sub", fd, "link"), 0);
	assert_int_equal(symlinkat("loop", fd, "loop"), 0);
	assert_int_equal(symlinkat("../loop", fd, "sub/bad"), 0);
	assert_int_equal(symlinkat("../file", fd, "sub/good"), 0);
	assert_true(scratch_chain(fd, 18)); /* the last ones beyond PATH_MAX */
	static const char *const dirs[] = {"sub", "none", "file", "loop", "link", "sub//", "sub/."};
	static const char *const names[] = {"none", "good", "bad", ".", "..", "", "sub/", "good/"};
	for (size_t d = 0; d < sizeof(dirs) / sizeof(*dirs); d++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			add_below(q, dirs[d], names[i]);
	}
	snprintf(deep, sizeof(deep), "%s", q->scratch->path);
	while (strlen(deep) + LINK_LEN + 1 + sizeof("/file") <= PATH_MAX)
		snprintf(deep + strlen(deep), sizeof(deep) - strlen(deep), "/%s", name);
	for (int i = 0; i < FILES; i++) {
		char path[2 * PATH_MAX];
		snprintf(path, sizeof(path), "%s/%s", deep, i % 2 ? "file" : name);
		add(q, path);
	}
	add(q, "/");
	add(q, "");
	add(q, "/usr"); /* what others leave alone */
	add(q, "no-such-name");
}

static void errors_are_those_of_paths(void **state)
{
	struct questions *q = *state;
	world.path_ns = 20000;
	make_files(q, DIRS, FILES);
	add_errors(q);
	ask_and_check(q, 0);
	assert_true(world.names > q->n / 2);
	ask_and_check(q, FLIST_FOLLOW);
}

static void without_descriptors_paths_are_asked(void **state)
{
	struct questions *q = *state;
	world.path_ns = 5000;
	world.open_error = EMFILE;
	make_files(q, DIRS, FILES);
	ask_and_check(q, 0);
	assert_in_range(world.opens, 1, DIRS / 4);
	assert_int_equal(world.paths, q->n);
}

/* As of a directory that a server has forgotten: what the path says counts. */
static void a_name_that_is_refused_is_a_path(void **state)
{
	struct questions *q = *state;
	world.path_ns = 5000;
	world.name_error = ESTALE;
	make_files(q, DIRS, FILES);
	ask_and_check(q, 0);
	assert_in_range(world.names, 1, q->n / 4);
	assert_int_equal(world.paths, q->n);
}

static int ask_as_nobody(const void *arg)
{
	struct questions *q = (struct questions *)(uintptr_t)arg;
	if (!become_nobody())
		return 100;
	ask_and_check(q, 0);
#ifdef FLIST_PORTABLE /* which opens directories to read them, or asks paths */
	return 0;
#else
	return world.names > q->n / 2 ? 0 : 1;
#endif
}

/* A directory that may be searched, but not read; and one that may not even be searched. */
static void the_right_to_search_is_enough(void **state)
{
	struct questions *q = *state;
	world.path_ns = 5000;
	make_files(q, DIRS, FILES);
	for (unsigned d = 0; d < DIRS; d++) {
		char name[16];
		snprintf(name, sizeof(name), "d%u", d);
		assert_int_equal(fchmodat(q->scratch->fd, name, d % 8 == 7 ? 0600 : 0711, 0), 0);
	}
	const int code = in_child(ask_as_nobody, q);
	if (code == 100)
		skip_because("root cannot become nobody here");
	assert_int_equal(code, 0);
}

#define with_questions(test) cmocka_unit_test_setup_teardown(test, make_questions, drop_questions)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_questions(directories_are_opened_if_paths_are_slow),
		with_questions(names_that_cost_as_much_are_paths),
		with_questions(a_slow_open_is_avoided),
		with_questions(an_only_child_is_a_path),
		with_questions(a_large_directory_is_opened_few_times),
		with_questions(the_slower_method_is_measured_again),
		with_questions(errors_are_those_of_paths),
		with_questions(without_descriptors_paths_are_asked),
		with_questions(a_name_that_is_refused_is_a_path),
		with_questions(the_right_to_search_is_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
