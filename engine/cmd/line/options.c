#include "engine/cmd/line/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/util.h"

enum kind {
	KIND_FLAG,     /* bool */
	KIND_TEXT,     /* const char * */
	KIND_COUNT,    /* uint64_t, "100k" */
	KIND_POSITIVE, /* the same, at least 1 */
	KIND_PARAMS,   /* may be repeated */
	KIND_PERCENT,  /* uint64_t, millionths */
	KIND_COLOR,
};

struct option_row {
	char letter; /* 0: none */
	const char *name, *metavar;
	enum kind kind;
	size_t offset;
	int commands;
	const char *initial; /* parsed before argv; NULL: zero */
	const char *help;
};

#define AT(field) offsetof(struct options, field)

enum { CMD_ALL = -1 };

/* TREE options take part wherever a tree is made. Order is that of --help. */
static const struct option_row table[] = {
	{0, "stage", "STAGE", KIND_TEXT, AT(stage), CMD_RUN | CMD_GATE, NULL,
	 "fetch (paths are known) or walk (only the root is; default: what the strategies are "
	 "for, else fetch)"},
	{'s', "strategy", "LIST", KIND_TEXT, AT(strategies), CMD_RUN | CMD_GATE, NULL,
	 "strategies by name or glob, with parameters: 'lstat,statx[mask=size]' (default: all)"},
	{'j', "jobs", "LIST", KIND_TEXT, AT(jobs), CMD_RUN | CMD_GATE, NULL,
	 "numbers of worker threads, e.g. 1,2,4 (default: 1)"},
	{'p', "param", "NAME=VALUE[,..]", KIND_PARAMS, AT(params), CMD_RUN | CMD_GATE, NULL,
	 "a cell for each value, for strategies that have NAME; may be repeated"},
	{'c', "cache", "LIST", KIND_TEXT, AT(cache), CMD_RUN, "warm",
	 "cache states: warm (primed until a pass reads nothing), cold, slab-cold, as-is"},
	{0, "cold-cmd", "COMMAND", KIND_TEXT, AT(cold_command), CMD_RUN, NULL,
	 "empties the tree's caches; run by sh before every cold pass"},
	{0, "drop-caches", NULL, KIND_FLAG, AT(drop_caches), CMD_RUN, NULL,
	 "for cold and slab-cold: may empty all caches of the machine (root)"},
	{0, "trust-cold", NULL, KIND_FLAG, AT(trust_cold), CMD_RUN, NULL,
	 "for cold: believe that caches are where only the time could show it (FUSE, 9p, ...)"},
	{0, "prepare", "COMMAND", KIND_TEXT, AT(prepare_command), CMD_RUN, NULL,
	 "run by sh before every pass, outside its time"},
	{0, "pin", "POLICY", KIND_TEXT, AT(pin), CMD_RUN, "compact",
	 "place workers: compact, scatter, one-per-core, none or a CPU list such as 0,2-3"},
	{0, "order", "ORDER", KIND_TEXT, AT(order), CMD_RUN, "readdir",
	 "ask in the order of readdir, inode, creation, sorted or random"},
	{0, "syscall-tax", "N", KIND_COUNT, AT(syscall_tax), CMD_RUN, "0",
	 "slow every system call by a seccomp filter of N instructions"},
	{0, "baseline", "CELL", KIND_TEXT, AT(baseline), CMD_RUN, NULL,
	 "the cell that ratios are taken against (default: lstat or walk-lstat with 1 job)"},
	{'j', "jobs", "N", KIND_POSITIVE, AT(tree_jobs), CMD_TREE, NULL,
	 "threads that make or remove the tree (default: one for every CPU allowed)"},
	{'j', "jobs", "N", KIND_POSITIVE, AT(tree_jobs), CMD_COLLECT, NULL,
	 "threads that walk (default: one for every CPU allowed)"},
	{'L', "follow", NULL, KIND_FLAG, AT(follow), CMD_COLLECT, NULL,
	 "follow symbolic links; loops are not entered"},
	{0, "cross-mounts", NULL, KIND_FLAG, AT(cross_mounts), CMD_COLLECT | CMD_RUN | CMD_TREE,
	 NULL,
	 "enter mount points (default: they are entries, and what lies below them is left out)"},
	{0, "force", NULL, KIND_FLAG, AT(force), CMD_TREE, NULL,
	 "remove what somebody else put into the tree, too"},
	{'0', "print0", NULL, KIND_FLAG, AT(print0), CMD_COLLECT, NULL,
	 "print the paths, each ended by a NUL"},
	{'l', "long", NULL, KIND_FLAG, AT(details), CMD_COLLECT, NULL,
	 "print type, mode, links, owner, size, time and path of each entry"},
	{0, "entries", "N", KIND_POSITIVE, AT(entries),
	 CMD_RUN | CMD_TREE | CMD_GATE | CMD_SELFTEST, NULL,
	 "make the tree with N entries, e.g. 100k (default: as its shape says)"},
	{0, "seed", "N", KIND_COUNT, AT(seed), CMD_RUN | CMD_TREE | CMD_GATE | CMD_SELFTEST, NULL,
	 "seed of a made tree and of the order of cells (default: the shape's; order: random)"},
	{0, "seed", "N", KIND_COUNT, AT(seed), CMD_HISTORY, NULL,
	 "seed of the shuffles that changes are compared with (default: 1)"},
	{0, "dir", "PATH", KIND_TEXT, AT(dir), CMD_RUN | CMD_GATE | CMD_SELFTEST | CMD_DOCTOR,
	 "statmark-trees", "where trees are made and found again"},
	{0, "rounds", "N", KIND_POSITIVE, AT(rounds), CMD_RUN | CMD_SELFTEST, "80",
	 "passes of every cell, in shuffled order (selftest: by the path of run)"},
	{0, "max-time", "SECONDS", KIND_COUNT, AT(max_time_s), CMD_RUN, "120",
	 "begin no round after this; 0: no bound"},
	{0, "max-time", "SECONDS", KIND_POSITIVE, AT(doctor_s), CMD_DOCTOR, "10",
	 "measure for so long"},
	{0, "sample", "N", KIND_COUNT, AT(sample), CMD_RUN, "31",
	 "latency passes time one entry in N, on average; 1: every entry; 0: no such passes"},
	{0, "max-time", "SECONDS", KIND_POSITIVE, AT(max_time_s), CMD_GATE | CMD_SELFTEST, "280",
	 "measure at most that long"},
	{0, "timeout", "SECONDS", KIND_POSITIVE, AT(timeout_s), CMD_RUN | CMD_GATE | CMD_SELFTEST,
	 "60", "stop a command, an outside program or a worker that takes longer for one pass"},
	{0, "precision", "PCT", KIND_PERCENT, AT(precision_ppm), CMD_RUN, NULL,
	 "as many rounds as make every ratio's interval +-PCT narrow, if time allows"},
	{0, "quick", NULL, KIND_FLAG, AT(quick), CMD_RUN, NULL,
	 "20 rounds, at most 25 seconds; less of the tree if need be"},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_RUN, NULL,
	 "where run.json and plots are written (default: statmark-out/TREE-DATE-TIME, and "
	 "statmark-out/latest leads there)"},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_REPORT, NULL,
	 "where plots are written (default: where RUN.json is)"},
	{0, "no-plots", NULL, KIND_FLAG, AT(no_plots), CMD_RUN | CMD_REPORT | CMD_HISTORY, NULL,
	 "draw no plots"},
	{0, "across", "LIST", KIND_TEXT, AT(across), CMD_COMPARE, NULL,
	 "what is meant to differ: host, kernel, tool, fs, tree, cache, pin (default: nothing)"},
	{0, "base", "ARM", KIND_TEXT, AT(base), CMD_GATE, NULL, "what was there before"},
	{0, "head", "ARM", KIND_TEXT, AT(head), CMD_GATE, NULL, "what is to be judged"},
	{0, "path", "PATH", KIND_TEXT, AT(path), CMD_SELFTEST, "gate",
	 "gate: as statmark gate compares builds; run: as statmark run compares cells"},
	{0, "runs", "N", KIND_POSITIVE, AT(runs), CMD_SELFTEST, "20", "comparisons"},
	{0, "pct", "PCT", KIND_PERCENT, AT(pct_ppm), CMD_SELFTEST, "5",
	 "inject: so many per cent more questions"},
	{0, "spin", "N", KIND_COUNT, AT(spin), CMD_SELFTEST, "0",
	 "keep N processes spinning meanwhile"},
	{0, "relative", NULL, KIND_FLAG, AT(relative), CMD_COMPARE, NULL,
	 "time over the time of each document's own baseline, not time"},
	{0, "base", "CELL", KIND_TEXT, AT(base), CMD_COMPARE, NULL,
	 "compare cells inside documents: an id, a strategy, or fields such as fs=ext4,jobs=2"},
	{0, "head", "CELL", KIND_TEXT, AT(head), CMD_COMPARE, NULL, "against these"},
	{0, "tolerance", "PCT", KIND_PERCENT, AT(tolerance_ppm),
	 CMD_COMPARE | CMD_GATE | CMD_SELFTEST, "1", "differences up to this are none"},
	{0, "limit", "PCT", KIND_PERCENT, AT(limit_ppm), CMD_COMPARE | CMD_GATE | CMD_SELFTEST, "5",
	 "a slowdown of this has to be excluded for OK"},
	{0, "format", "FORMAT[=FILE],..", KIND_TEXT, AT(format), CMD_COMPARE | CMD_GATE, "text",
	 "text, json, markdown, junit or github, on stdout or into FILE"},
	{0, "db", "FILE", KIND_TEXT, AT(db), CMD_HISTORY, NULL,
	 "the database (default: statmark/history.db in $XDG_STATE_HOME or ~/.local/state)"},
	{0, "commit", "WORD", KIND_TEXT, AT(commit), CMD_HISTORY, NULL,
	 "add: what was measured (default: the commit of statmark itself)"},
	{0, "window", "N", KIND_POSITIVE, AT(window), CMD_HISTORY, "60",
	 "look at the latest N points of each series"},
	{0, "magnitude", "PCT", KIND_PERCENT, AT(magnitude_ppm), CMD_HISTORY, "2",
	 "leave out smaller changes"},
	{0, "strict", NULL, KIND_FLAG, AT(strict), CMD_HISTORY, NULL,
	 "check: exit code 1 when something became slower"},
	{'o', "output", "DIR", KIND_TEXT, AT(history_out), CMD_HISTORY, "statmark-history",
	 "show: where the plot is written"},
	{0, "force-output", NULL, KIND_FLAG, AT(force_output), CMD_RUN | CMD_REPORT | CMD_HISTORY,
	 NULL, "write also into a directory that other users own or may write in"},
	{0, "color", "WHEN", KIND_COLOR, AT(color),
	 CMD_RUN | CMD_REPORT | CMD_COMPARE | CMD_GATE | CMD_DOCTOR, "auto",
	 "auto, always or never; NO_COLOR is honoured"},
	{0, "json", NULL, KIND_FLAG, AT(json), CMD_TREE, NULL, "tree stats: as JSON"},
	{0, "json", NULL, KIND_FLAG, AT(json), CMD_DOCTOR, NULL, "as JSON"},
	{0, "json", NULL, KIND_FLAG, AT(json), CMD_COLLECT, NULL,
	 "print everything as one JSON document, a line per entry"},
	{'q', "quiet", NULL, KIND_FLAG, AT(quiet),
	 CMD_RUN | CMD_TREE | CMD_GATE | CMD_SELFTEST | CMD_DOCTOR, NULL, "no progress line"},
	{'h', "help", NULL, KIND_FLAG, AT(help), CMD_ALL, NULL, "show this help"},
};

