/*
 * One row defines everything about an option: its name and letter, the type and range of its value,
 * the default, the subcommands and verbs that accept it, and its help. Parsing, checking, --help,
 * man pages, completions and the options in the document are derived from it.
 */
#ifndef ENGINE_CMD_LINE_OPTION_ROWS_H
#define ENGINE_CMD_LINE_OPTION_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/word.h"
#include "engine/cmd/line/options.h"

enum option_kind {
	OPTION_FLAG,    /* bool */
	OPTION_TEXT,    /* const char * */
	OPTION_COUNT,   /* uint64_t, "100k" */
	OPTION_COUNTS,  /* struct option_counts, "1k,10k" */
	OPTION_INTEGER, /* uint64_t, digits only */
	OPTION_JOBS,    /* const char *, a comma-separated list of numbers */
	OPTION_SECONDS, /* uint64_t, "90", "90s", "2m" or "1h" */
	OPTION_TIME,    /* uint64_t, nanoseconds, "5ms" or "300us" */
	OPTION_SIZE,    /* uint64_t, bytes, "64M" or "2G" */
	OPTION_PARAMS,  /* can be given several times */
	OPTION_PERCENT, /* uint64_t, millionths, "2", "0.5" or "0.5%" */
	OPTION_WHOLE,   /* uint64_t, whole per cent, "5" or "5%" */
	OPTION_FACTOR,  /* double, "1.25" or "1.25x"; its range is in hundredths */
	OPTION_DATE,    /* const char *, "2026-01-31" */
	OPTION_WORD,    /* int, the value of the word in `names`; -1: not given */
	OPTION_WORDS,   /* unsigned, a set of words, 1 << value; 0: not given */
	OPTION_PIN,     /* struct pin */
	OPTION_XATTRS,  /* int, with or without a value */
};

struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *metavar; /* NULL: takes no value; in brackets: the value is optional */
	enum option_kind kind;
	size_t offset;        /* of the field in struct all_options */
	uint64_t least, most; /* range of a number; most 0: the range of its type */
	word_name *names;     /* for words */
	const char *initial;  /* default, parsed before argv; NULL: zero */
	int commands;         /* mask of enum command_bit */
	/* The verbs that accept it, 1 << verb, if the subcommand has verbs; 0: all. */
	unsigned verbs;
	/* It is only accepted together with this other option of the subcommand; NULL: always. */
	const char *with;
	unsigned with_values; /* and with these words of it, 1 << value; 0: with any value */
	const char *help;
	const char *hint; /* for the message about a number below its range; NULL: none */
};

/* The names of the verbs of a subcommand; NULL: it has none. */
word_name *option_verbs(int command);

/*
 * All groups of options. Rows are parsed into this struct, and each subcommand gets a copy of its
 * groups.
 */
struct all_options {
	struct line_options line;
	struct tree_options tree;
	struct fs_options fs;
	struct cell_options cells;
	struct cache_options caches;
	struct place_options place;
	struct time_options time;
	struct output_options output;
	struct limit_options limits;
	struct side_options sides;
	struct selftest_options selftest;
	struct collect_options collect;
	struct tree_command_options tree_command;
	struct lab_options lab;
	struct crossover_options crossover;
	struct profile_options profile;
	struct history_options history;
};

/* The offsets of a group in struct all_options and in the struct of a subcommand. */
struct option_share {
	enum command_bit command;
	size_t from, to, size;
};

extern const struct option_share option_shares[];
extern const size_t n_option_shares;

enum { OPTION_ROWS_MAX = 160 };

/* In the order of --help. */
extern const struct option_row option_rows[];
extern const size_t n_option_rows;

#endif
