/*
 * A judgement in compare and gate: made from what a gate found, shown in every --format, and its
 * exit code.
 */
#ifndef ENGINE_CMD_PARTS_JUDGE_H
#define ENGINE_CMD_PARTS_JUDGE_H

#include "engine/cmd/cmd.h"
#include "engine/gate/contest.h"
#include "reports/verdict/judgement.h"

/*
 * What a contest found, as rows and notes of a judgement.
 */

/* Fills the judgement from a contest that has run, and finishes it. -ENOMEM. */
int gate_rows(struct judgement *judgement, const struct contest *contest);

/*
 * Adds a row for every count that differs between the sides of one strategy: entries, errors and
 * system calls, which are exact, so that one more is a regression. -ENOMEM.
 */
int gate_rows_counts(struct judgement *judgement, const struct gate_cell *cell);

/* Whether --format can be read; to be asked before anything long begins. -EINVAL. */
int judge_check(const struct output_options *options, const struct limit_options *limits,
		struct err *err);

/* Writes every format to where it is wanted. The exit code is that of the verdict. */
enum exit_code judge_show(const struct output_options *options, const struct judgement *judgement);

#endif
