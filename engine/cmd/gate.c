/* statmark gate: base against head, and a verdict. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/contest.h"
#include "engine/cmd/parts/judge.h"

struct job {
	struct contest contest;
	struct subject subject;
	struct progress_line *line;
	struct progress progress;
	struct judgement *judgement;
	int control_fd;
};

static int check_options(const struct options *o, char **operands, struct err *err)
{
	if (!o->base || !o->head)
		return err_set(err, -EINVAL, "gate wants --base ARM and --head ARM");
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "gate takes one TREE, not also '%s'", operands[1]);
	return judge_check(o, err);
}

/* Everything that can be wrong with the command is found before anything is made or measured. */
static int prepare(struct job *job, const char *word, struct err *err)
{
	struct contest *c = &job->contest;
	const struct options *o = c->options;
	c->arena = job->judgement->arena;
	c->word = word;
	c->seed = o->has_seed ? o->seed : clock_ns();
	c->progress = &job->progress;
	int error = topology_open(&c->topology, NULL, err);
	if (!error)
		error = contest_cells(c, o->base, o->head, o->strategies, err);
	/* A base that cannot be read fails as a cell, with its reason. */
	if (!error &&
	    contest_copy(c->cells[0].base.program, &job->control_fd, &c->control, c->arena, NULL))
		c->control = NULL;
	if (!error)
		error = subject_open(&job->subject, word, o, NULL, 0, &job->progress, c->arena,
				     err);
	c->subject = &job->subject;
	job->judgement->base = o->base;
	job->judgement->head = o->head;
	return error;
}

static enum exit_code gate(const struct options *options, char **operands)
{
	struct err err = {0};
	struct job job = {.contest = {.options = options}, .control_fd = -1};
	enum exit_code code;
	if (check_options(options, operands, &err))
		return cmd_fail(&err);
	job.judgement = judgement_new("gate");
	job.line = progress_line_new(options->quiet);
	job.progress =
		(struct progress){progress_line_report, job.line, &cmd_stop, progress_line_tell};
	int error = job.judgement ? prepare(&job, operands[0], &err) : -ENOMEM;
	if (!error)
		error = contest_run(&job.contest, job.judgement, &err);
	progress_line_clear(job.line);
	if (error == -EINTR)
		err = (struct err){-EINTR, "interrupted; nothing was judged"};
	if (error) {
		err_errno(&err, error, "gate");
		code = cmd_fail(&err);
	} else {
		code = judge_show(options, job.judgement);
	}
	progress_line_free(job.line);
	subject_close(&job.subject);
	topology_close(job.contest.topology);
	if (job.control_fd >= 0)
		close(job.control_fd);
	judgement_free(job.judgement);
	return code;
}

const struct command cmd_gate = {
	.name = "gate",
	.operands = "[TREE]",
	.summary = "base against head, a verdict for CI",
	.details =
		"ARM is a strategy (lstat, strategy:statx[mask=size]/j2), a plug-in\n"
		"(plugin:./lib.so, plugin:./lib.so:NAME), an outside program\n"
		"(exec:./walker {root}, exec[lines=verify]:find {root}; named in the table:\n"
		"find=exec:find {root}) or an arm of another statmark\n"
		"(bin:./old/statmark:lstat). With --strategy, base and head are two builds\n"
		"(bin:PATH), compared in every strategy of the list.\n"
		"\n"
		"Fresh pairs of processes take turns, pass by pass, on the same CPU; each pair is\n"
		"one observation. What differs is measured again before it counts.\n"
		"Exit code: 0 no regression, 1 regression, 3 cannot tell, 4 a measurement "
		"failed,\n"
		"or base or head cannot run at all.\n",
	.bit = CMD_GATE,
	.run = gate,
};
