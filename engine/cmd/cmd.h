/*
 * Subcommands: one file each, one row each in the table of main.c.
 */
#ifndef ENGINE_CMD_CMD_H
#define ENGINE_CMD_CMD_H

#include "engine/base/progress.h"
#include "engine/cmd/line/terminal.h"

struct command {
	const char *name, *operands;
	const char *summary; /* NULL: internal, not listed */
	const char *details; /* more text for --help, or NULL */
	enum command_bit bit;
	/* A signal ends it at once: it has nothing to save and does not check cmd_stop. */
	bool ends_at_once;
	enum exit_code (*run)(const union options *options, char **operands);
};

extern const struct command cmd_run, cmd_list, cmd_tree, cmd_report, cmd_compare, cmd_collect,
	cmd_gate, cmd_selftest, cmd_history, cmd_worker, cmd_doctor, cmd_profile, cmd_lab,
	cmd_crossover;

#endif