static const char *row_name(size_t i, const void *command)
{
	return table[i].commands & *(const int *)command ? table[i].name : "";
}

static int set_color(int *color, const char *value)
{
	static const char *const words[] = {"auto", "always", "never"};
	for (int i = 0; i < (int)ARRAY_LEN(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			*color = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* "2", "0.5" or "0.5%" in millionths, at most 1000 %. */
static int parse_percent(const char *text, uint64_t *ppm)
{
	const char *s = text;
	uint64_t value = 0, unit = 10000;
	for (; *s >= '0' && *s <= '9' && value <= 10000000; s++)
		value = 10 * value + (uint64_t)(*s - '0') * unit;
	if (s == text)
		return -EINVAL;
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++)
			value += (uint64_t)(*s - '0') * (unit /= 10);
	}
	s += *s == '%';
	*ppm = value;
	return *s ? -EINVAL : value > 10000000 ? -ERANGE : 0;
}

static int add_param(const char **params, const char *value)
{
	size_t n = 0;
	while (params[n])
		n++;
	if (n == OPTION_PARAMS_MAX)
		return -E2BIG;
	params[n] = value;
	return 0;
}

static int set_value(struct options *o, const struct option_row *row, const char *value)
{
	void *field = (char *)o + row->offset;
	int error;
	switch (row->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		return 0;
	case KIND_TEXT:
		*(const char **)field = value;
		return *value ? 0 : -EINVAL;
	case KIND_COUNT:
		return parse_count(value, field);
	case KIND_POSITIVE:
		error = parse_count(value, field);
		return !error && *(uint64_t *)field == 0 ? -EINVAL : error;
	case KIND_PERCENT:
		return parse_percent(value, field);
	case KIND_PARAMS:
		return strchr(value, '=') ? add_param(field, value) : -EINVAL;
	case KIND_COLOR:
		return set_color(field, value);
	}
	return -EINVAL;
}

static void set_initial(struct options *o, int command)
{
	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].initial && table[i].commands & command)
			set_value(o, &table[i], table[i].initial);
	}
}

