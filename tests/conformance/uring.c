/*
 * Rings that are refused, and rings that answer late, in part, or in a queue that is too short. The
 * calls of liburing that matter are here instead of there: each follows a script, and else does
 * what the real one does. So the answers are the kernel's, and are verified as ever.
 */
#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "tests/conformance/with_files.h"
#include "tests/conformance/with_rules.h"
#include "tests/test.h"

#if defined(HAVE_LIBURING) && !defined(FLIST_PORTABLE)

#include <dlfcn.h>
#include <liburing.h>
#include <stdatomic.h>
#include <stdio.h>

enum { MANY = 500, DEPTH = 64, BATCH = 16 };
static const char *const both[] = {"uring", "walk-uring"};

/* What the next calls do; everything 0: what the real ones do. */
static struct {
	int refuse;       /* -errno of io_uring_setup */
	unsigned grant;   /* rings before that */
	unsigned shorter; /* entries of the queues of a ring */
	bool old;         /* no flags of a newer kernel */
	int no_workers;   /* -errno of IORING_REGISTER_IOWQ_MAX_WORKERS */
	unsigned few;     /* so many questions are taken at once */
	int fail[3];      /* -errno of the next calls of io_uring_enter */
	int always;       /* and of all others */
	int crowded;      /* -errno while more than `crowd` are in the kernel's hands */
	unsigned crowd;
	int answer; /* -errno of every answer */
} script;

static atomic_uint rings, calls;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
			       struct io_uring_params *params)
{
	if (script.refuse && atomic_fetch_add(&rings, 1) >= script.grant)
		return script.refuse;
	if (script.old && params->flags)
		return -EINVAL;
	return REAL(io_uring_queue_init_params)(script.shorter ? script.shorter : entries, ring,
						params);
}

int io_uring_register_iowq_max_workers(struct io_uring *ring, unsigned *values)
{
	return script.no_workers ? script.no_workers
				 : REAL(io_uring_register_iowq_max_workers)(ring, values);
}

/* The kernel takes the first few and returns, without waiting, as it does where one is refused. */
static int take_few(struct io_uring *ring)
{
	const unsigned tail = ring->sq.sqe_tail;
	ring->sq.sqe_tail -= io_uring_sq_ready(ring) - script.few;
	int got = REAL(io_uring_submit_and_wait)(ring, 0);
	ring->sq.sqe_tail = tail;
	return got;
}

static int scripted_error(void)
{
	for (size_t i = 0; i < ARRAY_LEN(script.fail); i++) {
		int error = script.fail[i];
		if (!error)
			continue;
		script.fail[i] = 0; /* with one job only */
		return error;
	}
	return script.always;
}

/* Handed over and not read. */
static unsigned outstanding(const struct io_uring *ring)
{
	return *ring->sq.khead - *ring->cq.khead;
}

static void spoil_answers(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned head;
	io_uring_for_each_cqe(ring, head, cqe) cqe->res = script.answer;
}

int io_uring_submit_and_wait(struct io_uring *ring, unsigned wait)
{
	calls++;
	int error = scripted_error();
	if (error)
		return error;
	if (script.crowded && outstanding(ring) > script.crowd)
		return script.crowded;
	if (script.few && io_uring_sq_ready(ring) > script.few)
		return take_few(ring);
	int got = REAL(io_uring_submit_and_wait)(ring, wait);
	if (script.answer)
		spoil_answers(ring);
	return got;
}

/* What io_uring_wait_cqe calls when there is nothing to read yet. */
int __io_uring_get_cqe(struct io_uring *ring, struct io_uring_cqe **cqe, unsigned submit,
		       unsigned wait, sigset_t *mask)
{
	calls++;
	return REAL(__io_uring_get_cqe)(ring, cqe, submit, wait, mask);
}

/* --- A cell under a script ----------------------------------------------------------------------
 */

static const struct strategy *strategy_by(const char *name)
{
	for (size_t i = 0; strategies[i]; i++) {
		if (strcmp(strategies[i]->name, name) == 0)
			return strategies[i];
	}
	fail_msg("there is no %s", name);
	return NULL;
}

static int begin(void **state)
{
	struct err err = {0};
	memset(&script, 0, sizeof(script));
	rings = 0;
	if (files_set_up(state))
		return -1;
	struct files *f = *state;
	char name[64];
	bench_close(&f->bench);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "dir/%d", i);
		if (i % 10 == 0 ? mkdirat(f->scratch.fd, name, 0755) != 0
				: !scratch_file(f->scratch.fd, name, i))
			return -1;
	}
	return bench_open(&f->bench, f->scratch.path, &err);
}

