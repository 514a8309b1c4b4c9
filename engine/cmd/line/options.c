#include "engine/cmd/line/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/host/tax.h"
#include "engine/measure/choose/select.h"
#include "engine/measure/run.h"
#include "reports/history/change.h"
#include "reports/words/format.h"

enum kind {
	KIND_FLAG,    /* bool */
	KIND_TEXT,    /* const char * */
	KIND_COUNT,   /* uint64_t, "100k" */
	KIND_COUNTS,  /* struct option_counts, "1k,10k" */
	KIND_INTEGER, /* uint64_t, digits only */
	KIND_JOBS,    /* const char *, a comma list of such */
	KIND_SECONDS, /* uint64_t, "90", "90s", "2m" or "1h" */
	KIND_SIZE,    /* uint64_t, bytes, "64M" or "2G" */
	KIND_PARAMS,  /* may be repeated */
	KIND_PERCENT, /* uint64_t, millionths */
	KIND_COLOR,
	KIND_XATTRS, /* int, with a value or without */
};

struct option_row {
	char letter; /* 0: none */
	const char *name, *metavar;
	enum kind kind;
	size_t offset;
	int commands;
	const char *initial; /* parsed before argv; NULL: zero */
	const char *help;
	uint64_t least, most; /* of a number; most 0: any that fits */
};

#define AT(field) offsetof(struct options, field)
#define ANY       0, 0 /* least and most of a value that has no bounds */

enum { CMD_ALL = -1, SECONDS_MAX = 10000000, DAY_SECONDS = 86400 };

