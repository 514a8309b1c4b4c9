/* What compare and the gate share: a judgement shown in every --format, and its exit code. */
#ifndef ENGINE_CMD_PARTS_JUDGE_H
#define ENGINE_CMD_PARTS_JUDGE_H

#include "engine/cmd/cmd.h"
#include "reports/verdict/judgement.h"

/* Whether --format can be read; to be asked before anything long begins. -EINVAL. */
int judge_check(const struct output_options *options, const struct limit_options *limits,
		struct err *err);

/* Writes every format to where it is wanted. The exit code is that of the verdict. */
enum exit_code judge_show(const struct output_options *options, const struct judgement *judgement);

#endif
