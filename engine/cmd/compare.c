/*
 * statmark compare: compares documents with documents, or cells with cells inside them.
 */
#include "reports/verdict/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/judge.h"
#include "engine/cmd/parts/results.h"
#include "reports/verdict/comparable.h"

#define FAMILY_ERROR 0.01

struct documents {
	struct compare_document *all;
	size_t n, n_head; /* the last n_head belong to the head */
};

static void release(struct documents *d)
{
	for (size_t i = 0; i < d->n; i++)
		result_free((struct result *)(uintptr_t)d->all[i].result);
	free(d->all);
}

static int load(struct documents *d, char **paths, struct err *err)
{
	size_t n = 0;
	while (paths[n])
		n++;
	d->all = calloc(n + 1, sizeof(*d->all));
	if (!d->all)
		return err_errno(err, -ENOMEM, "cannot read documents");
	for (; d->n < n; d->n++) {
		struct result *result = NULL;
		const char *path;
		int error = results_read(paths[d->n], &result, &path, err);
		if (error) {
			result_free(result);
			return error;
		}
		d->all[d->n] = (struct compare_document){path, result};
	}
	return 0;
}

static int usage(struct err *err)
{
	return err_set(err, -EINVAL,
		       "compare: expected BASE.json... -- HEAD.json..., or RUN.json... "
		       "with --base and --head; see statmark compare --help");
}

/* Finds which operands belong to the head: those after "--", or the second of two. */
static int split(const struct compare_command *o, size_t n, size_t *n_head, struct err *err)
{
	const bool inside = o->sides.base || o->sides.head;
	*n_head = 0;
	if (inside)
		return o->sides.base && o->sides.head && n > 0 && o->sides.n_after <= 0
			       ? 0
			       : usage(err);
	*n_head = o->sides.n_after >= 0 ? (size_t)o->sides.n_after : n == 2;
	return *n_head > 0 && *n_head < n ? 0 : usage(err);
}

static int check(const struct compare_command *o, char **operands, struct documents *d,
		 struct compare_terms *terms, struct err *err)
{
	size_t n = 0;
	while (operands[n])
		n++;
	*terms = (struct compare_terms){
		.relative = o->sides.relative,
		.tolerance = (double)o->limits.tolerance_ppm / 1e6,
		.limit = (double)o->limits.limit_ppm / 1e6,
		.family_error = FAMILY_ERROR,
		.across = o->sides.across,
	};
	int error = split(o, n, &d->n_head, err);
	if (!error)
		error = judge_check(&o->output, &o->limits, err);
	return error;
}

static enum exit_code run(const union options *all, char **operands)
{
	const struct compare_command *options = &all->compare;
	struct err err = {0};
	struct documents d = {0};
	struct compare_terms terms;
	struct judgement *judgement = NULL;
	int error = check(options, operands, &d, &terms, &err);
	if (!error)
		error = load(&d, operands, &err);
	if (!error && options->sides.base)
		error = compare_cells(d.all, d.n, options->sides.base, options->sides.head, &terms,
				      &judgement, &err);
	else if (!error)
		error = compare_documents(d.all, d.n - d.n_head, d.all + d.n - d.n_head, d.n_head,
					  &terms, &judgement, &err);
	enum exit_code code = error ? cmd_fail(&err) : judge_show(&options->output, judgement);
	judgement_free(judgement);
	release(&d);
	return code;
}

const struct command cmd_compare = {
	.name = "compare",
	.operands = "BASE.json... -- HEAD.json... | RUN.json... --base CELL --head CELL",
	.summary = "compare saved runs, or cells within a run",
	.details =
		"Each document (run.json) is one sample. Several documents per side give a\n"
		"verdict; one per side gives figures and exit code 3. Machine, kernel, tree and\n"
		"other conditions must be the same on both sides, unless --across names them.\n"
		"With --base and --head, cells within the documents are compared instead, paired\n"
		"round by round.\n"
		"\n"
		"Exit codes: 0 not slower, 1 slower, 3 no verdict, 4 a cell did not verify.\n",
	.bit = CMD_COMPARE,
	.ends_at_once = true,
	.run = run,
};