/* TREE options take part wherever a tree is made. Order is that of --help. */
static const struct option_row table[] = {
	{0, "a", "CELL", KIND_TEXT, AT(arm_a), CMD_CROSSOVER, NULL,
	 "what B is compared with: a strategy, with parameters or jobs, as in lstat or "
	 "'statx[mask=size]/j2'",
	 ANY},
	{0, "b", "CELL", KIND_TEXT, AT(arm_b), CMD_CROSSOVER, NULL,
	 "what begins to win somewhere, such as threaded or threaded/j2", ANY},
	{0, "over", "AXIS", KIND_TEXT, AT(over), CMD_CROSSOVER, NULL,
	 "along what: entries of the tree; jobs of B; depth, in directories above all files; "
	 "name-length, in bytes of every name; batch, the size of B's batches or chunks; rtt, the "
	 "round trip of --fs sim",
	 ANY},
	{0, "from", "X", KIND_TEXT, AT(from), CMD_CROSSOVER, NULL,
	 "the near end, e.g. 10, or 100us of a round trip (default: by AXIS)", ANY},
	{0, "to", "X", KIND_TEXT, AT(to), CMD_CROSSOVER, NULL,
	 "the far end, e.g. 100k (default: by AXIS)", ANY},
	{0, "resolution", "FACTOR", KIND_TEXT, AT(resolution), CMD_CROSSOVER, "1.25",
	 "go on until the ends of the interval differ by less than this factor", ANY},
	{0, "stage", "STAGE", KIND_TEXT, AT(stage), CMD_RUN | CMD_GATE | CMD_LAB, NULL,
	 "fetch: the paths are known; walk: only the root is known (default: the stage of the "
	 "strategies given, else fetch)",
	 ANY},
	{'s', "strategy", "LIST", KIND_TEXT, AT(strategies), CMD_RUN | CMD_GATE | CMD_LAB, NULL,
	 "strategies by name or glob, with parameters, or with jobs of their own: "
	 "'lstat,statx[mask=size],lstat/j8' (default: all)",
	 ANY},
	{'j', "jobs", "LIST", KIND_JOBS, AT(jobs), CMD_RUN | CMD_LAB, NULL,
	 "numbers of worker threads to measure with, e.g. 1,2,4 (default: 1)", 1, JOBS_MAX},
	{'j', "jobs", "LIST", KIND_JOBS, AT(jobs), CMD_GATE, NULL,
	 "numbers of worker threads to measure with, e.g. 1,2,4 (default: 1); without --strategy "
	 "one number, for base and head unless they name their own",
	 1, JOBS_MAX},
	{'j', "jobs", "LIST", KIND_JOBS, AT(jobs), CMD_PROFILE, NULL,
	 "numbers of jobs to compare, e.g. 1,2,4 (default: 1, 2, 4 .. up to twice the CPUs)", 1,
	 JOBS_MAX},
	{0, "top", "N", KIND_INTEGER, AT(top), CMD_PROFILE, "12",
	 "directories to name in each ranking", 0, OPTION_TOP_MAX},
	{'p', "param", "NAME=VALUE[,..]", KIND_PARAMS, AT(params), CMD_RUN | CMD_GATE | CMD_LAB,
	 NULL,
	 "measure each strategy that has parameter NAME once with each VALUE; may be repeated",
	 ANY},
	{'c', "cache", "LIST", KIND_TEXT, AT(cache), CMD_RUN | CMD_CROSSOVER, "warm",
	 "cache states: warm (primed until a pass reads nothing from disk), cold (nothing cached), "
	 "slab-cold (inodes and dentries dropped, pages kept), as-is (neither primed nor dropped)",
	 ANY},
	{'c', "cache", "LIST", KIND_TEXT, AT(cache), CMD_LAB, NULL,
	 "cache states of the client: cold (the guest's caches are emptied), warm or as-is "
	 "(default: cold)",
	 ANY},
	{0, "cold-cmd", "COMMAND", KIND_TEXT, AT(cold_command),
	 CMD_RUN | CMD_PROFILE | CMD_LAB | CMD_CROSSOVER, NULL,
	 "for cold: command that empties the tree's caches; run by sh before every cold pass", ANY},
	{0, "drop-caches", NULL, KIND_FLAG, AT(drop_caches), CMD_RUN | CMD_PROFILE | CMD_CROSSOVER,
	 NULL,
	 "for cold and slab-cold: empty the kernel's caches of the whole machine (needs root)",
	 ANY},
	{0, "trust-cold", NULL, KIND_FLAG, AT(trust_cold), CMD_RUN | CMD_PROFILE | CMD_CROSSOVER,
	 NULL,
	 "for cold: accept a cold pass without proof, where the filesystem counts no reads (FUSE, "
	 "9p, ...)",
	 ANY},
	{0, "prepare", "COMMAND", KIND_TEXT, AT(prepare_command), CMD_RUN | CMD_LAB, NULL,
	 "command that sh runs before every pass; its time is not measured", ANY},
	{0, "pin", "POLICY", KIND_TEXT, AT(pin), CMD_RUN | CMD_CROSSOVER, "compact",
	 "place workers: compact, scatter, one-per-core, none or a CPU list such as 0,2-3", ANY},
	{0, "order", "ORDER", KIND_TEXT, AT(order), CMD_RUN | CMD_LAB | CMD_CROSSOVER, "readdir",
	 "order of the entries: readdir, inode, creation, sorted or random", ANY},
	{0, "syscall-tax", "N", KIND_COUNT, AT(syscall_tax), CMD_RUN | CMD_CROSSOVER, "0",
	 "slow down every system call with a seccomp filter of N instructions", 0, TAX_MAX},
	{0, "baseline", "CELL", KIND_TEXT, AT(baseline), CMD_RUN | CMD_LAB, NULL,
	 "the cell that all others are compared with (default: lstat or walk-lstat with 1 job)",
	 ANY},
	{'j', "jobs", "N", KIND_INTEGER, AT(tree_jobs), CMD_TREE, NULL,
	 "threads that make or remove the tree (default: one for every CPU allowed)", 1, JOBS_MAX},
	{'j', "jobs", "N", KIND_INTEGER, AT(tree_jobs), CMD_COLLECT, NULL,
	 "threads that walk (default: one for every CPU allowed)", 1, JOBS_MAX},
	{'L', "follow", NULL, KIND_FLAG, AT(follow), CMD_COLLECT, NULL,
	 "follow symlinks; loops are not entered", ANY},
	{0, "bulk", NULL, KIND_FLAG, AT(bulk), CMD_COLLECT, NULL,
	 "read the filesystem's tables where that can be done (ext4, btrfs, xfs; root), else walk",
	 ANY},
	{0, "cross-mounts", NULL, KIND_FLAG, AT(cross_mounts),
	 CMD_COLLECT | CMD_RUN | CMD_TREE | CMD_PROFILE, NULL,
	 "enter mount points (default: list them, but nothing below them)", ANY},
	{0, "force", NULL, KIND_FLAG, AT(force), CMD_TREE, NULL,
	 "also remove files that statmark did not make", ANY},
	{0, "sim", "OPTIONS", KIND_TEXT, AT(sim), CMD_TREE, NULL,
	 "what tree serve is like: lan-nfs or wan, then rtt=TIME, jitter=N%, model=lognormal, "
	 "servers=N, attr-cache=TIME, entry-cache=TIME, readdirplus=auto, eio=1/N, change=TIME@N, "
	 "seed=N, with commas between (default: rtt=1ms, nothing cached)",
	 ANY},
	{'o', "output", "FILE", KIND_TEXT, AT(out), CMD_TREE, NULL,
	 "tree fit: where the shape is written (default: printed)", ANY},
	{0, "extensions", NULL, KIND_FLAG, AT(extensions), CMD_TREE, NULL,
	 "tree fit: also keep the ends of names, such as .c, that ten names or more have", ANY},
	{0, "max-time", "TIME", KIND_SECONDS, AT(max_time_s), CMD_TREE, NULL,
	 "tree fit: fit to what was seen in this time (default: to all)", 1, SECONDS_MAX},
	{'0', "print0", NULL, KIND_FLAG, AT(print0), CMD_COLLECT, NULL,
	 "print the paths only, each ended by a NUL byte", ANY},
	{'l', "long", NULL, KIND_FLAG, AT(details), CMD_COLLECT, NULL,
	 "print type, mode, links, owner, size, time and path of each entry", ANY},
	{0, "xattrs", "[=values]", KIND_XATTRS, AT(xattrs), CMD_COLLECT, NULL,
	 "also ask for the names of extended attributes, or for values as well; --json lists them",
	 ANY},
	{0, "entries", "LIST", KIND_COUNTS, AT(sizes), CMD_RUN, NULL,
	 "number of entries to make the tree with, e.g. 100k; or a list, 1k,10k,100k: one tree of "
	 "each size, measured together (default: set by the shape)",
	 1, 0},
	{0, "entries", "LIST", KIND_COUNTS, AT(sizes), CMD_LAB, NULL,
	 "number of entries to make the tree with, or a list of them (default: 100; 8 to compare "
	 "attribute caches)",
	 1, 0},
	{0, "entries", "N", KIND_COUNT, AT(entries), CMD_CROSSOVER, NULL,
	 "make the tree with N entries (default: by AXIS; not with --over entries)", 1, 0},
	{0, "entries", "N", KIND_COUNT, AT(entries), CMD_TREE | CMD_GATE | CMD_SELFTEST, NULL,
	 "make the tree with N entries, e.g. 100k (default: set by the shape)", 1, 0},
	{0, "seed", "N", KIND_COUNT, AT(seed),
	 CMD_RUN | CMD_LAB | CMD_TREE | CMD_GATE | CMD_SELFTEST | CMD_CROSSOVER, NULL,
	 "seed of the generated tree and of the order of cells (default: tree: the shape's; order: "
	 "random)",
	 ANY},
	{0, "seed", "N", KIND_COUNT, AT(seed), CMD_HISTORY, NULL,
	 "seed of the shuffled series that a change is tested against (default: 1)", ANY},
	{0, "dir", "PATH", KIND_TEXT, AT(dir),
	 CMD_RUN | CMD_GATE | CMD_SELFTEST | CMD_DOCTOR | CMD_CROSSOVER, "statmark-trees",
	 "directory in which trees are made and reused", ANY},
	{0, "fs", "LIST", KIND_TEXT, AT(fs), CMD_RUN | CMD_CROSSOVER, NULL,
	 "make the tree on filesystems made for this run and measured together: tmpfs, ext4, xfs, "
	 "btrfs, overlay, squashfs, erofs, with options as in ext4:noatime,mkfs=-O^dir_index or "
	 "ext4:disk=ssd; sim:rtt=1ms is a simulated remote one, sshfs:rtt=5ms a real one",
	 ANY},
	{0, "fs", "LIST", KIND_TEXT, AT(fs), CMD_LAB, NULL,
	 "mounts to compare, with mount options: nfs,nfs:noac,nfs:nconnect=4 (default: one, with "
	 "the kernel's own)",
	 ANY},
	{0, "rtt", "TIME", KIND_TEXT, AT(rtt), CMD_LAB, "5ms",
	 "round trip between client and server, half of it in each direction: 5ms or more", ANY},
	{0, "fs-dir", "DIR", KIND_TEXT, AT(fs_dir), CMD_RUN | CMD_CROSSOVER, NULL,
	 "where images of these filesystems lie (default: in memory)", ANY},
	{0, "memory", "SIZE", KIND_SIZE, AT(memory), CMD_RUN, NULL,
	 "hold no more trees at the same time, with their filesystems and caches, than fit into "
	 "SIZE, e.g. 2G; others are measured after them (default: three quarters of what is "
	 "available)",
	 ANY},
	{0, "rounds", "N", KIND_COUNT, AT(rounds), CMD_RUN | CMD_LAB, "80",
	 "rounds to measure; each has one pass of every cell, in shuffled order", 1,
	 OPTION_ROUNDS_MAX},
	{0, "rounds", "N", KIND_COUNT, AT(rounds), CMD_SELFTEST, "80",
	 "rounds of each comparison with --path run", 1, OPTION_ROUNDS_MAX / 2},
	{0, "max-time", "TIME", KIND_SECONDS, AT(max_time_s), CMD_RUN, "120s",
	 "start no round after this time; 0: no limit", 0, SECONDS_MAX},
	{0, "max-time", "TIME", KIND_SECONDS, AT(max_time_s), CMD_LAB, "110s",
	 "time for everything: boot, runs and plots; 0: no limit", 0, SECONDS_MAX},
	{0, "max-time", "TIME", KIND_SECONDS, AT(doctor_s), CMD_DOCTOR, "10s",
	 "time to measure for", 1, DAY_SECONDS},
	{0, "max-time", "TIME", KIND_SECONDS, AT(max_time_s), CMD_PROFILE | CMD_CROSSOVER, "60s",
	 "end by then, with what is known", 1, DAY_SECONDS},
	{0, "sample", "N", KIND_COUNT, AT(sample), CMD_RUN, "31",
	 "time one entry in N, on average, in passes for latency; 1: every entry; 0: no latency", 0,
	 SAMPLE_MAX},
	{0, "sample", "N", KIND_COUNT, AT(sample), CMD_LAB, "0",
	 "time one entry in N, on average, in passes for latency; 0: no latency", 0, SAMPLE_MAX},
	{0, "max-time", "TIME", KIND_SECONDS, AT(max_time_s), CMD_GATE | CMD_SELFTEST, "280s",
	 "measure for at most this time", 1, SECONDS_MAX},
	{0, "timeout", "TIME", KIND_SECONDS, AT(timeout_s),
	 CMD_RUN | CMD_LAB | CMD_GATE | CMD_SELFTEST | CMD_PROFILE | CMD_CROSSOVER, "60s",
	 "stop a command, an outside program or a worker whose pass takes longer", 1, SECONDS_MAX},
	{0, "precision", "PCT", KIND_PERCENT, AT(precision_ppm), CMD_RUN | CMD_LAB, NULL,
	 "measure until the interval of every ratio is within PCT of it, if time allows", 1, 0},
	{0, "quick", NULL, KIND_FLAG, AT(quick), CMD_RUN, NULL,
	 "20 rounds, at most 25 seconds; measure a part of the tree if there is no time for all",
	 ANY},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_RUN | CMD_LAB, NULL,
	 "where run.json and plots are written (default: statmark-out/TREE-DATE-TIME, with a "
	 "symlink statmark-out/latest)",
	 ANY},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_CROSSOVER, NULL,
	 "also write crossover.json and a plot into DIR (default: only print)", ANY},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_REPORT, NULL,
	 "where plots and the page are written (default: where RUN.json is; of several there is "
	 "none)",
	 ANY},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_PROFILE, NULL,
	 "also write profile.json and plots into DIR (default: only print)", ANY},
	{'o', "output", "DIR", KIND_TEXT, AT(out), CMD_COMPARE | CMD_GATE, NULL,
	 "also draw the changes into DIR (default: only print)", ANY},
	{0, "no-plots", NULL, KIND_FLAG, AT(no_plots), CMD_RUN | CMD_LAB | CMD_REPORT, NULL,
	 "draw no plots and write no page", ANY},
	{0, "no-plots", NULL, KIND_FLAG, AT(no_plots), CMD_HISTORY | CMD_PROFILE | CMD_CROSSOVER,
	 NULL, "draw no plots", ANY},
	{0, "gp-dir", "DIR", KIND_TEXT, AT(gp_dir),
	 CMD_RUN | CMD_LAB | CMD_REPORT | CMD_HISTORY | CMD_PROFILE | CMD_CROSSOVER | CMD_COMPARE |
		 CMD_GATE,
	 NULL,
	 "draw with the gnuplot scripts in DIR, where it has them; copy them from OUTPUT/plots",
	 ANY},
	{0, "across", "LIST", KIND_TEXT, AT(across), CMD_COMPARE, NULL,
	 "what may differ between the sides: host, kernel, tool, fs, tree, cache, pin (default: "
	 "nothing)",
	 ANY},
	{0, "base", "ARM", KIND_TEXT, AT(base), CMD_GATE, NULL,
	 "the arm to compare with, such as the old build", ANY},
	{0, "head", "ARM", KIND_TEXT, AT(head), CMD_GATE, NULL,
	 "the arm to judge, such as the new build", ANY},
	{0, "path", "PATH", KIND_TEXT, AT(path), CMD_SELFTEST, "gate",
	 "test the method of statmark gate or that of statmark run", ANY},
	{0, "runs", "N", KIND_COUNT, AT(runs), CMD_SELFTEST, "20", "number of comparisons", 1,
	 100000},
	{0, "pct", "PCT", KIND_PERCENT, AT(pct_ppm), CMD_SELFTEST, "5",
	 "inject: slow down by PCT more system calls", ANY},
	{0, "spin", "N", KIND_INTEGER, AT(spin), CMD_SELFTEST, "0",
	 "keep N processes busy during the test, as load", 0, OPTION_SPIN_MAX},
	{0, "relative", NULL, KIND_FLAG, AT(relative), CMD_COMPARE, NULL,
	 "compare ratios to each document's own baseline, not times", ANY},
	{0, "base", "CELL", KIND_TEXT, AT(base), CMD_COMPARE, NULL,
	 "compare cells within documents: the base cells, by id, strategy or fields such as "
	 "fs=ext4,jobs=2",
	 ANY},
	{0, "head", "CELL", KIND_TEXT, AT(head), CMD_COMPARE, NULL,
	 "the head cells, given like --base", ANY},
	{0, "tolerance", "PCT", KIND_PERCENT, AT(tolerance_ppm),
	 CMD_COMPARE | CMD_GATE | CMD_SELFTEST, "1", "ignore differences up to PCT", ANY},
	{0, "limit", "PCT", KIND_PERCENT, AT(limit_ppm), CMD_COMPARE | CMD_GATE | CMD_SELFTEST, "5",
	 "OK only if a slowdown of PCT is excluded", ANY},
	{0, "format", "FORMAT[=FILE],..", KIND_TEXT, AT(format), CMD_RUN | CMD_REPORT, "text",
	 "text, markdown, json, csv, google-benchmark, go-benchmark, hyperfine, "
	 "github-action-smaller, "
	 "github-action-bigger, bencher, openmetrics, fio or io500, on stdout or into FILE",
	 ANY},
	{0, "format", "FORMAT[=FILE],..", KIND_TEXT, AT(format), CMD_COMPARE | CMD_GATE, "text",
	 "text, json, markdown, csv, junit or github, on stdout or into FILE", ANY},
	{0, "format", "FORMAT[=FILE],..", KIND_TEXT, AT(format), CMD_LIST, "text",
	 "text, markdown, csv or json, on stdout or into FILE", ANY},
	{0, "db", "FILE", KIND_TEXT, AT(db), CMD_HISTORY, NULL,
	 "the database (default: statmark/history.db in $XDG_STATE_HOME or ~/.local/state)", ANY},
	{0, "commit", "WORD", KIND_TEXT, AT(commit), CMD_HISTORY, NULL,
	 "add: the commit that was measured (default: the one statmark was built from); "
	 "remove: only runs of it",
	 ANY},
	{0, "since", "DATE", KIND_TEXT, AT(since), CMD_HISTORY, NULL,
	 "remove: only runs of that day or later, such as 2026-01-31", ANY},
	{0, "until", "DATE", KIND_TEXT, AT(until), CMD_HISTORY, NULL,
	 "remove: only runs of that day or earlier", ANY},
	{0, "yes", NULL, KIND_FLAG, AT(yes), CMD_HISTORY, NULL,
	 "remove: do it; without, what would go is only shown", ANY},
	{0, "format", "FORMAT[=FILE],..", KIND_TEXT, AT(format), CMD_HISTORY, "text",
	 "text, markdown, csv or json, on stdout or into FILE; export has csv for text", ANY},
	{0, "window", "N", KIND_INTEGER, AT(window), CMD_HISTORY, "60",
	 "check the latest N points of each series", 2 * CHANGE_PART_MIN, CHANGE_POINTS_MAX},
	{0, "magnitude", "PCT", KIND_PERCENT, AT(magnitude_ppm), CMD_HISTORY, "2",
	 "ignore changes smaller than PCT", ANY},
	{0, "strict", NULL, KIND_FLAG, AT(strict), CMD_HISTORY, NULL,
	 "check: exit code 1 when something became slower", ANY},
	{'o', "output", "DIR", KIND_TEXT, AT(history_out), CMD_HISTORY, "statmark-history",
	 "show: where the plot is written", ANY},
	{0, "force-output", NULL, KIND_FLAG, AT(force_output),
	 CMD_RUN | CMD_LAB | CMD_REPORT | CMD_HISTORY | CMD_PROFILE | CMD_CROSSOVER | CMD_COMPARE |
		 CMD_GATE,
	 NULL, "allow an output directory that other users own or can write to", ANY},
	{0, "color", "WHEN", KIND_COLOR, AT(color),
	 CMD_RUN | CMD_LAB | CMD_REPORT | CMD_COMPARE | CMD_GATE | CMD_DOCTOR, "auto",
	 "auto, always or never; NO_COLOR is honoured", ANY},
	{0, "json", NULL, KIND_FLAG, AT(json), CMD_TREE, NULL, "tree stats: as JSON", ANY},
	{0, "json", NULL, KIND_FLAG, AT(json), CMD_DOCTOR | CMD_PROFILE | CMD_CROSSOVER, NULL,
	 "as JSON", ANY},
	{0, "json", NULL, KIND_FLAG, AT(json), CMD_COLLECT, NULL,
	 "print everything as one JSON document, a line per entry", ANY},
	{'q', "quiet", NULL, KIND_FLAG, AT(quiet),
	 CMD_RUN | CMD_LAB | CMD_TREE | CMD_GATE | CMD_SELFTEST | CMD_DOCTOR | CMD_PROFILE |
		 CMD_CROSSOVER,
	 NULL, "no progress line", ANY},
	{'h', "help", NULL, KIND_FLAG, AT(help), CMD_ALL, NULL, "show this help", ANY},
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

