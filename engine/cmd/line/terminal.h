/*
 * The terminal, for all subcommands: exit codes, errors, signals, colour and the progress line.
 */
#ifndef ENGINE_CMD_LINE_TERMINAL_H
#define ENGINE_CMD_LINE_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "engine/cmd/line/options.h"

/* Exit codes: part of the public interface, the same for every subcommand. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_REGRESSED = 1,
	EXIT_USAGE = 2, /* bad option, file or shape; dir does not belong to statmark */
	EXIT_UNSURE = 3,
	/*
	 * A measurement failed or did not verify, or none has a figure; out of memory or another
	 * resource.
	 */
	EXIT_FAILED = 4,
	EXIT_LACKING = 77, /* this machine or user lacks something that is needed */
	EXIT_INTERRUPTED = 130,
};

/* Prints "statmark: TEXT" on stderr and returns the exit code for err->code. */
enum exit_code cmd_fail(const struct err *err);

/* Set by SIGINT, SIGTERM and SIGHUP; a second one ends the process at once. */
extern volatile int cmd_stop;
void cmd_catch_signals(void);
void cmd_end_at_signals(void); /* a signal ends the process, with EXIT_INTERRUPTED */

/*
 * A line on stderr: redrawn in place on a terminal, printed at intervals elsewhere, never if quiet.
 * While it exists, calls that do not return are reported, too (engine/base/watchdog.h).
 */
struct progress_line;
/* NULL: out of memory; the functions below accept it. */
struct progress_line *progress_line_new(bool quiet);
void progress_line_tell(void *line, const char *words);
void progress_line_busy(void *line, bool begins);
void progress_line_report(void *line, const char *what, uint64_t done, uint64_t total);
void progress_line_clear(struct progress_line *line); /* erases what is drawn */
void progress_line_free(struct progress_line *line);

/* Whether a stream is coloured, by --color, NO_COLOR, and whether it is a terminal. */
bool cmd_color(const struct output_options *options, FILE *stream);
bool cmd_utf8(void); /* whether the locale can show more than ASCII */

/* Columns: of the terminal, or else $COLUMNS, or else WIDTH_OF_FILE; at least WIDTH_MIN. */
int cmd_width(FILE *stream);

#endif
