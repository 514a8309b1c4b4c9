/*
 * What the engine promises to walks, beside what it promises to all strategies: they see the root
 * and nothing else, those with threads of their own get the cell's workers, and what the trees of
 * strategies.c do not have - other filesystems, depth with few descriptors, the directory of the
 * results.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "tests/conformance/with_files.h"
#include "tests/conformance/with_rules.h"
#include "tests/loop.h"
#include "tests/test.h"

/* --- A walker with threads of its own: an entry of the root for each worker in turn ---------- */

struct found_by {
	char names[64][NAME_MAX + 1];
	struct record records[64];
	size_t n;
	pid_t thread;
};

struct team {
	const struct workload *load;
	int root_fd; /* opened by worker 0, used by all */
	atomic_uint next;
	struct sink *list;
	struct found_by found[BENCH_JOBS];
	uint64_t burn_ns; /* CPU time that each worker uses up */
};

static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void work(void *arg, unsigned index)
{
	struct team *team = arg;
	struct found_by *mine = &team->found[index];
	uint64_t until = cpu_ns() + team->burn_ns;
	mine->thread = gettid();
	while (cpu_ns() < until)
		;
	for (unsigned i; (i = atomic_fetch_add(&team->next, 1)) < FILES;) {
		struct stat st;
		char *name = mine->names[mine->n];
		snprintf(name, NAME_MAX + 1, "file-%u", i);
		if (fstatat(team->root_fd, name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		record_stat(&mine->records[mine->n++], &st);
	}
}

static void list_one(struct team *team, const char *name)
{
	struct stat st;
	struct record *r = fstatat(team->root_fd, name, &st, AT_SYMLINK_NOFOLLOW)
				   ? NULL
				   : sink_add(team->list, name, strlen(name));
	if (r)
		record_stat(r, &st);
}

static int gather(struct team *team, unsigned jobs)
{
	for (unsigned j = 0; j < jobs; j++) {
		for (size_t i = 0; i < team->found[j].n; i++) {
			const char *name = team->found[j].names[i];
			struct record *r = sink_add(team->list, name, strlen(name));
			if (!r)
				return -ENOMEM;
			*r = team->found[j].records[i];
		}
	}
	list_one(team, "dir");
	list_one(team, "dir/below");
	list_one(team, "link");
	sink_sort(team->list);
	return 0;
}

static int team_setup(struct cell *cell, struct err *err)
{
	struct team *team = cell->state;
	team->list = sink_new();
	return team->list ? 0 : err_errno(err, -ENOMEM, "list");
}

static void team_finish(struct cell *cell)
{
	struct team *team = cell->state;
	sink_free(team->list);
}

static int team_run(struct worker *w)
{
	struct cell *cell = w->cell;
	struct team *team = cell->state;
	memset(team->found, 0, sizeof(team->found));
	team->next = 0;
	team->root_fd = openat(w->load->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	sink_reset(team->list);
	if (cell->run_pool(cell->pool, cell->jobs + 1, work, team) != -EINVAL)
		return -ENOTSUP;
	int error = cell->run_pool(cell->pool, cell->jobs, work, team);
	if (!error)
		error = gather(team, cell->jobs);
	close(team->root_fd);
	return error;
}

static int team_deliver(struct cell *cell, struct sink *sink)
{
	const struct team *team = cell->state;
	for (size_t i = 0; i < sink_count(team->list); i++) {
		size_t len;
		const char *path = sink_path(team->list, i, &len);
		struct record *r = sink_add(sink, path, len);
		if (!r)
			return -ENOMEM;
		*r = *sink_record(team->list, i);
	}
	return 0;
}

#define TEAM                                                                                       \
	.name = "team", .stage = STAGE_WALK, .flags = STRATEGY_OWN_THREADS,                        \
	.cell_size = sizeof(struct team), .setup = team_setup, .finish = team_finish,              \
	.deliver = team_deliver, .answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR}

static int team_meter(struct bench *b, unsigned jobs, struct meter **meter)
{
	static const struct strategy team = {TEAM, .run = team_run};
	static const int64_t params[PARAMS_MAX];
	int error = bench_meter(b, &team, params, jobs, meter, NULL);
	return error ? error : bench_refer(b, *meter, NULL);
}

static struct team *team_of(struct meter *meter)
{
	return meter_cell(meter)->state;
}

/* With any number of jobs; a descriptor that one opened all can use. */
static void a_walker_with_threads_is_right(void **state)
{
	struct files *f = *state;
	for (unsigned jobs = 1; jobs <= BENCH_JOBS; jobs++) {
		struct meter *meter = NULL;
		struct err err = {0};
		assert_int_equal(team_meter(&f->bench, jobs, &meter), 0);
		for (int pass = 0; pass < 20; pass++) {
			if (bench_expect(&f->bench, meter, VERIFIED_RIGHT, &err))
				fail_msg("%u jobs: %s", jobs, err.text);
		}
		for (unsigned i = 0; i < jobs; i++) {
			assert_true(team_of(meter)->found[i].thread != 0);
			for (unsigned k = 0; k < i; k++)
				assert_int_not_equal(team_of(meter)->found[i].thread,
						     team_of(meter)->found[k].thread);
		}
		meter_close(meter);
	}
}

static void the_time_of_all_its_threads_counts(void **state)
{
	enum { JOBS = 3, BURN_MS = 20 };
	struct files *f = *state;
	struct meter *meter = NULL;
	struct pass pass;
	assert_int_equal(team_meter(&f->bench, JOBS, &meter), 0);
	team_of(meter)->burn_ns = BURN_MS * 1000000;
	assert_int_equal(meter_pass(meter, &pass, NULL), 0);
	meter_close(meter);
	if (pass.user_ns + pass.sys_ns < JOBS * BURN_MS * UINT64_C(1000000))
		fail_msg("%llu + %llu ns", (unsigned long long)pass.user_ns,
			 (unsigned long long)pass.sys_ns);
}

static int run_no_work(struct worker *w)
{
	(void)w;
	return 0;
}

/* A floor with threads: who gives out no work keeps nobody waiting. */
static void a_pool_may_stay_unused(void **state)
{
	static const struct strategy idle = {.name = "idle",
					     .stage = STAGE_WALK,
					     .flags = STRATEGY_OWN_THREADS,
					     .answer = {.addressing = ADDRESS_NONE},
					     .run = run_no_work};
	static const int64_t params[PARAMS_MAX];
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	assert_int_equal(bench_meter(&f->bench, &idle, params, BENCH_JOBS, &meter, NULL), 0);
	assert_int_equal(bench_refer(&f->bench, meter, NULL), 0);
	for (int pass = 0; pass < 50; pass++) {
		if (bench_expect(&f->bench, meter, VERIFIED_RIGHT, &err))
			fail_msg("%s", err.text);
	}
	meter_close(meter);
}

/* --- What a walk may know ----------------------------------------------------------------------
 */

static int run_look(struct worker *w)
{
	const struct workload *load = w->load;
	bool knows = load->n_entries || load->n_dirs || load->n_spans || load->entries ||
		     load->dirs || load->spans || load->names || w->records || w->cell->records;
	bool has_root = load->root && load->root_len == strlen(load->root) && load->root_fd >= 0 &&
			load->dev;
	return knows || !has_root || sink_count(w->cell->sink) ? -EINVAL : 0;
}

static void a_walk_knows_the_root_only(void **state)
{
	static const struct strategy looks = {.name = "looks",
					      .stage = STAGE_WALK,
					      .flags = STRATEGY_SEQUENTIAL,
					      .answer = {.addressing = ADDRESS_NONE},
					      .run = run_look};
	struct files *f = *state;
	struct meter *meter = NULL;
	struct pass pass;
	assert_int_equal(files_meter(&f->bench, &looks, &meter, NULL), 0);
	assert_int_equal(meter_pass(meter, &pass, NULL), 0);
	meter_close(meter);
}

static void every_walk_says_how_many_threads_it_has(void **state)
{
	(void)state;
	for (size_t i = 0; strategies[i]; i++) {
		const unsigned flags = strategies[i]->flags;
		bool alone = flags & STRATEGY_SEQUENTIAL, many = flags & STRATEGY_OWN_THREADS;
		if (strategies[i]->stage == STAGE_WALK && alone == many)
			fail_msg("%s: sequential or with threads of its own?", strategies[i]->name);
	}
}

/* --- Every walk on what is rarely met -----------------------------------------------------------
 */

/* Each walk of the program must be right, on the tree as it is loaded now. */
static int all_are_right(struct bench *b, struct err *err)
{
	int error = 0;
	for (size_t i = 0; strategies[i] && !error; i++) {
		struct meter *meter = NULL;
		struct err why = {0};
		if (strategies[i]->stage != STAGE_WALK ||
		    (strategies[i]->probe && strategies[i]->probe(NULL)))
			continue;
		error = bench_meter(b, strategies[i], NULL, 1, &meter, &why);
		if (error == -ENOTSUP) { /* not on every filesystem */
			error = 0;
			continue;
		}
		if (!error)
			error = bench_refer(b, meter, &why);
		if (!error)
			error = bench_expect(b, meter, VERIFIED_RIGHT, &why);
		meter_close(meter);
		if (error)
			err_set(err, error, "%s: %.700s", strategies[i]->name, why.text);
	}
	return error;
}

/*
 * In a child, because it changes what belongs to the process; without threads, because not every
 * variant lets a child have more of them.
 */
static void in_child(struct files *f, int (*prepare)(const struct files *f))
{
	struct err err = {0};
	int fds[2], status;
	bench_close(&f->bench);
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct bench bench;
		int error = prepare(f);
		if (error)
			err_errno(&err, error, "preparing");
		else if (bench_open(&bench, f->scratch.path, &err) == 0)
			all_are_right(&bench, &err);
		_exit(write(fds[1], &err, sizeof(err)) != sizeof(err));
	}
	close(fds[1]);
	ssize_t got = read(fds[0], &err, sizeof(err));
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_int_equal(bench_open(&f->bench, f->scratch.path, NULL), 0);
	assert_int_equal(got, sizeof(err));
	if (err.code)
		fail_msg("%s", err.text);
}

static int few_descriptors(const struct files *f)
{
	const struct rlimit limit = {64, 64};
	(void)f;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* Deeper than there are descriptors. */
static void walks_need_few_descriptors(void **state)
{
	struct files *f = *state;
	char path[PATH_MAX] = "";
	for (int depth = 0; depth < 150; depth++) {
		size_t len = strlen(path);
		snprintf(path + len, sizeof(path) - len, "%sd%d", len ? "/" : "", depth);
		assert_int_equal(mkdirat(f->scratch.fd, path, 0755), 0);
	}
	in_child(f, few_descriptors);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return error;
}

/* Who is not root may still mount in a user namespace of their own, as who they are. */
static int may_mount(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();
	if (!uid)
		return 0;
	if (unshare(CLONE_NEWUSER))
		return -errno;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	int error = write_file("/proc/self/uid_map", map);
	if (!error)
		error = write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return error ? error : write_file("/proc/self/gid_map", map);
}

static bool can_mount(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(may_mount() != 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Something else lies over a directory and over a file; a bind mount is the same device. */
static int mount_things(const struct files *f)
{
	char path[PATH_MAX + 16];
	int error = may_mount();
	if (!error)
		error = loop_privacy();
	snprintf(path, sizeof(path), "%s/dir", f->scratch.path);
	if (error || mount("none", path, "tmpfs", 0, NULL))
		return error ? error : -errno;
	snprintf(path, sizeof(path), "%s/dir/hidden", f->scratch.path);
	if (mkdir(path, 0755))
		return -errno;
	snprintf(path, sizeof(path), "%s/file-1", f->scratch.path);
	return mount("/proc/version", path, NULL, MS_BIND, NULL) ? -errno : 0;
}

static void walks_stay_on_their_filesystem(void **state)
{
	struct files *f = *state;
#ifdef __SANITIZE_THREAD__
	if (geteuid())
		skip_because("a process with the sanitizer's own thread gets no user namespace");
#endif
	if (!can_mount())
		skip_because("needs root, or user namespaces");
	in_child(f, mount_things);
}

/* An entry that is there only while the walk looks. */
static int run_beside_others(struct worker *w)
{
	extern const struct strategy strategy_walk_lstat, strategy_readdir;
	const bool lists = w->cell->answer.listed;
	int fd = openat(w->load->root_fd, "passing", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	int error = fd < 0 ? -errno : 0;
	if (!error)
		error = lists ? strategy_readdir.run(w) : strategy_walk_lstat.run(w);
	close(fd);
	unlinkat(w->load->root_fd, "passing", 0);
	return error;
}

static void what_comes_and_goes_is_nobodys_fault(void **state)
{
	static const struct strategy walks[] = {
		{.name = "asks",
		 .stage = STAGE_WALK,
		 .answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
		 .run = run_beside_others},
		{.name = "lists",
		 .stage = STAGE_WALK,
		 .answer = {.fields = FIELD_TYPE, .addressing = ADDRESS_PATH, .listed = 1},
		 .run = run_beside_others},
	};
	struct files *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		struct meter *meter = NULL;
		struct err err = {0};
		assert_int_equal(files_meter(&f->bench, &walks[i], &meter, NULL), 0);
		if (bench_expect(&f->bench, meter, VERIFIED_CHANGED, &err))
			fail_msg("%s: %s", walks[i].name, err.text);
		meter_close(meter);
	}
}

/* --- The directory of the results --------------------------------------------------------------
 */

static void what_is_left_out_does_not_count(void **state)
{
	struct files *f = *state;
	struct bench *b = &f->bench;
	struct meter *meter = NULL;
	struct digest digest;
	struct pass pass;
	char skip[PATH_MAX + 16], why[512];
	snprintf(skip, sizeof(skip), "%s/dir", f->scratch.path);
	workload_free(b->load);
	assert_int_equal(workload_load(&b->load, f->scratch.path, skip, NULL, NULL), 0);
	assert_int_equal(b->load->n_entries, FILES + 1);
	assert_string_equal(b->load->skipped, "dir");
	for (size_t i = 0; strategies[i]; i++) {
		if (strategies[i]->stage != STAGE_WALK || strategies[i]->flags & STRATEGY_FLOOR ||
		    (strategies[i]->probe && strategies[i]->probe(NULL)))
			continue;
		struct reference right = {.load = b->load, .stage = STAGE_WALK};
		const int error = bench_meter(b, strategies[i], NULL, 1, &meter, NULL);
		if (error == -ENOTSUP)
			continue;
		assert_int_equal(error, 0);
		assert_int_equal(reference_want(&right, &meter_cell(meter)->answer), 0);
		assert_int_equal(reference_take(&right), 0);
		for (int n = 0; n < 2; n++) {
			assert_true(scratch_file(f->scratch.fd, "dir/run.json", (off_t)i + n));
			assert_int_equal(meter_pass(meter, &pass, NULL), 0);
			if (verify_pass(&right, meter_cell(meter), &digest, why, sizeof(why)))
				fail_msg("%s: %s", strategies[i]->name, why);
			assert_int_equal(digest.count, FILES + 1);
		}
		/* A change beside it is seen by reading the tree again, without it. */
		assert_true(scratch_file(f->scratch.fd, "beside", 1));
		assert_int_equal(meter_pass(meter, &pass, NULL), 0);
		assert_int_equal(verify_pass(&right, meter_cell(meter), &digest, why, sizeof(why)),
				 VERIFIED_CHANGED);
		assert_int_equal(meter_pass(meter, &pass, NULL), 0);
		assert_int_equal(verify_pass(&right, meter_cell(meter), &digest, why, sizeof(why)),
				 VERIFIED_RIGHT);
		assert_int_equal(digest.count, FILES + 1); /* what came is not compared */
		unlinkat(f->scratch.fd, "beside", 0);
		reference_release(&right);
		meter_close(meter);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_walker_with_threads_is_right),
		TEST(the_time_of_all_its_threads_counts),
		TEST(a_pool_may_stay_unused),
		TEST(a_walk_knows_the_root_only),
		TEST(every_walk_says_how_many_threads_it_has),
		TEST(walks_need_few_descriptors),
		TEST(walks_stay_on_their_filesystem),
		TEST(what_comes_and_goes_is_nobodys_fault),
		TEST(what_is_left_out_does_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
