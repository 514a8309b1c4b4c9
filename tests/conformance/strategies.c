/*
 * Every strategy against the contract, on every tree: one test for each pair. A rule is a function
 * that gets a meter which was just opened, with every value of every parameter and several numbers
 * of jobs; a new strategy or preset is found in the program's own tables.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/order.h"
#include "tests/conformance/with_bench.h"
#include "tests/conformance/with_trees.h"
#include "tests/test.h"

enum { NOBODY = 65534, TREES_MAX = 64, CASES_MAX = 2048 };

static bool asks(const struct meter *m)
{
	return meter_cell(m)->answer.addressing != ADDRESS_NONE;
}

/* What a right cell makes of a change: it is told, unless nothing was asked that it concerns. */
static enum verdict told_if(bool concerned, const struct meter *m)
{
	bool told = concerned && asks(m) && !meter_cell(m)->answer.negative;
	return told ? VERDICT_CHANGED : VERDICT_RIGHT;
}

/* Every record is an answer with the promised fields, or an errno and no fields. */
static int check_records(const struct bench *b, const struct meter *m, struct err *err)
{
	const uint32_t promised = meter_cell(m)->answer.fields;
	for (uint32_t i = 0; asks(m) && i < b->load->n_entries; i++) {
		const struct record *r = &b->records[i];
		bool answered = r->status == 0 && (r->fields & promised) == promised;
		bool refused = r->status < 0 && r->fields == FIELDS_NONE;
		if (!answered && !refused)
			return err_set(err, -EBADMSG, "record of %s: status %d, fields 0x%x",
				       workload_name(b->load, i), r->status, r->fields);
	}
	return 0;
}

static int answers_are_right(struct bench *b, struct meter *m, struct err *err)
{
	int error = bench_refer(b, m, err);
	for (int pass = 0; !error && pass < 2; pass++)
		error = bench_expect(b, m, VERDICT_RIGHT, err);
	return error ? error : check_records(b, m, err);
}

/*
 * Each entry that has an answer took a call; all that could be opened was closed; and one worker,
 * who meets the same entries in the same order, does the same each time. Whether the counts are the
 * truth is for syscalls.py to say.
 */
static int calls_are_counted(struct bench *b, struct meter *m, struct err *err)
{
	uint64_t counts[2][SYSCALL_KINDS], failed = 0, calls = 0;
	struct failure failures[FAILURES_MAX];
	for (int i = 0; i < 2; i++) {
		struct pass pass;
		int error = meter_pass(m, &pass, err);
		if (error)
			return error;
		meter_syscalls(m, counts[i]);
	}
	for (int kind = 0; kind < SYSCALL_KINDS; kind++)
		calls += counts[1][kind];
	if (!asks(m))
		return calls ? err_set(err, -EBADMSG, "asks nothing, but counts calls") : 0;
	verify_failures(meter_cell(m), failures, &failed);
	if (calls + failed < b->load->n_entries)
		return err_set(err, -EBADMSG, "%llu calls for %u entries",
			       (unsigned long long)calls, b->load->n_entries);
	uint64_t opened = counts[1][SYSCALL_openat], closed = counts[1][SYSCALL_close];
	if (closed > opened || closed + failed < opened)
		return err_set(err, -EBADMSG, "%llu times openat, %llu times close",
			       (unsigned long long)opened, (unsigned long long)closed);
	if (meter_cell(m)->jobs == 1 && memcmp(counts[0], counts[1], sizeof(counts[0])) != 0)
		return err_set(err, -EBADMSG, "counts differ from pass to pass");
	return 0;
}

/*
 * What changed after the workers were opened, and from pass to pass, is seen: nothing is asked
 * ahead of the clock or kept from the last pass.
 */
static int changes_are_seen(struct bench *b, struct meter *m, struct err *err)
{
	const bool sees = meter_cell(m)->answer.fields & (FIELD_SIZE | FIELD_MTIME);
	uint32_t file = bench_find_file(b);
	if (file == UINT32_MAX)
		return 0;
	int error = bench_resize(b, file, err);
	if (!error)
		error = bench_refer(b, m, err);
	if (!error)
		error = bench_expect(b, m, VERDICT_RIGHT, err);
	if (!error)
		error = bench_resize(b, file, err);
	if (!error)
		error = bench_expect(b, m, told_if(sees, m), err);
	if (!error)
		error = bench_expect(b, m, VERDICT_RIGHT, err);
	return error;
}

/* An entry that vanishes is an answer, too; and so is the directory that takes its place. */
static int what_vanishes_is_seen(struct bench *b, struct meter *m, struct err *err)
{
	const enum verdict told = told_if(true, m);
	const int status = meter_cell(m)->answer.negative ? 0 : -ENOENT;
	uint32_t file = bench_find_file(b);
	if (file == UINT32_MAX)
		return 0;
	int error = bench_refer(b, m, err);
	if (!error)
		error = bench_unlink(b, file, err);
	if (!error)
		error = bench_expect(b, m, told, err);
	if (!error)
		error = bench_expect(b, m, VERDICT_RIGHT, err);
	if (!error && asks(m) && b->records[file].status != status)
		error = err_set(err, -EBADMSG, "what is missing has status %d",
				b->records[file].status);
	if (!error)
		error = bench_mkdir(b, file, err);
	if (!error)
		error = bench_expect(b, m, told, err);
	if (!error)
		error = bench_expect(b, m, VERDICT_RIGHT, err);
	if (!error)
		error = bench_rmdir(b, file, err);
	return error ? error : bench_create(b, file, err);
}

