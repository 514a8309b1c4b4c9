/* What a strategy sees of a request to stop, and of a filter that refuses what it needs. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "engine/strategy.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { STOPPED_FILES = 20 };

extern const struct strategy strategy_chdir_lstat, strategy_fts;

static void a_stopped_worker_takes_no_span(void **state)
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

/* Hands out all entries of a directory at once, and then the user presses Ctrl-C. */
static bool take_and_stop(struct worker *w, struct workload_span *span)
{
	volatile int *stop = w->cell->take_arg;
	*span = w->load->spans[0];
	*stop = 1;
	return true;
}

static uint32_t count_answers(const struct workload *load, const struct record *records)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < load->n_entries; i++)
		n += records[i].status != RECORD_UNANSWERED;
	return n;
}

/* How many entries a strategy asks for after the request to stop; -1: it cannot run here. */
static int answers_after_stop(const struct strategy *s, const struct workload *load)
{
	volatile int stop = 0;
	struct cursor cursor = {0};
	struct record records[STOPPED_FILES];
	struct cell cell = {
		.strategy = s,
		.load = load,
		.records = records,
		.cursor = &cursor,
		.answer = s->answer,
		.jobs = 1,
		.chunk = SPAN_MAX,
		.spans_per_take = 1,
		.take = take_and_stop,
		.take_arg = (void *)&stop,
		.stop = &stop,
		.state = calloc(1, s->cell_size + 1),
	};
	struct worker w = {.cell = &cell, .load = load, .records = records, .dir_fd = -1};
	for (size_t i = 0; i < PARAMS_MAX; i++)
		cell.params[i] = s->params[i].initial;
	if (s->probe && s->probe(NULL))
		return -1;
	w.path = malloc(load->path_size);
	w.state = calloc(1, s->worker_size + 1);
	record_poison(records, load->n_entries);
	assert_true(!s->setup || s->setup(&cell, NULL) == 0);
	assert_true(!s->open || s->open(&w) == 0);
	assert_true(!s->prepare || s->prepare(&cell) == 0);
	s->run(&w);
	assert_int_equal(stop, 1);
	if (s->close)
		s->close(&w);
	if (s->finish)
		s->finish(&cell);
	free(w.path);
	free(w.state);
	free(cell.state);
	return (int)count_answers(load, records);
}

/* However slow a server is: not one more call. */
static void a_stopped_fetch_makes_no_call(void **state)
{
	struct scratch scratch;
	struct workload *load;
	unsigned tried = 0;
	(void)state;
	assert_true(scratch_make(&scratch));
	for (unsigned i = 0; i < STOPPED_FILES; i++) {
		char name[16];
		snprintf(name, sizeof(name), "f%u", i);
		assert_int_equal(mknodat(scratch.fd, name, S_IFREG | 0600, 0), 0);
	}
	assert_int_equal(workload_load(&load, scratch.path, NULL, NULL, NULL), 0);
	assert_int_equal(load->n_spans, 1);
	for (size_t i = 0; strategies[i]; i++) {
		const struct strategy *s = strategies[i];
		if (s->stage != STAGE_FETCH)
			continue;
		int asked = answers_after_stop(s, load);
		if (asked > 0)
			fail_msg("%s asked for %d entries after it was stopped", s->name, asked);
		tried += asked == 0;
	}
	assert_true(tried > 5);
	workload_free(load);
	scratch_remove(&scratch);
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
		cmocka_unit_test(a_stopped_worker_takes_no_span),
		cmocka_unit_test(a_stopped_fetch_makes_no_call),
		cmocka_unit_test(a_refused_unshare_is_a_reason_to_skip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