enum { FIRST_VAL = 1000 }; /* getopt's val of the first row: beyond any letter */

/* getopt's two descriptions of the rows that the subcommand takes. */
static void describe(int command, struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct option_row *row = &table[i];
		if (!(row->commands & command))
			continue;
		*longs++ =
			(struct option){row->name, row->metavar ? required_argument : no_argument,
					NULL, (int)i + FIRST_VAL};
		if (row->letter) {
			*shorts++ = row->letter;
			if (row->metavar)
				*shorts++ = ':';
		}
	}
	*shorts = '\0';
}

static const struct option_row *find_row(int command, int val)
{
	if (val >= FIRST_VAL)
		return &table[val - FIRST_VAL];
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].letter == val && table[i].commands & command)
			return &table[i];
	}
	return NULL;
}

static int unknown_option(int command, const char *word, struct err *err)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", word + strspn(word, "-"));
	name[strcspn(name, "=")] = '\0';
	const char *near = nearest(name, ARRAY_LEN(table), row_name, &command);
	if (near && *near)
		return err_set(err, -EINVAL, "unknown option %s; did you mean --%s?", word, near);
	return err_set(err, -EINVAL, "unknown option %s; --help lists them", word);
}

/* What getopt found wrong: optopt is 0 for an unknown word, else a letter or a flag's val. */
static int bad_option(int command, const char *word, struct err *err)
{
	char letter[3] = {'-', (char)optopt, '\0'};
	if (optopt >= FIRST_VAL)
		return err_set(err, -EINVAL, "--%s takes no value", table[optopt - FIRST_VAL].name);
	return unknown_option(command, optopt ? letter : word, err);
}