static const struct {
	const char *name;
	bench_rule *rule;
	unsigned jobs[4]; /* ends in 0 */
	bool changes;     /* the tree: nothing for an ordinary user */
	enum order order; /* of the entries; rows of one order stand together */
} rules[] = {
	{"answers are right", answers_are_right, {1, 2, BENCH_JOBS}, false, ORDER_READDIR},
	{"calls are counted", calls_are_counted, {1, 2}, false, ORDER_READDIR},
	{"changes are seen", changes_are_seen, {2}, true, ORDER_READDIR},
	{"what vanishes is seen", what_vanishes_is_seen, {2}, true, ORDER_READDIR},
	{"answers are right in any order", answers_are_right, {1, 2}, false, ORDER_RANDOM},
};

/* The tree that stands at the moment; tests of one tree follow each other. */
struct stand {
	struct scratch scratch;
	char root[PATH_MAX];
	const struct tree *tree; /* NULL: none stands */
};

struct trial {
	struct stand *stand;
	const struct tree *tree;
	const struct strategy *strategy;
	char name[96];
};

static void clear(struct stand *stand)
{
	if (stand->tree)
		scratch_remove(&stand->scratch);
	stand->tree = NULL;
}

static void erect(struct stand *stand, const struct tree *tree)
{
	struct err err = {0};
	if (stand->tree == tree)
		return;
	clear(stand);
	assert_true(scratch_make(&stand->scratch));
	stand->tree = tree;
	if (tree_make(tree, &stand->scratch, stand->root, &err))
		fail_msg("%s", err.text);
}

static int try_rules(const struct trial *trial, struct err *err)
{
	struct bench bench;
	int error = bench_open(&bench, trial->stand->root, err);
	for (size_t i = 0; !error && i < ARRAY_LEN(rules); i++) {
		struct err why = {0};
		if (rules[i].changes && trial->tree->as_nobody)
			continue;
		if (i && rules[i].order != rules[i - 1].order)
			error = order_apply(bench.load, rules[i].order, 1, &why);
		if (!error)
			error = bench_each(&bench, trial->strategy, rules[i].jobs, rules[i].rule,
					   &why);
		if (error)
			err_set(err, error, "%s: %.900s", rules[i].name, why.text);
	}
	bench_close(&bench);
	return error;
}

/* In a child that is an ordinary user; its words come back through err, its end through status. */
static int try_as_nobody(const struct trial *trial, struct err *err)
{
	int status = 0, pipe_fds[2];
	if (pipe(pipe_fds))
		return err_errno(err, -errno, "pipe");
	pid_t pid = fork();
	if (pid == 0) {
		bool root = geteuid() == 0;
		if (root && (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY)))
			err_errno(err, -errno, "becoming nobody");
		else
			try_rules(trial, err);
		_exit(write(pipe_fds[1], err, sizeof(*err)) != sizeof(*err));
	}
	close(pipe_fds[1]);
	ssize_t got = read(pipe_fds[0], err, sizeof(*err));
	close(pipe_fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status || got != sizeof(*err)) {
		*err = (struct err){0};
		return err_set(err, -EIO, "the child ended with status 0x%x", (unsigned)status);
	}
	return err->code;
}

static void keeps_the_contract(void **state)
{
	const struct trial *trial = *state;
	struct err err = {0};
	if (trial->strategy->probe && trial->strategy->probe(&err))
		skip_because("%s", err.text);
	erect(trial->stand, trial->tree);
	if (trial->tree->as_nobody)
		try_as_nobody(trial, &err);
	else
		try_rules(trial, &err);
	if (err.code)
		fail_msg("%s", err.text);
}

static int clear_last(void **state)
{
	const struct trial *trial = *state;
	clear(trial->stand);
	return 0;
}

static size_t fill_trials(struct trial *trials, struct stand *stand, struct tree *trees)
{
	size_t n = 0;
	for (size_t t = 0; t < TREES_MAX && tree_at(t, &trees[t]); t++) {
		for (size_t s = 0; strategies[s] && n < CASES_MAX; s++) {
			if (strategies[s]->stage != STAGE_FETCH)
				continue;
			struct trial *trial = &trials[n++];
			*trial = (struct trial){stand, &trees[t], strategies[s], ""};
			snprintf(trial->name, sizeof(trial->name), "%s on %s", strategies[s]->name,
				 trees[t].name);
		}
	}
	return n;
}

int main(void)
{
	struct stand stand = {.tree = NULL};
	struct tree trees[TREES_MAX];
	struct trial *trials = calloc(CASES_MAX, sizeof(*trials));
	struct CMUnitTest *tests = calloc(CASES_MAX, sizeof(*tests));
	if (!trials || !tests)
		return 1;
	size_t n = fill_trials(trials, &stand, trees);
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){trials[i].name, keeps_the_contract, NULL,
					       i + 1 == n ? clear_last : NULL, &trials[i]};
	int failed = _cmocka_run_group_tests("strategies", tests, n, NULL, NULL);
	free(tests);
	free(trials);
	return failed;
}