static void need_rings(void)
{
	struct err err = {0};
	if (strategy_by("walk-uring")->probe(&err))
		skip_because("%s", err.text);
}

/* A cell with so many jobs, or one. It opens, or -errno. */
static int open_cell(struct files *f, const char *name, unsigned jobs, const int64_t *params,
		     struct meter **meter, struct err *err)
{
	const struct strategy *strategy = strategy_by(name);
	if (strategy->flags & STRATEGY_SEQUENTIAL)
		jobs = 1;
	int error = bench_meter(&f->bench, strategy, params, jobs, meter, err);
	return error ? error : bench_refer(&f->bench, *meter, err);
}

/* Right, pass after pass, and every call is counted. */
static void stays_right(struct files *f, const char *name, unsigned jobs, const int64_t *params)
{
	uint64_t counts[SYSCALL_KINDS];
	struct meter *meter = NULL;
	struct err err = {0};
	if (open_cell(f, name, jobs, params, &meter, &err))
		fail_msg("%s", err.text);
	for (int pass = 0; pass < 3; pass++) {
		calls = 0;
		if (bench_expect(&f->bench, meter, VERIFIED_RIGHT, &err))
			fail_msg("%s: %s", name, err.text);
		meter_syscalls(meter, counts);
		assert_int_equal(counts[SYSCALL_io_uring_enter], calls);
		assert_true(calls > 0);
	}
	meter_close(meter);
}

static void both_stay_right(struct files *f)
{
	const int64_t shallow[PARAMS_MAX] = {3, 2, 1};
	need_rings();
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		stays_right(f, both[i], 1, NULL);
		stays_right(f, both[i], 3, NULL);
		stays_right(f, both[i], 2, shallow);
	}
}

/* --- Refused ------------------------------------------------------------------------------------
 */

static void a_probe_says_why(void **state)
{
	static const struct {
		int refuse;
		const char *word;
	} rows[] = {{-ENOSYS, "no io_uring"},
		    {-EPERM, "io_uring"},
		    {-ENOMEM, "no memory for a ring"},
		    {-EMFILE, "too many open files"},
		    {-EIO, "io_uring_setup failed (Input/output error)"}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t k = 0; k < ARRAY_LEN(both); k++) {
			struct err err = {0};
			script.refuse = rows[i].refuse;
			assert_int_equal(strategy_by(both[k])->probe(&err), rows[i].refuse);
			if (!strstr(err.text, rows[i].word))
				fail_msg("'%s' does not say '%s'", err.text, rows[i].word);
		}
	}
}

/* The probe had its ring, and then one of the workers has none: the cell cannot run here. */
static void a_ring_refused_to_any_worker_is_told(void **state)
{
	static const char words[] = "no memory for a ring: RLIMIT_MEMLOCK";
	struct meter *meter = NULL;
	need_rings();
	for (unsigned grant = 0; grant < 3; grant++) {
		struct err err = {0};
		rings = 0;
		script.grant = grant;
		script.refuse = -ENOMEM;
		assert_int_equal(open_cell(*state, "uring", 3, NULL, &meter, &err), -ENOTSUP);
		if (!strstr(err.text, words))
			fail_msg("'%s'", err.text);
	}
	script.refuse = 0;
	stays_right(*state, "uring", 3, NULL);
}

static void workers_that_cannot_be_limited_are_told(void **state)
{
	const int64_t two[PARAMS_MAX] = {DEPTH, BATCH, 2};
	struct meter *meter = NULL;
	struct err err = {0};
	need_rings();
	script.no_workers = -EINVAL;
	stays_right(*state, "uring", 2, NULL); /* it leaves them as they are */
	assert_int_equal(open_cell(*state, "uring", 2, two, &meter, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "before Linux 5.15"));
}

/* --- Odd, and right all the same ----------------------------------------------------------------
 */

static void an_older_kernel(void **state)
{
	script.old = true;
	both_stay_right(*state);
}

static void few_are_taken_at_once(void **state)
{
	for (script.few = 1; script.few <= 5; script.few += 4)
		both_stay_right(*state);
}

/* There is room for 4 questions and 8 answers, and 64 are under way: answers overflow. */
static void a_queue_that_overflows(void **state)
{
	script.shorter = 4;
	both_stay_right(*state);
}

