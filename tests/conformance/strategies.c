/*
 * Every strategy against the contract, on every tree: one test for each pair. A new strategy or
 * preset is found in the program's own tables.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "engine/cmd/parts/registry.h"
#include "tests/conformance/with_rules.h"
#include "tests/conformance/with_trees.h"
#include "tests/test.h"

enum { NOBODY = 65534, TREES_MAX = 64, CASES_MAX = 2048 };

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
	if (tree_make(tree, &stand->scratch, stand->root, &err) == -ENOTSUP) {
		clear(stand);
		skip_because("%s", err.text);
	}
	if (err.code)
		fail_msg("%s", err.text);
}

/* What belongs to another user cannot be changed. */
static bool is_foreign(const struct trial *trial)
{
	return trial->tree->as_nobody && geteuid() == 0;
}

static int try_rules(const struct trial *trial, bool may_change, struct err *err)
{
	struct bench bench;
	int error = bench_open(&bench, trial->stand->root, err);
	if (!error)
		error = rules_hold(&bench, trial->strategy, may_change, err);
	bench_close(&bench);
	return error;
}

/* In a child that is an ordinary user: its words come back through err, its end through status. */
static int try_as_nobody(const struct trial *trial, struct err *err)
{
	int status = 0, pipe_fds[2];
	if (pipe(pipe_fds))
		return err_errno(err, -errno, "pipe");
	pid_t pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			err_errno(err, -errno, "becoming nobody");
		else
			try_rules(trial, false, err);
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
	if (is_foreign(trial))
		try_as_nobody(trial, &err);
	else
		try_rules(trial, true, &err);
	if (!err.code)
		return;
	if (err.code == -ENOTSUP && trial->strategy->setup) {
		clear(trial->stand);
		skip_because("%s", err.text); /* not on this tree's filesystem */
	}
	clear(trial->stand); /* who knows what was left changed */
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
