/*
 * Makes the judgement of a gate from its findings, and prints judgements of compare and gate in
 * every --format.
 */
#ifndef ENGINE_CMD_PARTS_JUDGE_H
#define ENGINE_CMD_PARTS_JUDGE_H

#include "engine/cmd/line/terminal.h"
#include "engine/gate/comparison.h"
#include "reports/verdict/judgement.h"

/* The findings of a comparison as rows and notes of a judgement. */

/* Fills the judgement from a comparison that has run, and completes it. 0 or -ENOMEM. */
int gate_rows(struct judgement *judgement, const struct comparison *comparison);

/*
 * Adds a row for every count that differs between the sides of one strategy: entries, errors and
 * system calls. They are exact, so one more is a regression. 0 or -ENOMEM.
 */
int gate_rows_counts(struct judgement *judgement, const struct gate_cell *cell);

/* Checks --format; to be called before long work. 0 or -EINVAL. */
int judge_check(const struct output_options *options, const struct limit_options *limits,
		struct err *err);

/* Writes every format to its destination. Returns the exit code of the verdict. */
enum exit_code judge_show(const struct output_options *options, const struct judgement *judgement);

#endif
