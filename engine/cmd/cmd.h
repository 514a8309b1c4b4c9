/* Subcommands: one file each, a row in the table of main.c, and what they share. */
#ifndef ENGINE_CMD_CMD_H
#define ENGINE_CMD_CMD_H

#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"
#include "engine/strategy.h"

/* Exit codes: part of the interface, the same for every subcommand. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_REGRESSED = 1,
	EXIT_USAGE = 2, /* bad option, file, shape; not ours */
	EXIT_UNSURE = 3,
	EXIT_FAILED = 4,   /* a measurement failed or did not verify; something ran out */
	EXIT_LACKING = 77, /* needs something this machine or user lacks */
	EXIT_INTERRUPTED = 130,
};

struct command {
	const char *name, *operands;
	const char *summary; /* NULL: not for people */
	const char *details; /* more for --help, or NULL */
	enum command_bit bit;
	bool ends_at_once; /* at a signal: it has nothing to save and looks at no cmd_stop */
	enum exit_code (*run)(const union options *options, char **operands);
};

extern const struct command cmd_run, cmd_list, cmd_tree, cmd_report, cmd_compare, cmd_collect,
	cmd_gate, cmd_selftest, cmd_history, cmd_worker, cmd_doctor, cmd_profile, cmd_lab,
	cmd_crossover;

/* Prints "statmark: TEXT" on stderr and returns the code that fits err->code. */
enum exit_code cmd_fail(const struct err *err);

/* All strategies, baseline of each stage first; NULL-terminated. */
extern const struct strategy *const strategies[];

/* Set by SIGINT, SIGTERM and SIGHUP; a second one of them ends the process at once. */
extern volatile int cmd_stop;
void cmd_catch_signals(void);
void cmd_end_at_signals(void); /* at the first one, with EXIT_INTERRUPTED */

/*
 * A line on stderr: redrawn in place on a terminal, now and then elsewhere, never if quiet. As long
 * as it is there, calls that do not return are told, too (engine/base/watchdog.h).
 */
struct progress_line;
struct progress_line *progress_line_new(bool quiet); /* NULL: out of memory; accepted below */
void progress_line_tell(void *line, const char *words);
void progress_line_busy(void *line, bool begins);
void progress_line_report(void *line, const char *what, uint64_t done, uint64_t total);
void progress_line_clear(struct progress_line *line); /* wipes what is drawn */
void progress_line_free(struct progress_line *line);

/* Whether a stream shall be coloured: --color, NO_COLOR, is it a terminal. */
bool cmd_color(const struct output_options *options, FILE *stream);
bool cmd_utf8(void); /* whether the locale can show more than ASCII */

/* Columns: of the terminal, else $COLUMNS, else WIDTH_OF_FILE; at least WIDTH_MIN. */
int cmd_width(FILE *stream);

#endif
