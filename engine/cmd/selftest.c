/*
 * statmark selftest: measures how often verdicts are wrong. It compares cells that are the same, or
 * that differ by a known share, many times, by the method of gate or of run, and counts the
 * verdicts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/judge.h"
#include "engine/cmd/parts/registry.h"
#include "engine/cmd/parts/subject.h"
#include "engine/gate/error_rate.h"
#include "engine/host/topology.h"
#include "engine/measure/figures/estimate.h"
#include "engine/measure/run.h"

enum { SPINNERS_MAX = OPTION_SPIN_MAX };

struct test {
	const struct selftest_command *options;
	bool inject;
	uint64_t pct;
	const char *word; /* the operand TREE, or NULL */
	struct topology *topology;
	struct subject subject;
	struct arena *arena;
	struct progress_line *line;
	struct progress progress;
	const char *copy; /* copy of this program, under another path */
	int copy_fd;
	uint64_t seed;
	pid_t spinners[SPINNERS_MAX];
	struct error_rate rate;
};

static const char *arm_text(const struct test *t, bool head)
{
	if (!t->inject)
		return "lstat";
	return head ? arena_print(t->arena, "lstat-more[more=%llu]", (unsigned long long)t->pct)
		    : "lstat-more";
}

/* By the method of the gate: two builds that are the same, and a third copy for the control. */
static int compare_by_gate(struct test *t, uint64_t run, struct rated *o, struct err *err)
{
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	if (!j)
		return err_errno(err, -ENOMEM, "cannot compare");
	struct gate_cell cell = {
		.label = arm_text(t, true),
		.base = {GATE_SELF, arm_text(t, false)},
		.head = {t->copy, arm_text(t, true)},
	};
	struct subject_again again = {.word = t->word,
				      .options = &t->options->tree,
				      .progress = &t->progress,
				      .arena = j->arena};
	struct comparison comparison = {
		.load = t->subject.load,
		.fresh = t->subject.tree.shape ? subject_again : NULL,
		.drop = subject_again_drop,
		.arg = &again,
		.topology = t->topology,
		.progress = &t->progress,
		.arena = j->arena,
		.tolerance = (double)t->options->limits.tolerance_ppm / 1e6,
		.limit = (double)t->options->limits.limit_ppm / 1e6,
		.max_time_ns = t->options->time.max_time_s * NS_PER_SECOND,
		.timeout_ns = t->options->time.timeout_s * NS_PER_SECOND,
		.cells = &cell,
		.n = 1,
		.jobs = 1,
		.control = t->copy,
		.is_selftest = true,
		.seed = rng_mix(t->seed ^ run),
	};
	int error = comparison_run(&comparison, err);
	if (!error)
		error = gate_rows(j, &comparison);
	if (!error)
		*o = rated_by_verdict(&t->rate, j->rows[0].verdict, &j->rows[0].ratio);
	judgement_free(j);
	return error;
}

/* Two cells that can be the same strategy; select_cells would merge them. */
static void fill_selection(struct test *t, struct cell_spec cells[3], struct selection *selection)
{
	const struct select_request request = {.strategies = strategies, .cpus = 1};
	static const char *const labels[] = {"noop", "base", "head"};
	const char *const texts[] = {"noop", arm_text(t, false), arm_text(t, true)};
	for (size_t i = 0; i < 3; i++) {
		select_cell(&request, texts[i], "selftest", t->arena, &cells[i], NULL);
		cells[i].label = labels[i];
	}
	cells[1].is_baseline = true;
	*selection = (struct selection){.cells = cells, .n = 3, .max_jobs = 1};
}

static int compare_by_run(struct test *t, uint64_t run, struct rated *o, struct err *err)
{
	struct cell_spec cells[3] = {{0}};
	struct selection selection;
	struct result *result = result_new();
	if (!result)
		return err_errno(err, -ENOMEM, "cannot compare");
	fill_selection(t, cells, &selection);
	idle_measure(t->topology, IDLE_WINDOW_NS);
	const struct target target = {
		.load = t->subject.load,
		.where = &t->subject.fs,
		.tree = t->subject.tree.id,
		.fs = t->subject.fs.id,
		.control = &(struct cache_control){0},
	};
	const struct run_request request = {
		.targets = &target,
		.n_targets = 1,
		.topology = t->topology,
		.selection = &selection,
		.pin = topology_pin(t->topology, pin_of(PIN_COMPACT)),
		.states = 1U << CACHE_WARM,
		.rounds = (uint32_t)t->options->time.rounds,
		.seed = rng_mix(t->seed ^ run),
		.progress = &t->progress,
	};
	int error = run_cells(&request, result, err);
	if (!error)
		error = estimate_cells(result);
	if (!error)
		*o = rated_by_interval(&t->rate, &result->cells[2].ratio);
	result_free(result);
	return error;
}

static void show(struct test *t, uint64_t run, const struct rated *o)
{
	const char *words = o->words ? o->words : o->flagged ? "differs" : "no difference";
	progress_line_clear(t->line);
	if (o->ratio.known)
		printf("%4llu  %+6.2f %%  (%+.2f to %+.2f)  %s\n", (unsigned long long)run + 1,
		       100 * (o->ratio.median - 1), 100 * (o->ratio.lo - 1),
		       100 * (o->ratio.hi - 1), words);
	else
		printf("%4llu  not known: %s\n", (unsigned long long)run + 1,
		       o->words ? o->words : o->ratio.reason);
	fflush(stdout);
}

