/*
 * The command line. One table (option_rows.c) defines everything about every option: which
 * subcommands accept it, how its value is parsed, its help, and how it is written into the
 * document.
 */
#ifndef ENGINE_CMD_LINE_OPTIONS_H
#define ENGINE_CMD_LINE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/err.h"
#include "engine/host/topology.h"
#include "engine/result.h"

/* Subcommands, as bits for the table. */
enum command_bit {
	CMD_RUN = 1 << 0,
	CMD_LIST = 1 << 1,
	CMD_TREE = 1 << 2,
	CMD_REPORT = 1 << 3,
	CMD_COMPARE = 1 << 4,
	CMD_HISTORY = 1 << 5,
	CMD_COLLECT = 1 << 6,
	CMD_DOCTOR = 1 << 7,
	CMD_GATE = 1 << 8,
	CMD_SELFTEST = 1 << 9,
	CMD_WORKER = 1 << 10,
	CMD_PROFILE = 1 << 11,
	CMD_LAB = 1 << 12,
	CMD_CROSSOVER = 1 << 13,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* The background for which pictures are drawn. */
enum theme { THEME_LIGHT, THEME_DARK };

/* The method that selftest tests. */
enum path { PATH_GATE, PATH_RUN };

/* Subcommands with verbs: the first operand says what they do. */
enum tree_verb { TREE_CREATE, TREE_VERIFY, TREE_REMOVE, TREE_SERVE, TREE_STATS, TREE_FIT };
enum history_verb {
	HISTORY_ADD,
	HISTORY_SHOW,
	HISTORY_CHECK,
	HISTORY_LIST,
	HISTORY_EXPORT,
	HISTORY_REMOVE
};
enum selftest_verb { SELFTEST_AA, SELFTEST_INJECT };

const char *tree_verb_name(unsigned verb);
const char *history_verb_name(unsigned verb);
const char *selftest_verb_name(unsigned verb);

/* A comma list of counts. */
enum { OPTION_COUNTS_MAX = 16 };

struct option_counts {
	size_t n;
	uint64_t values[OPTION_COUNTS_MAX];
};

enum {
	OPTION_PARAMS_MAX = 16,
	OPTION_ROUNDS_MAX = 200000,
	OPTION_SPIN_MAX = 64,
	OPTION_TOP_MAX = 1000,
};

/* Which trees are made or read, and where. */
struct tree_options {
	const char *dir;           /* --dir: where trees are made */
	uint64_t entries;          /* --entries, 0: that of the shape */
	uint64_t seed;             /* --seed, for the tree and the order of cells */
	bool has_seed;             /* it was given */
	bool cross_mounts;         /* --cross-mounts */
	uint64_t tree_jobs;        /* --jobs of tree and collect, 0: all CPUs */
	uint64_t tree_depth;       /* for a point of crossover; 0: that of the shape */
	uint64_t tree_name_length; /* the same */
};

/* The filesystems and sizes for which trees are made. */
struct fs_options {
	const char *fs;             /* --fs: filesystems to make */
	const char *fs_dir;         /* --fs-dir: directory of their images */
	struct option_counts sizes; /* --entries of run and lab; n 0: that of the shape */
	uint64_t memory;            /* --memory, bytes; 0: what is available */
};

/* What is measured on a tree. */
struct cell_options {
	int stage;                                 /* --stage: enum stage; -1: not given */
	const char *strategies;                    /* -s: comma list of globs, NULL: all */
	const char *jobs;                          /* -j: comma list of counts, NULL: 1 */
	const char *params[OPTION_PARAMS_MAX + 1]; /* -p, each "name=value[,value..]", NULL-ended */
	const char *baseline; /* --baseline: NULL: the stage's first strategy */
};

/* The states of caches, and how these are made. */
struct cache_options {
	unsigned cache;              /* -c: a set, 1 << enum cache_state; 0: not given */
	const char *cold_command;    /* --cold-cmd */
	const char *prepare_command; /* --prepare */
	bool drop_caches;            /* --drop-caches */
	bool trust_cold;             /* --trust-cold */
};

/* Where workers run, and in which way they fetch. */
struct place_options {
	struct pin pin;       /* --pin */
	int order;            /* --order: enum order */
	uint64_t syscall_tax; /* --syscall-tax, instructions */
};

/* How long and how precisely. */
struct time_options {
	uint64_t rounds;        /* --rounds */
	uint64_t precision_ppm; /* --precision, millionths; 0: not asked for */
	uint64_t sample;        /* --sample, entries */
	uint64_t max_time_s;    /* --max-time, seconds */
	uint64_t doctor_s;      /* --max-time of doctor, seconds */
	uint64_t timeout_s;     /* --timeout, seconds */
	bool quick;             /* --quick */
};

/* The destination of results. */
struct output_options {
	const char *out;         /* -o; NULL: the default of the command */
	const char *history_out; /* -o of history */
	bool force_output;       /* --force-output */
	bool no_plots;           /* --no-plots */
	const char *gp_dir;      /* --gp-dir: the user's own plot scripts */
	int theme;               /* --theme: enum theme */
	const char *format;      /* --format: comma list of FORMAT[=FILE] */
	int color;               /* --color: enum color */
};

/* For compare, gate and selftest: what counts as a difference. */
struct limit_options {
	uint64_t tolerance_ppm, limit_ppm; /* --tolerance, --limit */
};

/* For compare and gate: what is compared with what. */
struct side_options {
	const char *base, *head; /* --base, --head: arms, or cells in documents */
	unsigned across;         /* --across: a set of what may differ, 1 << enum condition */
	bool relative;           /* --relative */
	int n_after;             /* operands after "--"; -1: there is no "--" */
};

struct selftest_options {
	int path;            /* --path: enum path */
	uint64_t runs, spin; /* --runs, --spin */
	uint64_t pct;        /* --pct */
};

struct collect_options {
	bool follow;          /* --follow */
	bool print0, details; /* --print0, --long */
	bool bulk;            /* --bulk */
	int xattrs;           /* --xattrs: 0: not given, 1: names, 2: values, too */
};

struct tree_command_options {
	const char *sim; /* serve --sim: datasets/sim/sim.h */
	bool force;      /* remove --force */
	bool extensions; /* fit --extensions */
};

struct lab_options {
	uint64_t rtt_ns; /* --rtt: round trip */
};

struct crossover_options {
	const char *arm_a, *arm_b; /* --a, --b */
	int over;                  /* --over: enum axis_kind; -1: not given */
	const char *from, *to;     /* in the units of the axis; NULL: its default */
	double resolution;         /* --resolution */
};

struct profile_options {
	uint64_t top; /* --top, directories */
};

struct history_options {
	const char *db;         /* --db, NULL: below the user's state directory */
	const char *commit;     /* --commit: the commit that was measured */
	const char *since;      /* --since, NULL: from the first point on */
	const char *until;      /* --until */
	bool yes;               /* --yes */
	uint64_t window;        /* --window, points */
	uint64_t magnitude_ppm; /* --magnitude */
	bool strict;            /* --strict */
};

/* For every subcommand. */
struct line_options {
	char **argv; /* of the subcommand, options moved before operands */
	int argc;
	bool quiet; /* --quiet */
	bool json;  /* --json */
	bool help;  /* --help */
};

/*
 * The options of each subcommand. Those not given have the default of the table, or else 0 or NULL.
 */
struct run_command {
	struct line_options line;
	struct tree_options tree;
	struct fs_options fs;
	struct cell_options cells;
	struct cache_options caches;
	struct place_options place;
	struct time_options time;
	struct output_options output;
};

struct list_command {
	struct line_options line;
	struct output_options output;
};

struct tree_command {
	struct line_options line;
	struct tree_options tree;
	struct time_options time;
	struct output_options output;
	struct tree_command_options tree_command;
};

struct report_command {
	struct line_options line;
	struct output_options output;
};

struct compare_command {
	struct line_options line;
	struct output_options output;
	struct limit_options limits;
	struct side_options sides;
};

struct history_command {
	struct line_options line;
	struct tree_options tree;
	struct output_options output;
	struct history_options history;
};

struct collect_command {
	struct line_options line;
	struct tree_options tree;
	struct collect_options collect;
};

struct doctor_command {
	struct line_options line;
	struct tree_options tree;
	struct time_options time;
	struct output_options output;
};

struct gate_command {
	struct line_options line;
	struct tree_options tree;
	struct cell_options cells;
	struct time_options time;
	struct output_options output;
	struct limit_options limits;
	struct side_options sides;
};

struct selftest_command {
	struct line_options line;
	struct tree_options tree;
	struct time_options time;
	struct limit_options limits;
	struct selftest_options selftest;
};

struct worker_command {
	struct line_options line;
};

struct profile_command {
	struct line_options line;
	struct tree_options tree;
	struct cell_options cells;
	struct cache_options caches;
	struct time_options time;
	struct output_options output;
	struct profile_options profile;
};

struct lab_command {
	struct line_options line;
	struct tree_options tree;
	struct fs_options fs;
	struct cell_options cells;
	struct cache_options caches;
	struct place_options place;
	struct time_options time;
	struct output_options output;
	struct lab_options lab;
};

struct crossover_command {
	struct line_options line;
	struct tree_options tree;
	struct fs_options fs;
	struct cell_options cells;
	struct cache_options caches;
	struct place_options place;
	struct time_options time;
	struct output_options output;
	struct crossover_options crossover;
};

union options {
	struct line_options line;
	struct run_command run;
	struct list_command list;
	struct tree_command tree;
	struct report_command report;
	struct compare_command compare;
	struct history_command history;
	struct collect_command collect;
	struct doctor_command doctor;
	struct gate_command gate;
	struct selftest_command selftest;
	struct worker_command worker;
	struct profile_command profile;
	struct lab_command lab;
	struct crossover_command crossover;
};

/*
 * Parses argv[1..] for one subcommand. The rest are operands: *operands points into argv and is
 * NULL-terminated. -EINVAL with a one-line message that contains the nearest valid name: a value is
 * not of its type or range, or an option is not for this verb, or not without another option.
 */
int options_parse(union options *options, enum command_bit command, int argc, char **argv,
		  char ***operands, struct err *err);

/* Prints the help of every option of the subcommand, on one or more lines each. */
void options_help(FILE *to, enum command_bit command);

/*
 * All options of the subcommand as name and value, for the document. line: the first member of its
 * struct. NULL: out of memory.
 */
struct named_text *options_echo(const struct line_options *line, enum command_bit command,
				struct arena *arena, size_t *n);

#endif
