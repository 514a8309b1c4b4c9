/* What a strategy sees of a request to stop, and of a filter that refuses what it needs. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/strategy.h"
#include "tests/test.h"

extern const struct strategy strategy_chdir_lstat, strategy_fts;

static void a_worker_takes_nothing_once_stopped(void **state)
{
	static const struct workload_span spans[] = {{.end = 1}, {.first = 1, .end = 2}};
	const struct workload load = {.spans = (struct workload_span *)spans, .n_spans = 2};
	volatile int stop = 0;
	struct cursor cursor = {0};
	struct cell cell = {.cursor = &cursor, .spans_per_take = 2, .stop = &stop};
	struct worker w = {.cell = &cell, .load = &load};
	struct workload_span span;
	(void)state;
	assert_true(worker_take(&w, &span));
	stop = 1;
	/* Though it has already taken the second one out of the queue. */
	assert_int_equal(w.span_end - w.span, 1);
	assert_false(worker_take(&w, &span));
	stop = 0;
	assert_true(worker_take(&w, &span));
	assert_int_equal(span.first, 1);
	assert_false(worker_take(&w, &span));
}

/* As the filters of containers do. */
static bool refuse_unshare(void)
{
	struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {ARRAY_LEN(rules), rules};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static bool says_why(const struct strategy *strategy)
{
	struct err err = {0};
	return strategy->probe && strategy->probe(&err) == -EPERM && strstr(err.text, "unshare");
}

static void a_refused_unshare_is_a_reason_to_skip(void **state)
{
	enum { CANNOT_FILTER = 77 };
	int status;
	pid_t pid = fork();
	(void)state;
	if (pid == 0) {
		if (!refuse_unshare())
			_exit(CANNOT_FILTER);
		_exit(!says_why(&strategy_chdir_lstat) || !says_why(&strategy_fts));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_FILTER)
		skip_because("a filter of system calls is refused");
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_takes_nothing_once_stopped),
		cmocka_unit_test(a_refused_unshare_is_a_reason_to_skip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