static void interrupted_and_out_of_memory_for_a_while(void **state)
{
	struct files *f = *state;
	need_rings();
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct meter *meter = NULL;
		struct err err = {0};
		assert_int_equal(open_cell(f, both[i], 1, NULL, &meter, &err), 0);
		script.fail[0] = script.fail[1] = -EINTR;
		assert_int_equal(bench_expect(&f->bench, meter, VERIFIED_RIGHT, &err), 0);
		meter_close(meter);
	}
}

/* Whenever more are under way than 40, none is taken until an answer was read. */
static void no_more_while_answers_lie_unread(void **state)
{
	script.crowd = 40;
	script.crowded = -EBUSY;
	both_stay_right(*state);
	script.crowded = -EAGAIN;
	both_stay_right(*state);
	script.crowd = script.shorter = 4;
	both_stay_right(*state);
}

static void a_call_that_fails_for_good_ends_the_pass(void **state)
{
	struct files *f = *state;
	need_rings();
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct meter *meter = NULL;
		struct err err = {0};
		struct pass pass;
		script.always = 0;
		assert_int_equal(open_cell(f, both[i], 1, NULL, &meter, &err), 0);
		script.always = -EAGAIN;
		assert_int_equal(meter_pass(meter, &pass, &err), -EAGAIN);
		meter_close(meter);
	}
}

/* Data: each is counted, by its errno. */
static void answers_that_are_errors_are_data(void **state)
{
	struct failure failures[FAILURES_MAX];
	struct files *f = *state;
	struct meter *meter = NULL;
	struct err err = {0};
	struct pass pass;
	uint64_t n = 0;
	need_rings();
	assert_int_equal(open_cell(f, "uring", 2, NULL, &meter, &err), 0);
	script.answer = -EIO;
	assert_int_equal(meter_pass(meter, &pass, &err), 0);
	assert_int_equal(verify_failures(meter_cell(meter), failures, &n), 1);
	assert_int_equal(n, f->bench.load->n_entries);
	assert_int_equal(failures[0].error, EIO);
	meter_close(meter);
}

/* The root cannot be opened: the walk cannot go on. */
static void a_root_that_is_refused_ends_the_walk(void **state)
{
	struct meter *meter = NULL;
	struct err err = {0};
	struct pass pass;
	need_rings();
	assert_int_equal(open_cell(*state, "walk-uring", 1, NULL, &meter, &err), 0);
	script.answer = -EMFILE;
	assert_int_equal(meter_pass(meter, &pass, &err), -EMFILE);
	meter_close(meter);
}

/* --- The kernel's threads -----------------------------------------------------------------------
 */

/* Those of one cell are no other's: with one at most, one works, whatever another cell had. */
static void each_cell_has_its_own_workers(void **state)
{
	const int64_t many[PARAMS_MAX] = {DEPTH, BATCH, DEPTH}, one[PARAMS_MAX] = {DEPTH, BATCH, 1};
	struct meter *crowd = NULL, *alone = NULL;
	struct err err = {0};
	struct pass pass;
	need_rings();
	assert_int_equal(open_cell(*state, "uring", 1, many, &crowd, &err), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(meter_pass(crowd, &pass, &err), 0);
	assert_true(pass.io_workers >= 1);
	assert_true(pass.io_worker_ns > 0);
	/* The bench holds one strategy at a time, and these two are the same one. */
	assert_int_equal(open_cell(*state, "uring", 1, one, &alone, &err), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(meter_pass(alone, &pass, &err), 0);
	assert_int_equal(pass.io_workers, 1);
	meter_close(alone);
	meter_close(crowd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, files_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_probe_says_why),
		TEST(a_ring_refused_to_any_worker_is_told),
		TEST(workers_that_cannot_be_limited_are_told),
		TEST(an_older_kernel),
		TEST(few_are_taken_at_once),
		TEST(a_queue_that_overflows),
		TEST(interrupted_and_out_of_memory_for_a_while),
		TEST(no_more_while_answers_lie_unread),
		TEST(a_call_that_fails_for_good_ends_the_pass),
		TEST(answers_that_are_errors_are_data),
		TEST(a_root_that_is_refused_ends_the_walk),
		TEST(each_cell_has_its_own_workers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void it_says_that_it_was_not_built_in(void **state)
{
	(void)state;
	for (size_t i = 0; strategies[i]; i++) {
		struct err err = {0};
		if (!strstr(strategies[i]->name, "uring"))
			continue;
		assert_int_equal(strategies[i]->probe(&err), -ENOTSUP);
		assert_string_equal(err.text, "built without liburing (package liburing-dev)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_says_that_it_was_not_built_in)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
