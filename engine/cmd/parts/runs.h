/* statmark history list, export and remove: the runs that the database holds. */
#ifndef ENGINE_CMD_PARTS_RUNS_H
#define ENGINE_CMD_PARTS_RUNS_H

#include "engine/cmd/cmd.h"

/* path is the database's; operands follow the verb. */
enum exit_code runs_list(const struct history_command *options, const char *path, char **operands);
enum exit_code runs_export(const struct history_command *options, const char *path,
			   char **operands);
enum exit_code runs_remove(const struct history_command *options, const char *path,
			   char **operands);

#endif
