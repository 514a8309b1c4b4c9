/*
 * What the engine promises to strategies: which hook is called when, by whom and how often, that
 * the other half of each is called whatever happens - and that the timed one may not allocate.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "tests/conformance/with_files.h"
#include "tests/test.h"

/* How often each hook was called, of all cells of this program. */
static struct {
	_Atomic int setup, open, prepare, run, close, finish;
	_Atomic uintptr_t memory[3]; /* where each worker's own begins */
} calls;

/* A worker's own state, to see that it is zeroed, its own, and stays from pass to pass. */
struct mine {
	unsigned opened, runs;
};

static int setup(struct cell *cell, struct err *err)
{
	int *state = cell->state;
	assert_int_equal(*state, 0);
	*state = 42;
	calls.setup++;
	return cell->params[0] == 1 ? err_set(err, -ENODEV, "no such luck") : 0;
}

static int open_hook(struct worker *w)
{
	struct mine *mine = w->state;
	calls.open++;
	calls.memory[w->index] = (uintptr_t)w->path;
	mine->opened += *(int *)w->cell->state == 42;
	return w->cell->params[0] == 2 && w->index == 1 ? -EMFILE : 0;
}

static int prepare(struct cell *cell)
{
	calls.prepare++;
	return cell->params[0] == 3 ? -EBUSY : 0;
}

static int run(struct worker *w)
{
	struct mine *mine = w->state;
	calls.run++;
	mine->runs++;
	if (mine->opened != 1)
		return -EINVAL;
	return w->cell->params[0] == 4 ? -EIO : files_run(w);
}

static void close_hook(struct worker *w)
{
	const struct mine *mine = w->state;
	calls.close += mine->opened == 1;
}

static void finish(struct cell *cell)
{
	calls.finish += *(int *)cell->state == 42;
}

static const struct strategy all_hooks = {
	.name = "hooks",
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(int),
	.worker_size = sizeof(struct mine),
	.setup = setup,
	.open = open_hook,
	.prepare = prepare,
	.run = run,
	.close = close_hook,
	.finish = finish,
};

enum { FAIL_NOTHING, FAIL_SETUP, FAIL_OPEN, FAIL_PREPARE, FAIL_RUN };

static int open_failing(struct bench *b, int64_t what, struct meter **meter, struct err *err)
{
	const int64_t params[PARAMS_MAX] = {what};
	memset(&calls, 0, sizeof(calls));
	return bench_meter(b, &all_hooks, params, 3, meter, err);
}

static void hooks_come_in_pairs(void **state)
{
	struct files *f = *state;
	struct meter *meter = NULL;
	struct pass pass;
	assert_int_equal(open_failing(&f->bench, FAIL_NOTHING, &meter, NULL), 0);
	assert_int_equal(calls.setup, 1);
	assert_int_equal(calls.open, 3);
	assert_int_equal(calls.prepare, 0);
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(meter_pass(meter, &pass, NULL), 0);
		assert_int_equal(calls.prepare, i);
		assert_int_equal(calls.run, 3 * i);
	}
	assert_int_equal(calls.close + calls.finish, 0);
	meter_close(meter);
	assert_int_equal(calls.close, 3);
	assert_int_equal(calls.finish, 1);
}

