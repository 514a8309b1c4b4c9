/*
 * statmark gate: compares base with head and gives a verdict.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/judge.h"
#include "engine/cmd/parts/registry.h"
#include "engine/cmd/parts/subject.h"
#include "engine/gate/comparison.h"
#include "engine/host/host.h"
#include "engine/host/tool.h"
#include "reports/verdict/comparable.h"

struct gate_job {
	const struct gate_command *options;
	struct comparison comparison;
	struct subject subject;
	struct subject_again again;
	struct progress_line *line;
	struct progress progress;
	struct judgement *judgement;
	int control_fd;
};

static int check_options(const struct gate_command *o, char **operands, struct err *err)
{
	if (!o->sides.base || !o->sides.head)
		return err_set(err, -EINVAL, "gate: expected --base ARM and --head ARM, got no %s",
			       o->sides.base   ? "--head"
			       : o->sides.head ? "--base"
					       : "--base and no --head");
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "gate: expected one TREE, also got '%s'", operands[1]);
	return judge_check(&o->output, &o->limits, err);
}

static void fill(struct gate_job *job, const char *word)
{
	const struct gate_command *o = job->options;
	job->comparison = (struct comparison){
		.strategies = strategies,
		.progress = &job->progress,
		.arena = job->judgement->arena,
		.tolerance = (double)o->limits.tolerance_ppm / 1e6,
		.limit = (double)o->limits.limit_ppm / 1e6,
		.max_time_ns = o->time.max_time_s * NS_PER_SECOND,
		.timeout_ns = o->time.timeout_s * NS_PER_SECOND,
		.seed = o->tree.has_seed ? o->tree.seed : clock_ns(),
	};
	job->again = (struct subject_again){.word = word,
					    .options = &o->tree,
					    .progress = &job->progress,
					    .arena = job->judgement->arena};
	job->judgement->base = o->sides.base;
	job->judgement->head = o->sides.head;
}

/* Without a control there is a verdict, and a note. */
static int copy_control(struct gate_job *job, struct err *err)
{
	struct comparison *c = &job->comparison;
	struct err why = {0};
	if (!comparison_copy_program(c->cells[0].base.program, &job->control_fd, &c->control,
				     c->arena, &why))
		return 0;
	c->control = NULL;
	c->no_control = arena_copy(c->arena, why.text);
	return c->no_control ? 0 : err_errno(err, -ENOMEM, "cannot prepare the gate");
}

/* All errors in the command are found before anything is made or measured. */
static int prepare(struct gate_job *job, const char *word, struct err *err)
{
	struct comparison *c = &job->comparison;
	const struct gate_command *o = job->options;
	const struct comparison_arms arms = {.base = o->sides.base,
					     .head = o->sides.head,
					     .list = o->cells.strategies,
					     .stage = o->cells.stage,
					     .jobs = o->cells.jobs,
					     .params = (const char *const *)o->cells.params};
	fill(job, word);
	int error = topology_open(&c->topology, NULL, err);
	if (!error)
		error = comparison_cells(c, &arms, err);
	if (!error)
		error = copy_control(job, err);
	if (!error)
		error = subject_open(&job->subject,
				     &(struct subject_request){.word = word,
							       .options = &o->tree,
							       .progress = &job->progress,
							       .arena = c->arena},
				     err);
	c->load = job->subject.load;
	if (job->subject.tree.shape) {
		c->fresh = subject_again;
		c->drop = subject_again_drop;
		c->arg = &job->again;
	}
	return error;
}

static bool is_this_program(const struct gate_arm *arm)
{
	return strcmp(arm->program, GATE_SELF) == 0;
}

/* Both sides ran on this machine. The version and compiler of another build are not known. */
static int tell_facts(struct gate_job *job)
{
	struct judgement *j = job->judgement;
	const struct gate_cell *first = &job->comparison.cells[0];
	struct cell_result cell = {.tree = job->subject.tree.id,
				   .fs = job->subject.tree.fs,
				   .cache = CACHE_WARM,
				   .pin = job->comparison.facts.cpus,
				   .entries = job->subject.load->n_entries};
	struct result here = {
		.trees = &job->subject.tree, .n_trees = 1, .fs = &job->subject.fs, .n_fs = 1};
	struct result this_program = {0};
	int error = host_read(&here.host, "", job->comparison.topology, j->arena);
	if (!error)
		error = tool_read(&this_program.tool, j->arena);
	struct result base = here, head = here;
	if (is_this_program(&first->base))
		base.tool = this_program.tool;
	if (is_this_program(&first->head))
		head.tool = this_program.tool;
	const struct document_cell of_base = {"base", &base, &cell},
				   of_head = {"head", &head, &cell};
	return error ? error : comparable_facts(j, &of_base, &of_head);
}

static int measure(struct gate_job *job, struct err *err)
{
	int error = comparison_run(&job->comparison, err);
	if (!error)
		error = gate_rows(job->judgement, &job->comparison);
	if (!error)
		error = tell_facts(job);
	return error ? err_errno(err, error, "gate") : 0;
}

static enum exit_code gate(const union options *all, char **operands)
{
	const struct gate_command *options = &all->gate;
	struct err err = {0};
	struct gate_job job = {.options = options, .control_fd = -1};
	enum exit_code code;
	if (check_options(options, operands, &err))
		return cmd_fail(&err);
	job.judgement = judgement_new(JUDGEMENT_GATE);
	job.line = progress_line_new(options->line.quiet);
	job.progress = (struct progress){progress_line_report, job.line, &cmd_stop,
					 progress_line_tell, progress_line_busy};
	int error = job.judgement ? prepare(&job, operands[0], &err) : -ENOMEM;
	if (!error)
		error = measure(&job, &err);
	progress_line_clear(job.line);
	if (error == -EINTR)
		err = (struct err){-EINTR, "interrupted; nothing was judged"};
	if (error) {
		err_errno(&err, error, "gate");
		code = cmd_fail(&err);
	} else {
		code = judge_show(&options->output, job.judgement);
	}
	progress_line_free(job.line);
	subject_close(&job.subject);
	topology_close(job.comparison.topology);
	if (job.control_fd >= 0)
		close(job.control_fd);
	judgement_free(job.judgement);
	return code;
}

const struct command cmd_gate = {
	.name = "gate",
	.operands = "[TREE]",
	.summary = "compare two builds or strategies, with a verdict for CI",
	.details =
		"ARM is one of\n"
		"    a strategy          lstat, strategy:statx[mask=size]/j2\n"
		"    a plug-in           plugin:./lib.so, plugin:./lib.so:NAME\n"
		"    an outside program  exec:./walker {root}, exec[lines=verify]:find {root}\n"
		"                        or with a name for the table: find=exec:find {root}\n"
		"    another statmark    bin:./old/statmark:lstat\n"
		"With --strategy, base and head are two builds (bin:PATH), which are compared in\n"
		"each strategy of the list.\n"
		"\n"
		"The gate starts pairs of worker processes, one per side. The two of a pair take\n"
		"turns on one CPU, pass by pass; each pair is one sample. A difference counts\n"
		"only if a second measurement confirms it.\n"
		"Exit codes: 0 no regression, 1 regression, 3 no verdict, 4 a measurement\n"
		"failed, or base or head cannot run.\n",
	.bit = CMD_GATE,
	.run = gate,
};