static int bad_value(const struct option_row *row, const char *value, int error, struct err *err)
{
	static const char *const wanted[] = {
		[KIND_TEXT] = "something that is not empty",
		[KIND_COUNT] = "a whole number such as 20000 or 100k",
		[KIND_POSITIVE] = "a whole number from 1, such as 20000 or 100k",
		[KIND_PERCENT] = "per cent such as 2 or 0.5",
		[KIND_PARAMS] = "NAME=VALUE",
		[KIND_COLOR] = "auto, always or never",
	};
	if (error == -ERANGE)
		return err_set(err, -EINVAL, "--%s: %s is too large", row->name, value);
	if (error == -E2BIG)
		return err_set(err, -EINVAL, "--%s: given more than %d times", row->name,
			       OPTION_PARAMS_MAX);
	return err_set(err, -EINVAL, "--%s wants %s, not '%s'", row->name, wanted[row->kind],
		       value);
}

/*
 * Where "--" separates operands (compare A... -- B...) it ends no options. getopt would take it out
 * and forget the place, so an empty word stands there while it runs, and goes away afterwards.
 */
static char *mark_separator(int argc, char **argv)
{
	static const char mark[] = "";
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argv[i] = (char *)(uintptr_t)mark;
	}
	return NULL;
}

static int take_separator(char **operands, const char *mark)
{
	int n = 0, after = -1;
	for (char **o = operands; *o; o++) {
		if (mark && *o == mark)
			after = 0;
		else
			operands[n++] = *o;
		after += after >= 0 && *o != mark;
	}
	operands[n] = NULL;
	return after;
}