static int compare_all(struct test *t, struct err *err)
{
	for (uint64_t run = 0; run < t->options->selftest.runs; run++) {
		struct rated o = {0};
		int error = t->rate.by_gate ? compare_by_gate(t, run, &o, err)
					    : compare_by_run(t, run, &o, err);
		if (error)
			return error;
		error_rate_add(&t->rate, &o);
		show(t, run, &o);
	}
	return 0;
}

static void sum_up(const struct test *t)
{
	const struct error_rate *rate = &t->rate;
	const uint64_t n = error_rate_tries(rate), flagged = rate->flagged;
	const char *were = flagged == 1 ? "was" : "were";
	const char *what = rate->by_gate ? "flagged" : "reported as different";
	const char *against = error_rate_objection(rate);
	if (rate->is_slowdown)
		printf("%s of %s by %llu %% %s %s; with 95 %% confidence the rate is at least "
		       "%.1f %%\n",
		       GROUPED(flagged), COUNTED(n, "slowdown"), (unsigned long long)t->pct, were,
		       rate->by_gate ? "flagged" : "found", 100 * error_rate_lower(rate));
	else
		printf("%s of %s of identical code %s %s; with 95 %% confidence the rate is at "
		       "most %.1f %%\n",
		       GROUPED(flagged), COUNTED(n, "comparison"), were, what,
		       100 * error_rate_upper(rate));
	if (!rate->by_gate && !rate->is_slowdown)
		printf("%s of them by more than 1 %%\n", GROUPED(rate->beyond));
	if (!rate->is_slowdown)
		printf("chance alone gives that many or more in %.3g %% of such tests, if a "
		       "comparison errs in %g %%\n",
		       100 * error_rate_chance(rate), 100 * error_rate_designed(rate));
	if (rate->undecided)
		printf("%s could not be decided\n", COUNTED(rate->undecided, "comparison"));
	printf("%s%s\n", against ? "failed: " : "passed", against ? against : "");
}

/* The spinners are not bound to CPUs, like the work of other processes. */
static int start_spinners(struct test *t, struct err *err)
{
	for (uint64_t i = 0; i < t->options->selftest.spin; i++) {
		t->spinners[i] = fork();
		if (t->spinners[i] < 0)
			return err_errno(err, -errno, "cannot start a spinning process");
		if (t->spinners[i] > 0)
			continue;
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			__asm__ volatile("" ::: "memory");
	}
	return 0;
}

static void stop_spinners(struct test *t)
{
	for (size_t i = 0; i < SPINNERS_MAX && t->spinners[i] > 0; i++) {
		kill(t->spinners[i], SIGKILL);
		waitpid(t->spinners[i], NULL, 0);
	}
}

static int check(struct test *t, char **operands, struct err *err)
{
	const struct selftest_command *o = t->options;
	const int verb = word_parse(selftest_verb_name, "selftest", operands[0], err);
	if (verb < 0)
		return verb;
	if (operands[1] && operands[2])
		return err_set(err, -EINVAL, "selftest: expected one TREE, also got '%s'",
			       operands[2]);
	t->inject = verb == SELFTEST_INJECT;
	t->word = operands[1];
	t->pct = o->selftest.pct;
	t->rate = (struct error_rate){.by_gate = o->selftest.path == PATH_GATE,
				      .is_slowdown = t->inject && t->pct,
				      .runs = o->selftest.runs};
	t->seed = o->tree.has_seed ? o->tree.seed : clock_ns();
	return 0;
}

static int prepare(struct test *t, struct err *err)
{
	int error = t->arena ? topology_open(&t->topology, NULL, err)
			     : err_errno(err, -ENOMEM, "cannot prepare the selftest");
	if (!error)
		error = comparison_copy_program(GATE_SELF, &t->copy_fd, &t->copy, t->arena, err);
	if (!error)
		error = subject_open(&t->subject,
				     &(struct subject_request){.word = t->word,
							       .options = &t->options->tree,
							       .progress = &t->progress,
							       .arena = t->arena},
				     err);
	return error ? error : start_spinners(t, err);
}

static enum exit_code selftest(const union options *all, char **operands)
{
	const struct selftest_command *options = &all->selftest;
	struct err err = {0};
	struct test t = {.options = options, .copy_fd = -1};
	enum exit_code code = EXIT_DONE;
	if (check(&t, operands, &err))
		return cmd_fail(&err);
	t.arena = arena_new();
	t.line = progress_line_new(options->line.quiet);
	t.progress = (struct progress){progress_line_report, t.line, &cmd_stop, progress_line_tell,
				       progress_line_busy};
	int error = prepare(&t, &err);
	if (!error)
		error = compare_all(&t, &err);
	stop_spinners(&t);
	progress_line_clear(t.line);
	if (error == -EINTR)
		err = (struct err){-EINTR, "interrupted"};
	if (error) {
		err_errno(&err, error, "selftest");
		code = cmd_fail(&err);
	} else {
		sum_up(&t);
		code = error_rate_objection(&t.rate) ? EXIT_REGRESSED : EXIT_DONE;
	}
	progress_line_free(t.line);
	subject_close(&t.subject);
	topology_close(t.topology);
	if (t.copy_fd >= 0)
		close(t.copy_fd);
	arena_free(t.arena);
	return code;
}

const struct command cmd_selftest = {
	.name = "selftest",
	.operands = "aa|inject [TREE]",
	.summary = "test how often verdicts are wrong",
	.details =
		"aa compares a strategy with itself. inject compares it with a copy that makes\n"
		"--pct per cent more system calls. Each makes --runs comparisons, by the method\n"
		"of gate or of run. Exit code 1: aa found more differences than chance allows,\n"
		"or could not decide half of the comparisons, or inject missed too many.\n",
	.bit = CMD_SELFTEST,
	.run = selftest,
};