static int set_xattrs(int *xattrs, const char *value)
{
	*xattrs = *value ? 2 : 1;
	return *value && strcmp(value, "values") != 0 ? -EINVAL : 0;
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

/* "90", "90s", "2m" or "1h" */
static int parse_seconds(const char *text, uint64_t *seconds)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = {{"s", 1}, {"m", 60}, {"h", 3600}};
	const size_t digits = strspn(text, "0123456789");
	char number[24];
	if (digits >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, digits);
	number[digits] = '\0';
	int error = parse_integer(number, seconds);
	if (error || !text[digits])
		return error;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].suffix) == 0)
			return __builtin_mul_overflow(*seconds, units[i].factor, seconds) ? -ERANGE
											  : 0;
	}
	return -EINVAL;
}

static bool is_within(const struct option_row *row, uint64_t number)
{
	return number >= row->least && (!row->most || number <= row->most);
}

/*
 * The first item of a comma list that is no number of jobs, and its length; NULL: all are. A comma
 * too many does no harm, but a list of commas only is no list.
 */
static const char *bad_job(const struct option_row *row, const char *list, size_t *length)
{
	for (const char *item = list + strspn(list, ",");; item += strspn(item, ",")) {
		char word[24] = "";
		uint64_t jobs;
		*length = strcspn(item, ",");
		if (*length < sizeof(word))
			memcpy(word, item, *length);
		if (parse_integer(word, &jobs) || !is_within(row, jobs))
			return item;
		item += *length;
		if (!item[strspn(item, ",")])
			return NULL;
	}
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

static int set_number(uint64_t *field, const struct option_row *row, const char *value)
{
	int (*parse)(const char *text, uint64_t *number) = parse_count;
	if (row->kind == KIND_INTEGER)
		parse = parse_integer;
	else if (row->kind == KIND_SECONDS)
		parse = parse_seconds;
	else if (row->kind == KIND_PERCENT)
		parse = parse_percent;
	else if (row->kind == KIND_SIZE)
		parse = parse_size;
	int error = parse(value, field);
	return !error && !is_within(row, *field) ? -EINVAL : error;
}

static int set_counts(struct option_counts *counts, const struct option_row *row, const char *list)
{
	*counts = (struct option_counts){0};
	for (const char *item = list; *item; item += *item == ',') {
		const size_t length = strcspn(item, ",");
		char word[24] = "";
		if (counts->n == OPTION_COUNTS_MAX)
			return -E2BIG;
		if (length < sizeof(word))
			memcpy(word, item, length);
		uint64_t *count = &counts->values[counts->n++];
		int error = parse_count(word, count);
		if (error || !is_within(row, *count))
			return error ? error : -EINVAL;
		item += length;
	}
	return counts->n ? 0 : -EINVAL;
}

static int set_value(struct options *o, const struct option_row *row, const char *value)
{
	void *field = (char *)o + row->offset;
	size_t length;
	switch (row->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		return 0;
	case KIND_TEXT:
		*(const char **)field = value;
		return *value ? 0 : -EINVAL;
	case KIND_JOBS:
		*(const char **)field = value;
		return bad_job(row, value, &length) ? -EINVAL : 0;
	case KIND_COUNT:
	case KIND_INTEGER:
	case KIND_SECONDS:
	case KIND_SIZE:
	case KIND_PERCENT:
		return set_number(field, row, value);
	case KIND_COUNTS:
		return set_counts(field, row, value);
	case KIND_PARAMS:
		return strchr(value, '=') ? add_param(field, value) : -EINVAL;
	case KIND_COLOR:
		return set_color(field, value);
	case KIND_XATTRS:
		return set_xattrs(field, value);
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

/* A metavar in brackets may be left out; getopt takes such a value only behind '='. */
static int argument_of(const struct option_row *row)
{
	if (!row->metavar)
		return no_argument;
	return *row->metavar == '[' ? optional_argument : required_argument;
}

/* getopt's two descriptions of the rows that the subcommand takes. */
static void describe(int command, struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct option_row *row = &table[i];
		if (!(row->commands & command))
			continue;
		*longs++ = (struct option){row->name, argument_of(row), NULL, (int)i + FIRST_VAL};
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

/* The options that begin with what was written: more than one, else getopt would have taken it. */
static int ambiguous_option(int command, const char *word, const char *name, struct err *err)
{
	char all[256] = "";
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (!(table[i].commands & command) ||
		    strncmp(table[i].name, name, strlen(name)) != 0)
			continue;
		const size_t used = strlen(all);
		snprintf(all + used, sizeof(all) - used, "%s--%s", used ? " or " : "",
			 table[i].name);
	}
	if (!*name || !strstr(all, " or "))
		return 0;
	return err_set(err, -EINVAL, "%s is ambiguous: it may be short for %s; write more of it",
		       word, all);
}

static int unknown_option(int command, const char *word, struct err *err)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", word + strspn(word, "-"));
	name[strcspn(name, "=")] = '\0';
	if (strncmp(word, "--", 2) == 0 && ambiguous_option(command, word, name, err))
		return err->code;
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

/* "an integer from 1 to 1024" */
static void describe_number(const struct option_row *row, char *words, size_t size)
{
	const unsigned long long least = row->least, most = row->most;
	if (row->kind == KIND_SECONDS)
		snprintf(words, size, "a time from %llus to %llus, such as 90, 90s, 2m or 1h",
			 least, most);
	else if (row->kind == KIND_PERCENT)
		snprintf(words, size, "per cent%s, such as 2 or 0.5", least ? " above 0" : "");
	else if (most)
		snprintf(words, size, "an integer from %llu to %llu", least, most);
	else
		snprintf(words, size, "an integer from %llu, such as 20000 or 100k", least);
}

static int bad_value(const struct option_row *row, const char *value, int error, struct err *err)
{
	static const char *const wanted[] = {
		[KIND_TEXT] = "a value that is not empty",
		[KIND_SIZE] = "a size such as 512M or 2G",
		[KIND_PARAMS] = "NAME=VALUE",
		[KIND_COLOR] = "auto, always or never",
		[KIND_XATTRS] = "values, or nothing",
	};
	char words[96];
	size_t length = strlen(value);
	if (error == -ERANGE && !row->most)
		return err_set(err, -EINVAL, "--%s: %s is too large", row->name, value);
	if (error == -E2BIG && row->kind == KIND_COUNTS)
		return err_set(err, -EINVAL, "--%s: more than %d numbers", row->name,
			       OPTION_COUNTS_MAX);
	if (error == -E2BIG)
		return err_set(err, -EINVAL, "--%s: given more than %d times", row->name,
			       OPTION_PARAMS_MAX);
	if (row->kind == KIND_JOBS)
		value = bad_job(row, value, &length);
	if (row->kind < ARRAY_LEN(wanted) && wanted[row->kind])
		snprintf(words, sizeof(words), "%s", wanted[row->kind]);
	else
		describe_number(row, words, sizeof(words));
	return err_set(err, -EINVAL, "--%s: expected %s, got '%.*s'", row->name, words, (int)length,
		       value);
}

static int lacks_value(int command, const char *word, struct err *err)
{
	const struct option_row *row = find_row(command, optopt);
	if (!row)
		return err_set(err, -EINVAL, "%s: needs a value", word);
	if (strncmp(word, "--", 2) == 0)
		return err_set(err, -EINVAL, "--%s: needs a value: --%s %s", row->name, row->name,
			       row->metavar);
	return err_set(err, -EINVAL, "-%c: needs a value: -%c %s", row->letter, row->letter,
		       row->metavar);
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
			return lacks_value((int)command, argv[optind - 1], err);
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

/* What is true of many options; manual.py puts it at the end of the page. */
static void help_rules(FILE *to, bool has_time)
{
	fputs("\nA long option name may be shortened if it stays unique.\n", to);
	if (has_time)
		fputs("TIME is in seconds, or with a unit s, m or h: 90, 90s, 2m, 1h.\n", to);
}

enum { HELP_AT = 26, HELP_WIDTH = 79 };

void options_help(FILE *to, enum command_bit command)
{
	bool has_time = false;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct option_row *row = &table[i];
		char left[64], right[256], letter[5] = "    ";
		if (!(row->commands & (int)command))
			continue;
		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
			 argument_of(row) == required_argument ? " " : "",
			 row->metavar ? row->metavar : "");
		if (strlen(left) > 22)
			fprintf(to, "  %s\n  %22s", left, "");
		else
			fprintf(to, "  %-22s", left);
		snprintf(right, sizeof(right), "%s%s%s%s", row->help,
			 row->initial ? " (default: " : "", row->initial ? row->initial : "",
			 row->initial ? ")" : "");
		fputs("  ", to);
		wrap_print(to, right, HELP_AT, HELP_AT, HELP_WIDTH);
		fputc('\n', to);
		has_time |= row->kind == KIND_SECONDS;
	}
	help_rules(to, has_time);
}

static const char *echo_params(const char *const *params, struct arena *arena)
{
	char *all = NULL;
	for (; *params; params++)
		all = arena_print(arena, "%s%s%s", all ? all : "", all ? " " : "", *params);
	return all;
}

static const char *echo_counts(const struct option_counts *counts, struct arena *arena)
{
	const char *all = counts->n ? "" : "0";
	for (size_t i = 0; all && i < counts->n; i++)
		all = arena_print(arena, "%s%s%llu", all, i ? "," : "",
				  (unsigned long long)counts->values[i]);
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
	case KIND_JOBS:
		return *(const char *const *)field;
	case KIND_COUNT:
	case KIND_INTEGER:
	case KIND_SECONDS:
	case KIND_SIZE:
		return arena_print(arena, "%llu", *(const unsigned long long *)field);
	case KIND_PERCENT:
		return arena_print(arena, "%.10g", (double)*(const uint64_t *)field / 10000);
	case KIND_COUNTS:
		return echo_counts(field, arena);
	case KIND_PARAMS:
		return echo_params(field, arena);
	case KIND_XATTRS:
		return (const char *const[]){"no", "names", "values"}[*(const int *)field];
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