int options_parse(struct options *options, enum command_bit command, int argc, char **argv,
		  char ***operands, struct err *err)
{
	struct option longs[ARRAY_LEN(table) + 1] = {{0}};
	char shorts[2 * ARRAY_LEN(table) + 2];
	int val;

	set_initial(options, (int)command);
	const char *mark = command == CMD_COMPARE ? mark_separator(argc, argv) : NULL;
	describe((int)command, longs, shorts);
	optind = 0; /* glibc: start anew, also after an earlier parse */
	while ((val = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = find_row((int)command, val);
		if (val == ':')
			return err_set(err, -EINVAL, "%s wants a value", argv[optind - 1]);
		if (!row)
			return bad_option((int)command, argv[optind - 1], err);
		int error = set_value(options, row, optarg ? optarg : "");
		if (error)
			return bad_value(row, optarg ? optarg : "", error, err);
		options->has_seed |= strcmp(row->name, "seed") == 0;
	}
	*operands = argv + optind;
	options->n_after = take_separator(*operands, mark);
	options->argv = argv;
	options->argc = argc;
	return 0;
}

/* Prints words from column `indent` to 79; the cursor is in that column already. */
static void print_wrapped(FILE *to, const char *words, int indent)
{
	const int width = 79 - indent;
	while (strlen(words) > (size_t)width) {
		int cut = width;
		while (cut > 0 && words[cut] != ' ')
			cut--;
		if (cut == 0)
			break;
		fprintf(to, "%.*s\n%*s", cut, words, indent, "");
		words += cut + 1;
	}
	fprintf(to, "%s\n", words);
}

void options_help(FILE *to, enum command_bit command)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct option_row *row = &table[i];
		char left[64], right[256], letter[5] = "    ";
		if (!(row->commands & (int)command))
			continue;
		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
			 row->metavar ? " " : "", row->metavar ? row->metavar : "");
		if (strlen(left) > 22)
			fprintf(to, "  %s\n  %22s", left, "");
		else
			fprintf(to, "  %-22s", left);
		snprintf(right, sizeof(right), "%s%s%s%s", row->help,
			 row->initial ? " (default: " : "", row->initial ? row->initial : "",
			 row->initial ? ")" : "");
		fputs("  ", to);
		print_wrapped(to, right, 26);
	}
}

static const char *echo_params(const char *const *params, struct arena *arena)
{
	char *all = NULL;
	for (; *params; params++)
		all = arena_print(arena, "%s%s%s", all ? all : "", all ? " " : "", *params);
	return all;
}

static const char *echo_value(const struct options *o, const struct option_row *row,
			      struct arena *arena)
{
	const void *field = (const char *)o + row->offset;
	static const char *const colors[] = {"auto", "always", "never"};
	switch (row->kind) {
	case KIND_FLAG:
		return *(const bool *)field ? "yes" : "no";
	case KIND_TEXT:
		return *(const char *const *)field;
	case KIND_COUNT:
	case KIND_POSITIVE:
		return arena_print(arena, "%llu", *(const unsigned long long *)field);
	case KIND_PERCENT:
		return arena_print(arena, "%.10g", (double)*(const uint64_t *)field / 10000);
	case KIND_PARAMS:
		return echo_params(field, arena);
	case KIND_COLOR:
		return colors[*(const int *)field];
	}
	return NULL;
}

struct named_text *options_echo(const struct options *options, enum command_bit command,
				struct arena *arena, size_t *n)
{
	struct named_text *echo = arena_alloc(arena, ARRAY_LEN(table) * sizeof(*echo));
	*n = 0;
	for (size_t i = 0; echo && i < ARRAY_LEN(table); i++) {
		if (table[i].commands & (int)command)
			echo[(*n)++] = (struct named_text){table[i].name,
							   echo_value(options, &table[i], arena)};
	}
	return echo;
}
