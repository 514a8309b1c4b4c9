/* What run, report and lab show of a result: the table, or what --format asks for. */
#ifndef ENGINE_CMD_PARTS_SHOW_H
#define ENGINE_CMD_PARTS_SHOW_H

#include "engine/cmd/cmd.h"
#include "engine/result.h"

/* To be asked before anything long begins. -EINVAL, with words; errors of files to be written. */
int show_check(const struct output_options *options, struct err *err);

int show_result(const struct output_options *options, const struct result *result, struct err *err);

#endif