/* Else the memory of one could lie next to another's CPU. */
static void workers_share_no_page(void **state)
{
	struct files *f = *state;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct meter *meter = NULL;
	assert_int_equal(open_failing(&f->bench, FAIL_NOTHING, &meter, NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(calls.memory[i] % page, 0);
	assert_true(calls.memory[0] != calls.memory[1] && calls.memory[1] != calls.memory[2] &&
		    calls.memory[0] != calls.memory[2]);
	meter_close(meter);
}

static void a_failed_setup_is_not_finished(void **state)
{
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	assert_int_equal(open_failing(&f->bench, FAIL_SETUP, &meter, &err), -ENODEV);
	assert_string_equal(err.text, "no such luck");
	assert_null(meter);
	assert_int_equal(calls.open + calls.close + calls.finish, 0);
}

static void only_open_workers_are_closed(void **state)
{
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	assert_int_equal(open_failing(&f->bench, FAIL_OPEN, &meter, &err), -EMFILE);
	assert_string_equal(err.text, "cannot set up hooks: Too many open files");
	assert_int_equal(calls.open, 3);
	assert_int_equal(calls.close, 2);
	assert_int_equal(calls.finish, 1);
}

static void a_failed_prepare_runs_nothing(void **state)
{
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	struct pass pass;
	assert_int_equal(open_failing(&f->bench, FAIL_PREPARE, &meter, NULL), 0);
	assert_int_equal(meter_pass(meter, &pass, &err), -EBUSY);
	assert_string_equal(err.text, "hooks: cannot prepare a pass: Device or resource busy");
	assert_int_equal(calls.run, 0);
	meter_close(meter);
	assert_int_equal(calls.close, 3);
	assert_int_equal(calls.finish, 1);
}

static void a_run_that_fails_is_cleaned_up(void **state)
{
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	struct pass pass;
	assert_int_equal(open_failing(&f->bench, FAIL_RUN, &meter, NULL), 0);
	assert_int_equal(meter_pass(meter, &pass, &err), -EIO);
	assert_string_equal(err.text, "hooks failed: Input/output error");
	meter_close(meter);
	assert_int_equal(calls.close, 3);
	assert_int_equal(calls.finish, 1);
}

static void a_meter_that_never_was_can_be_closed(void **state)
{
	(void)state;
	meter_close(NULL);
}

static void use(void *memory)
{
	__asm__ volatile("" : : "r"(memory) : "memory");
	free(memory);
}

static int run_malloc(struct worker *w)
{
	use(malloc(100));
	return files_run(w);
}

#define MADE_UP .name = "made-up", .answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR}

static void those_who_share_may_allocate(void **state)
{
	static const struct strategy sharer = {MADE_UP, .flags = STRATEGY_SHARES_STATE,
					       .run = run_malloc};
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	if (files_meter(&f->bench, &sharer, &meter, &err) ||
	    bench_expect(&f->bench, meter, VERIFIED_RIGHT, &err))
		fail_msg("%s", err.text);
	meter_close(meter);
}

#ifdef STATMARK_GUARD

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static int run_calloc(struct worker *w)
{
	use(calloc(3, 100));
	return files_run(w);
}

/* Or the compiler would make it a malloc. */
static int run_realloc(struct worker *w)
{
	void *volatile nothing = NULL;
	use(realloc(nothing, 100));
	return files_run(w);
}

static int run_aligned(struct worker *w)
{
	use(aligned_alloc(64, 64));
	return files_run(w);
}

static int run_strdup(struct worker *w)
{
	use(strdup(workload_name(w->load, 0)));
	return files_run(w);
}

static int run_opendir(struct worker *w)
{
	DIR *stream = opendir("/");
	if (stream)
		closedir(stream);
	return files_run(w);
}

/* In a child, whose words on stderr are the test's: the process must end, and say why. */
static void run_guarded(const char *path, const struct strategy *strategy, int words)
{
	const struct rlimit no_core = {0, 0};
	struct meter *meter = NULL;
	struct bench bench;
	struct pass pass;
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL);
	dup2(words, STDERR_FILENO);
	if (bench_open(&bench, path, NULL) || files_meter(&bench, strategy, &meter, NULL))
		_exit(2);
	meter_pass(meter, &pass, NULL);
	_exit(0);
}

static void aborts(const struct files *f, const struct strategy *strategy, const char *function)
{
	char said[256] = "", want[128];
	int status = 0, fds[2];
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		run_guarded(f->scratch.path, strategy, fds[1]);
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	ssize_t got = read(fds[0], said, sizeof(said) - 1);
	close(fds[0]);
	said[MAX(got, 0)] = '\0';
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
		fail_msg("%s: status 0x%x, not SIGABRT", function, (unsigned)status);
	snprintf(want, sizeof(want), "guard: %s inside the timed region of made-up\n", function);
	assert_string_equal(said, want);
}

static void allocating_in_run_aborts(void **state)
{
	static const struct {
		struct strategy strategy;
		const char *function;
	} rows[] = {
		{{MADE_UP, .run = run_malloc}, "malloc"},
		{{MADE_UP, .run = run_calloc}, "calloc"},
		{{MADE_UP, .run = run_realloc}, "realloc"},
		{{MADE_UP, .run = run_aligned}, "aligned_alloc"},
		{{MADE_UP, .run = run_strdup}, "malloc"},
		{{MADE_UP, .run = run_opendir}, "malloc"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		aborts(*state, &rows[i].strategy, rows[i].function);
}

#endif

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, files_set_up, files_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(hooks_come_in_pairs),
		TEST(workers_share_no_page),
		TEST(a_failed_setup_is_not_finished),
		TEST(only_open_workers_are_closed),
		TEST(a_failed_prepare_runs_nothing),
		TEST(a_run_that_fails_is_cleaned_up),
		TEST(a_meter_that_never_was_can_be_closed),
		TEST(those_who_share_may_allocate),
#ifdef STATMARK_GUARD
		TEST(allocating_in_run_aborts),
#endif
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
