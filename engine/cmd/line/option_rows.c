#include "engine/cmd/line/option_rows.h"

#include <assert.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/host/tax.h"
#include "engine/measure/choose/select.h"
#include "engine/measure/run.h"
#include "engine/terms.h"
#include "reports/history/change.h"
#include "reports/verdict/comparable.h"

/*
 * The offset of a field; it does not compile if the field does not have the type that this kind
 * sets.
 */
#define AT(field, type)                                                                            \
	.offset = offsetof(struct all_options, field) +                                            \
		  0 * _Generic(((struct all_options *)0)->field, type : 1)
#define OF(key, field, what, type) .name = key, .kind = what, AT(field, type)
#define FLAG(key, field)           OF(key, field, OPTION_FLAG, bool)
#define TEXT(key, field)           OF(key, field, OPTION_TEXT, const char *)
#define COUNT(key, field)          OF(key, field, OPTION_COUNT, uint64_t)
#define COUNTS(key, field)         OF(key, field, OPTION_COUNTS, struct option_counts)
#define INTEGER(key, field)        OF(key, field, OPTION_INTEGER, uint64_t)
#define JOBS(key, field)           OF(key, field, OPTION_JOBS, const char *)
#define SECONDS(key, field)        OF(key, field, OPTION_SECONDS, uint64_t)
#define SIZE(key, field)           OF(key, field, OPTION_SIZE, uint64_t)
#define PERCENT(key, field)        OF(key, field, OPTION_PERCENT, uint64_t)
#define TIME(key, field)           OF(key, field, OPTION_TIME, uint64_t)
#define WHOLE(key, field)          OF(key, field, OPTION_WHOLE, uint64_t)
#define FACTOR(key, field)         OF(key, field, OPTION_FACTOR, double)
#define DATE(key, field)           OF(key, field, OPTION_DATE, const char *)
#define XATTRS(key, field)         OF(key, field, OPTION_XATTRS, int)
#define PIN(key, field)            OF(key, field, OPTION_PIN, struct pin)
#define WORD(key, field, words)    OF(key, field, OPTION_WORD, int), .names = words
#define WORDS(key, field, words)   OF(key, field, OPTION_WORDS, unsigned), .names = words
#define PARAMS(key, field)                                                                         \
	.name = key, .kind = OPTION_PARAMS, .offset = offsetof(struct all_options, field)

#define LETTER(character)          .letter = character
#define VALUE(words)               .metavar = words
#define LEAST(number)              .least = number
#define RANGE(from, to)            .least = from, .most = to
#define INITIAL(words)             .initial = words
#define FOR(bits)                  .commands = bits
#define VERB(one)                  .verbs = 1U << (one)
#define VERBS(one, other)          .verbs = 1U << (one) | 1U << (other)
#define WITH(option)               .with = option
#define WHILE(option, words_of_it) .with = option, .with_values = words_of_it
#define HELP(words)                .help = words

enum {
	CMD_ALL = -1,
	SECONDS_MAX = 10000000,
	DAY_SECONDS = 86400,
	PERCENT_MAX = 10000000, /* 1000 % */
};

#define MILLISECOND (NS_PER_SECOND / 1000)

static const char *color_name(unsigned value)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
	return word_of(names, ARRAY_LEN(names), value);
}

static const char *theme_name(unsigned value)
{
	static const char *const names[] = {[THEME_LIGHT] = "light", [THEME_DARK] = "dark"};
	return word_of(names, ARRAY_LEN(names), value);
}

static const char *path_name(unsigned value)
{
	static const char *const names[] = {[PATH_GATE] = "gate", [PATH_RUN] = "run"};
	return word_of(names, ARRAY_LEN(names), value);
}

const char *tree_verb_name(unsigned verb)
{
	static const char *const names[] = {
		[TREE_CREATE] = "create", [TREE_VERIFY] = "verify", [TREE_REMOVE] = "remove",
		[TREE_SERVE] = "serve",   [TREE_STATS] = "stats",   [TREE_FIT] = "fit",
	};
	return word_of(names, ARRAY_LEN(names), verb);
}

const char *history_verb_name(unsigned verb)
{
	static const char *const names[] = {
		[HISTORY_ADD] = "add",   [HISTORY_SHOW] = "show",     [HISTORY_CHECK] = "check",
		[HISTORY_LIST] = "list", [HISTORY_EXPORT] = "export", [HISTORY_REMOVE] = "remove",
	};
	return word_of(names, ARRAY_LEN(names), verb);
}

const char *selftest_verb_name(unsigned verb)
{
	static const char *const names[] = {[SELFTEST_AA] = "aa", [SELFTEST_INJECT] = "inject"};
	return word_of(names, ARRAY_LEN(names), verb);
}

word_name *option_verbs(int command)
{
	return command == CMD_TREE       ? tree_verb_name
	       : command == CMD_HISTORY  ? history_verb_name
	       : command == CMD_SELFTEST ? selftest_verb_name
					 : NULL;
}

enum {
	COLD = 1 << CACHE_COLD,
	ANY_COLD = 1 << CACHE_COLD | 1 << CACHE_SLAB_COLD,
	BY_GATE = 1 << PATH_GATE,
	BY_RUN = 1 << PATH_RUN,
	HISTORY_PRINTS =
		1 << HISTORY_SHOW | 1 << HISTORY_CHECK | 1 << HISTORY_LIST | 1 << HISTORY_EXPORT,
	/* These write files only with --output; the others write always. */
	WRITE_ALWAYS = CMD_RUN | CMD_LAB | CMD_REPORT | CMD_HISTORY,
	WRITE_IF_ASKED = CMD_PROFILE | CMD_CROSSOVER | CMD_COMPARE | CMD_GATE,
};

#define GP_DIR_HELP                                                                                \
	"use gnuplot scripts in DIR instead of the built-in ones; to begin, copy some from "       \
	"OUTPUT/plots"
#define THEME_HELP                                                                                 \
	"background of plots in PNG, light or dark; plots in SVG follow the scheme of the page "   \
	"that contains them"
#define FORCE_OUTPUT_HELP "allow an output directory that other users own or can write to"

/* Options for trees are accepted by every subcommand that makes trees. */
const struct option_row option_rows[] = {
	{TEXT("a", crossover.arm_a), VALUE("CELL"), FOR(CMD_CROSSOVER),
	 HELP("what B is compared with: a strategy, with parameters or jobs, as in "
	      "lstat or 'statx[mask=size]/j2'")},
	{TEXT("b", crossover.arm_b), VALUE("CELL"), FOR(CMD_CROSSOVER),
	 HELP("the strategy that may become faster, such as threaded or threaded/j2")},
	{WORD("over", crossover.over, axis_kind_name), VALUE("AXIS"), FOR(CMD_CROSSOVER),
	 HELP("what to vary: entries of the tree; jobs of B; depth, in directories "
	      "above all files; name-length, in bytes of every name; batch, the size of "
	      "B's batches or chunks; rtt, the round trip of --fs sim")},
	{TEXT("from", crossover.from), VALUE("X"), FOR(CMD_CROSSOVER),
	 HELP("lower end of the axis, e.g. 10, or 100us with rtt (default: depends on "
	      "AXIS)")},
	{TEXT("to", crossover.to), VALUE("X"), FOR(CMD_CROSSOVER),
	 HELP("upper end of the axis, e.g. 100k (default: depends on AXIS)")},
	{FACTOR("resolution", crossover.resolution), VALUE("FACTOR"), RANGE(101, 10000),
	 INITIAL("1.25"), FOR(CMD_CROSSOVER),
	 HELP("measure until the ends of the interval differ by less than this factor")},
	{WORD("stage", cells.stage, stage_name), VALUE("STAGE"), FOR(CMD_RUN),
	 HELP("fetch: the paths are known; walk: only the root is known (default: the "
	      "stage of the strategies given, else fetch)")},
	{WORD("stage", cells.stage, stage_name), VALUE("STAGE"), FOR(CMD_GATE),
	 HELP("with --strategy: fetch, where the paths are known, or walk, where only the "
	      "root is known (default: the stage of the strategies given, else fetch)")},
	{WORD("stage", cells.stage, stage_name), VALUE("STAGE"), FOR(CMD_LAB),
	 HELP("fetch: the paths are known; walk: only the root is known (default: the "
	      "stage of the strategies given, else fetch; without --strategy walk)")},
	{TEXT("strategy", cells.strategies), LETTER('s'), VALUE("LIST"), FOR(CMD_RUN),
	 HELP("strategies by name or glob, with parameters, or with jobs of their own: "
	      "'lstat,statx[mask=size],lstat/j8' (default: all)")},
	{TEXT("strategy", cells.strategies), LETTER('s'), VALUE("LIST"), FOR(CMD_GATE),
	 HELP("compare two builds, --base bin:PATH and --head bin:PATH, in each of these "
	      "strategies, by name or glob, with parameters, or with jobs of their own: "
	      "'lstat,statx[mask=size],lstat/j8' (default: compare two arms)")},
	{TEXT("strategy", cells.strategies), LETTER('s'), VALUE("LIST"), FOR(CMD_LAB),
	 HELP("strategies by name or glob, with parameters, or with jobs of their own: "
	      "'lstat,statx[mask=size],lstat/j8' (default: some walks, find, fd and "
	      "bfs; with --stage fetch some that fetch known paths)")},
	{JOBS("jobs", cells.jobs), LETTER('j'), VALUE("LIST"), RANGE(1, JOBS_MAX),
	 FOR(CMD_RUN | CMD_LAB),
	 HELP("numbers of worker threads to measure with, e.g. 1,2,4 (default: 1)")},
	{JOBS("jobs", cells.jobs), LETTER('j'), VALUE("LIST"), RANGE(1, JOBS_MAX), FOR(CMD_GATE),
	 HELP("numbers of worker threads to measure with, e.g. 1,2,4 (default: 1); "
	      "without --strategy one number, for base and head unless they name their own")},
	{JOBS("jobs", cells.jobs), LETTER('j'), VALUE("LIST"), RANGE(1, JOBS_MAX), FOR(CMD_PROFILE),
	 HELP("numbers of jobs to compare, e.g. 1,2,4 (default: 1, 2, 4 .. up to twice "
	      "the CPUs)")},
	{INTEGER("top", profile.top), VALUE("N"), RANGE(0, OPTION_TOP_MAX), INITIAL("12"),
	 FOR(CMD_PROFILE), HELP("directories to name in each ranking")},
	{PARAMS("param", cells.params), LETTER('p'), VALUE("NAME=VALUE[,..]"),
	 FOR(CMD_RUN | CMD_LAB),
	 HELP("measure each strategy that has parameter NAME once with each VALUE; may "
	      "be repeated")},
	{PARAMS("param", cells.params), LETTER('p'), VALUE("NAME=VALUE[,..]"), FOR(CMD_GATE),
	 HELP("with --strategy: compare each strategy that has parameter NAME once with "
	      "each VALUE; may be repeated")},
	{WORDS("cache", caches.cache, cache_state_name), LETTER('c'), VALUE("LIST"),
	 INITIAL("warm"), FOR(CMD_RUN | CMD_CROSSOVER),
	 HELP("cache states: warm (primed until a pass reads nothing from disk), cold "
	      "(nothing cached), slab-cold (inodes and dentries dropped, pages kept), "
	      "as-is (neither primed nor dropped)")},
	{WORDS("cache", caches.cache, cache_state_name), LETTER('c'), VALUE("LIST"), FOR(CMD_LAB),
	 HELP("cache states of the client: cold (the guest's caches are emptied), warm "
	      "or as-is (default: cold)")},
	{TEXT("cold-cmd", caches.cold_command), VALUE("COMMAND"),
	 FOR(CMD_RUN | CMD_LAB | CMD_CROSSOVER), WHILE("cache", COLD),
	 HELP("command that empties the tree's caches; run by sh before every cold pass")},
	{TEXT("cold-cmd", caches.cold_command), VALUE("COMMAND"), FOR(CMD_PROFILE),
	 HELP("also compare the walks with cold caches: command that empties the tree's "
	      "caches; run by sh before every cold pass")},
	{FLAG("drop-caches", caches.drop_caches), FOR(CMD_RUN | CMD_CROSSOVER),
	 WHILE("cache", ANY_COLD),
	 HELP("empty the kernel's caches of the whole machine before every cold pass (needs "
	      "root)")},
	{FLAG("drop-caches", caches.drop_caches), FOR(CMD_PROFILE),
	 HELP("also compare the walks with cold caches: empty the kernel's caches of the "
	      "whole machine before every cold pass (needs root)")},
	{FLAG("trust-cold", caches.trust_cold), FOR(CMD_RUN | CMD_CROSSOVER), WHILE("cache", COLD),
	 HELP("accept a cold pass without proof if the filesystem does not count reads "
	      "(FUSE, 9p, ...)")},
	{FLAG("trust-cold", caches.trust_cold), FOR(CMD_PROFILE),
	 HELP("accept a cold pass without proof if the filesystem does not count reads "
	      "(FUSE, 9p, ...)")},
	{TEXT("prepare", caches.prepare_command), VALUE("COMMAND"), FOR(CMD_RUN | CMD_LAB),
	 HELP("command that sh runs before every pass; its time is not measured")},
	{PIN("pin", place.pin), VALUE("POLICY"), INITIAL("compact"), FOR(CMD_RUN | CMD_CROSSOVER),
	 HELP("place workers: compact, scatter, one-per-core, none or a CPU list such "
	      "as 0,2-3")},
	{WORD("order", place.order, order_name), VALUE("ORDER"), INITIAL("readdir"),
	 FOR(CMD_RUN | CMD_LAB | CMD_CROSSOVER),
	 HELP("order of the entries: readdir, inode, creation, sorted or random")},
	{COUNT("syscall-tax", place.syscall_tax), VALUE("N"), RANGE(0, TAX_MAX), INITIAL("0"),
	 FOR(CMD_RUN | CMD_CROSSOVER),
	 HELP("slow down every system call with a seccomp filter of N instructions")},
	{TEXT("baseline", cells.baseline), VALUE("CELL"), FOR(CMD_RUN | CMD_LAB),
	 HELP("the cell that all others are compared with (default: lstat or "
	      "walk-lstat with 1 job)")},
	{INTEGER("jobs", tree.tree_jobs), LETTER('j'), VALUE("N"), RANGE(1, JOBS_MAX),
	 FOR(CMD_TREE), VERBS(TREE_CREATE, TREE_REMOVE),
	 HELP("threads that make the tree, or that remove it with --force (default: one for "
	      "every CPU allowed)")},
	{INTEGER("jobs", tree.tree_jobs), LETTER('j'), VALUE("N"), RANGE(1, JOBS_MAX),
	 FOR(CMD_COLLECT),
	 HELP("threads that walk (default: chosen by the library during the walk)")},
	{FLAG("follow", collect.follow), LETTER('L'), FOR(CMD_COLLECT),
	 HELP("follow symlinks; loops are not entered")},
	{FLAG("bulk", collect.bulk), FOR(CMD_COLLECT),
	 HELP("read the filesystem's tables if possible (ext4, btrfs, xfs; as root), "
	      "else walk")},
	{FLAG("cross-mounts", tree.cross_mounts), FOR(CMD_COLLECT | CMD_RUN | CMD_PROFILE),
	 HELP("enter mount points (default: list them, but nothing below them)")},
	{FLAG("cross-mounts", tree.cross_mounts), FOR(CMD_TREE), VERBS(TREE_STATS, TREE_FIT),
	 HELP("enter mount points (default: count them, but nothing below them)")},
	{FLAG("force", tree_command.force), FOR(CMD_TREE), VERB(TREE_REMOVE),
	 HELP("also remove files that statmark did not make")},
	{TEXT("sim", tree_command.sim), VALUE("OPTIONS"), FOR(CMD_TREE), VERB(TREE_SERVE),
	 HELP("the simulated filesystem, lan-nfs or wan, then rtt=TIME, "
	      "jitter=N%, model=lognormal, servers=N, attr-cache=TIME, "
	      "entry-cache=TIME, readdirplus=auto, eio=1/N, change=TIME@N, seed=N, with "
	      "commas between (default: rtt=1ms, nothing cached)")},
	{TEXT("output", output.out), LETTER('o'), VALUE("FILE"), FOR(CMD_TREE), VERB(TREE_FIT),
	 HELP("write the shape into FILE (default: print it)")},
	{FLAG("extensions", tree_command.extensions), FOR(CMD_TREE), VERB(TREE_FIT),
	 HELP("also keep extensions, such as .c, that ten names or more have")},
	{SECONDS("max-time", time.max_time_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), FOR(CMD_TREE),
	 VERB(TREE_FIT),
	 HELP("stop reading after this time and fit what was read (default: "
	      "read all)")},
	{FLAG("print0", collect.print0), LETTER('0'), FOR(CMD_COLLECT),
	 HELP("print only the paths, each terminated by a NUL byte")},
	{FLAG("long", collect.details), LETTER('l'), FOR(CMD_COLLECT),
	 HELP("print type, mode, links, owner, size, time and path of each entry")},
	{XATTRS("xattrs", collect.xattrs), VALUE("[=values]"), FOR(CMD_COLLECT),
	 HELP("also fetch the names of extended attributes, or names and values; --json "
	      "lists them")},
	{COUNTS("entries", fs.sizes), VALUE("LIST"), LEAST(1), FOR(CMD_RUN),
	 HELP("number of entries of the tree, e.g. 100k; or a list, 1k,10k,100k: one "
	      "tree of each size, measured together (default: set by the shape)")},
	{COUNTS("entries", fs.sizes), VALUE("LIST"), LEAST(1), FOR(CMD_LAB),
	 HELP("number of entries of the tree, or a list of numbers (default: 100; 8 to "
	      "compare attribute caches)")},
	{COUNT("entries", tree.entries), VALUE("N"), LEAST(1), FOR(CMD_CROSSOVER),
	 HELP("make the tree with N entries (default: depends on AXIS; not with --over "
	      "entries)")},
	{COUNT("entries", tree.entries), VALUE("N"), LEAST(1), FOR(CMD_TREE),
	 VERBS(TREE_CREATE, TREE_SERVE),
	 HELP("make the tree with N entries, e.g. 100k (default: set by the shape)")},
	{COUNT("entries", tree.entries), VALUE("N"), LEAST(1), FOR(CMD_GATE | CMD_SELFTEST),
	 HELP("make the tree with N entries, e.g. 100k (default: set by the shape)")},
	{COUNT("seed", tree.seed), VALUE("N"),
	 FOR(CMD_RUN | CMD_LAB | CMD_GATE | CMD_SELFTEST | CMD_CROSSOVER),
	 HELP("seed of the generated tree and of the order of passes (default: tree: the "
	      "shape's; order: random)")},
	{COUNT("seed", tree.seed), VALUE("N"), FOR(CMD_TREE), VERBS(TREE_CREATE, TREE_SERVE),
	 HELP("seed of the tree (default: set by the shape)")},
	{COUNT("seed", tree.seed), VALUE("N"), FOR(CMD_HISTORY), VERBS(HISTORY_SHOW, HISTORY_CHECK),
	 HELP("seed of the shuffled series that a change is tested against (default: 1)")},
	{TEXT("dir", tree.dir), VALUE("PATH"), INITIAL("statmark-trees"),
	 FOR(CMD_RUN | CMD_GATE | CMD_SELFTEST | CMD_DOCTOR | CMD_CROSSOVER),
	 HELP("directory in which trees are made and reused")},
	{TEXT("fs", fs.fs), VALUE("LIST"), FOR(CMD_RUN | CMD_CROSSOVER),
	 HELP("make the tree on filesystems made for this run and measured together: "
	      "tmpfs, ext4, xfs, btrfs, overlay, squashfs, erofs, with options as in "
	      "ext4:noatime,mkfs=-O^dir_index or ext4:disk=ssd; sim:rtt=1ms is a "
	      "simulated remote one, sshfs:rtt=5ms a real one")},
	{TEXT("fs", fs.fs), VALUE("LIST"), FOR(CMD_LAB),
	 HELP("mounts to compare, with mount options: nfs,nfs:noac,nfs:nconnect=4 "
	      "(default: one, with the kernel's default options)")},
	{TIME("rtt", lab.rtt_ns), VALUE("TIME"), RANGE(5 * MILLISECOND, 10 * NS_PER_SECOND),
	 INITIAL("5ms"), FOR(CMD_LAB),
	 HELP("round trip between client and server, half of it in each direction: 5ms "
	      "or more"),
	 .hint = "in the lab client and server share one slow CPU, whose time would dominate a "
		 "shorter round trip; statmark run --fs sim:rtt=TIME simulates one"},
	{TEXT("fs-dir", fs.fs_dir), VALUE("DIR"), FOR(CMD_RUN | CMD_CROSSOVER), WITH("fs"),
	 HELP("directory for the images of these filesystems (default: in memory)")},
	{SIZE("memory", fs.memory), VALUE("SIZE"), FOR(CMD_RUN),
	 HELP("limit of memory for trees, with their filesystems and caches, e.g. 2G; "
	      "trees that do not fit are measured after the others (default: three "
	      "quarters of what is available)")},
	{COUNT("rounds", time.rounds), VALUE("N"), RANGE(1, OPTION_ROUNDS_MAX), INITIAL("80"),
	 FOR(CMD_RUN | CMD_LAB),
	 HELP("rounds to measure; each has one pass of every cell, in shuffled order")},
	{COUNT("rounds", time.rounds), VALUE("N"), RANGE(1, OPTION_ROUNDS_MAX / 2), INITIAL("80"),
	 FOR(CMD_SELFTEST), WHILE("path", BY_RUN), HELP("rounds of each comparison")},
	{SECONDS("max-time", time.max_time_s), VALUE("TIME"), RANGE(0, SECONDS_MAX),
	 INITIAL("120s"), FOR(CMD_RUN), HELP("start no round after this time; 0: no limit")},
	{SECONDS("max-time", time.max_time_s), VALUE("TIME"), RANGE(0, SECONDS_MAX),
	 INITIAL("110s"), FOR(CMD_LAB),
	 HELP("time for everything: boot, runs and plots; 0: no limit")},
	{SECONDS("max-time", time.doctor_s), VALUE("TIME"), RANGE(1, DAY_SECONDS), INITIAL("10s"),
	 FOR(CMD_DOCTOR), HELP("duration of the measurement")},
	{SECONDS("max-time", time.max_time_s), VALUE("TIME"), RANGE(1, DAY_SECONDS), INITIAL("60s"),
	 FOR(CMD_PROFILE | CMD_CROSSOVER),
	 HELP("stop after this time and print the results so far")},
	{COUNT("sample", time.sample), VALUE("N"), RANGE(0, SAMPLE_MAX), INITIAL("31"),
	 FOR(CMD_RUN),
	 HELP("time one entry in N, on average, in separate latency passes; 1: every "
	      "entry; 0: no latency passes")},
	{COUNT("sample", time.sample), VALUE("N"), RANGE(0, SAMPLE_MAX), INITIAL("0"), FOR(CMD_LAB),
	 HELP("time one entry in N, on average, in separate latency passes; 0: no "
	      "latency passes")},
	{SECONDS("max-time", time.max_time_s), VALUE("TIME"), RANGE(1, SECONDS_MAX),
	 INITIAL("280s"), FOR(CMD_GATE), HELP("measure for at most this time")},
	{SECONDS("max-time", time.max_time_s), VALUE("TIME"), RANGE(1, SECONDS_MAX),
	 INITIAL("280s"), FOR(CMD_SELFTEST), WHILE("path", BY_GATE),
	 HELP("measure for at most this time in each comparison")},
	{SECONDS("timeout", time.timeout_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), INITIAL("60s"),
	 FOR(CMD_RUN),
	 HELP("stop --cold-cmd, --prepare or a pass of an outside program that takes longer")},
	{SECONDS("timeout", time.timeout_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), INITIAL("60s"),
	 FOR(CMD_LAB),
	 HELP("stop the boot, --cold-cmd, --prepare or a pass of an outside program that takes "
	      "longer")},
	{SECONDS("timeout", time.timeout_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), INITIAL("60s"),
	 FOR(CMD_CROSSOVER),
	 HELP("stop --cold-cmd or a pass of an outside program that takes longer")},
	{SECONDS("timeout", time.timeout_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), INITIAL("60s"),
	 FOR(CMD_PROFILE), HELP("stop --cold-cmd if it takes longer")},
	{SECONDS("timeout", time.timeout_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), INITIAL("60s"),
	 FOR(CMD_GATE), HELP("stop a worker, with its outside program, if a pass takes longer")},
	{SECONDS("timeout", time.timeout_s), VALUE("TIME"), RANGE(1, SECONDS_MAX), INITIAL("60s"),
	 FOR(CMD_SELFTEST), WHILE("path", BY_GATE), HELP("stop a worker if a pass takes longer")},
	{PERCENT("precision", time.precision_ppm), VALUE("PCT"), RANGE(1, PERCENT_MAX),
	 FOR(CMD_RUN | CMD_LAB),
	 HELP("measure until the interval of every ratio lies within PCT of the ratio, "
	      "if time allows")},
	{FLAG("quick", time.quick), FOR(CMD_RUN),
	 HELP("20 rounds, at most 25 seconds; measure a part of the tree if the whole "
	      "takes too long")},
	{TEXT("output", output.out), LETTER('o'), VALUE("DIR"), FOR(CMD_RUN | CMD_LAB),
	 HELP("write run.json and plots into DIR (default: statmark-out/TREE-DATE-TIME, "
	      "with a symlink statmark-out/latest)")},
	{TEXT("output", output.out), LETTER('o'), VALUE("DIR"), FOR(CMD_CROSSOVER),
	 HELP("also write crossover.json and a plot into DIR (default: only print)")},
	{TEXT("output", output.out), LETTER('o'), VALUE("DIR"), FOR(CMD_REPORT),
	 HELP("write plots and the page into DIR (default: the directory of RUN.json; "
	      "required with "
	      "several documents)")},
	{TEXT("output", output.out), LETTER('o'), VALUE("DIR"), FOR(CMD_PROFILE),
	 HELP("also write profile.json and plots into DIR (default: only print)")},
	{TEXT("output", output.out), LETTER('o'), VALUE("DIR"), FOR(CMD_COMPARE | CMD_GATE),
	 HELP("also write page and plot into DIR (default: only print)")},
	{FLAG("no-plots", output.no_plots), FOR(CMD_RUN | CMD_LAB | CMD_REPORT | CMD_HISTORY),
	 VERB(HISTORY_SHOW), HELP("draw no plots and write no page")},
	{FLAG("no-plots", output.no_plots), FOR(CMD_PROFILE | CMD_CROSSOVER),
	 HELP("draw no plots")},
	{TEXT("gp-dir", output.gp_dir), VALUE("DIR"), FOR(WRITE_ALWAYS), VERB(HISTORY_SHOW),
	 HELP(GP_DIR_HELP)},
	{TEXT("gp-dir", output.gp_dir), VALUE("DIR"), FOR(WRITE_IF_ASKED), WITH("output"),
	 HELP(GP_DIR_HELP)},
	{WORD("theme", output.theme, theme_name), VALUE("THEME"), INITIAL("light"),
	 FOR(WRITE_ALWAYS), VERB(HISTORY_SHOW), HELP(THEME_HELP)},
	{WORD("theme", output.theme, theme_name), VALUE("THEME"), INITIAL("light"),
	 FOR(WRITE_IF_ASKED), WITH("output"), HELP(THEME_HELP)},
	{WORDS("across", sides.across, condition_name), VALUE("LIST"), FOR(CMD_COMPARE),
	 HELP("what may differ between the sides: host, kernel, tool, fs, tree, cache, "
	      "pin, way (default: nothing)")},
	{TEXT("base", sides.base), VALUE("ARM"), FOR(CMD_GATE),
	 HELP("the arm to compare with, such as the old build")},
	{TEXT("head", sides.head), VALUE("ARM"), FOR(CMD_GATE),
	 HELP("the arm to judge, such as the new build")},
	{WORD("path", selftest.path, path_name), VALUE("PATH"), INITIAL("gate"), FOR(CMD_SELFTEST),
	 HELP("method to test: that of statmark gate or of statmark run")},
	{COUNT("runs", selftest.runs), VALUE("N"), RANGE(1, 100000), INITIAL("20"),
	 FOR(CMD_SELFTEST), HELP("number of comparisons")},
	{WHOLE("pct", selftest.pct), VALUE("PCT"), RANGE(0, 100), INITIAL("5"), FOR(CMD_SELFTEST),
	 VERB(SELFTEST_INJECT), HELP("slow the copy down by PCT per cent more system calls")},
	{INTEGER("spin", selftest.spin), VALUE("N"), RANGE(0, OPTION_SPIN_MAX), INITIAL("0"),
	 FOR(CMD_SELFTEST), HELP("keep N processes busy during the test, as load")},
	{FLAG("relative", sides.relative), FOR(CMD_COMPARE),
	 HELP("compare ratios to the baseline of each document instead of times")},
	{TEXT("base", sides.base), VALUE("CELL"), FOR(CMD_COMPARE),
	 HELP("compare cells within documents: the base cells, by id, strategy or "
	      "fields such as fs=ext4,jobs=2")},
	{TEXT("head", sides.head), VALUE("CELL"), FOR(CMD_COMPARE),
	 HELP("the head cells, selected as with --base")},
	{PERCENT("tolerance", limits.tolerance_ppm), VALUE("PCT"), RANGE(0, PERCENT_MAX),
	 INITIAL("1"), FOR(CMD_COMPARE | CMD_GATE), HELP("ignore differences up to PCT")},
	{PERCENT("tolerance", limits.tolerance_ppm), VALUE("PCT"), RANGE(0, PERCENT_MAX),
	 INITIAL("1"), FOR(CMD_SELFTEST), WHILE("path", BY_GATE),
	 HELP("ignore differences up to PCT")},
	{PERCENT("limit", limits.limit_ppm), VALUE("PCT"), RANGE(0, PERCENT_MAX), INITIAL("5"),
	 FOR(CMD_COMPARE | CMD_GATE),
	 HELP("give the verdict OK only if a slowdown of PCT is excluded")},
	{PERCENT("limit", limits.limit_ppm), VALUE("PCT"), RANGE(0, PERCENT_MAX), INITIAL("5"),
	 FOR(CMD_SELFTEST), WHILE("path", BY_GATE),
	 HELP("give the verdict OK only if a slowdown of PCT is excluded")},
	{TEXT("format", output.format), VALUE("FORMAT[=FILE],.."), INITIAL("text"),
	 FOR(CMD_RUN | CMD_REPORT),
	 HELP("text, markdown, json, csv, google-benchmark, go-benchmark, hyperfine, "
	      "github-action-smaller, github-action-bigger, bencher, openmetrics, fio "
	      "or io500, on stdout or into FILE")},
	{TEXT("format", output.format), VALUE("FORMAT[=FILE],.."), INITIAL("text"),
	 FOR(CMD_COMPARE | CMD_GATE),
	 HELP("text, json, markdown, csv, junit or github, on stdout or into FILE")},
	{TEXT("format", output.format), VALUE("FORMAT[=FILE],.."), INITIAL("text"), FOR(CMD_LIST),
	 HELP("text, markdown, csv or json, on stdout or into FILE")},
	{TEXT("db", history.db), VALUE("FILE"), FOR(CMD_HISTORY),
	 HELP("the database (default: statmark/history.db in $XDG_STATE_HOME or "
	      "~/.local/state)")},
	{TEXT("commit", history.commit), VALUE("WORD"), FOR(CMD_HISTORY),
	 VERBS(HISTORY_ADD, HISTORY_REMOVE),
	 HELP("commit of the runs that are added or removed (default of add: the one "
	      "statmark was built from)")},
	{DATE("since", history.since), VALUE("DATE"), FOR(CMD_HISTORY), VERB(HISTORY_REMOVE),
	 HELP("only runs of that day or later, such as 2026-01-31")},
	{DATE("until", history.until), VALUE("DATE"), FOR(CMD_HISTORY), VERB(HISTORY_REMOVE),
	 HELP("only runs of that day or earlier")},
	{FLAG("yes", history.yes), FOR(CMD_HISTORY), VERB(HISTORY_REMOVE),
	 HELP("remove the runs (default: only list them)")},
	{TEXT("format", output.format), VALUE("FORMAT[=FILE],.."), INITIAL("text"),
	 FOR(CMD_HISTORY), .verbs = HISTORY_PRINTS,
	 HELP("text, markdown, csv or json, on stdout or into FILE; with export, text "
	      "means csv")},
	{INTEGER("window", history.window), VALUE("N"),
	 RANGE(2 * CHANGE_PART_MIN, CHANGE_POINTS_MAX), INITIAL("60"), FOR(CMD_HISTORY),
	 VERBS(HISTORY_SHOW, HISTORY_CHECK), HELP("use the latest N points of each series")},
	{PERCENT("magnitude", history.magnitude_ppm), VALUE("PCT"), RANGE(0, PERCENT_MAX),
	 INITIAL("2"), FOR(CMD_HISTORY), VERBS(HISTORY_SHOW, HISTORY_CHECK),
	 HELP("ignore changes smaller than PCT")},
	{FLAG("strict", history.strict), FOR(CMD_HISTORY), VERB(HISTORY_CHECK),
	 HELP("exit code 1 if something became slower")},
	{TEXT("output", output.history_out), LETTER('o'), VALUE("DIR"), INITIAL("statmark-history"),
	 FOR(CMD_HISTORY), VERB(HISTORY_SHOW), HELP("write page and plot into DIR")},
	{FLAG("force-output", output.force_output), FOR(WRITE_ALWAYS), VERB(HISTORY_SHOW),
	 HELP(FORCE_OUTPUT_HELP)},
	{FLAG("force-output", output.force_output), FOR(WRITE_IF_ASKED), WITH("output"),
	 HELP(FORCE_OUTPUT_HELP)},
	{WORD("color", output.color, color_name), VALUE("WHEN"), INITIAL("auto"),
	 FOR(CMD_RUN | CMD_LAB | CMD_REPORT | CMD_COMPARE | CMD_GATE | CMD_DOCTOR),
	 HELP("auto, always or never; NO_COLOR is honoured")},
	{FLAG("json", line.json), FOR(CMD_TREE), VERB(TREE_STATS), HELP("print JSON")},
	{FLAG("json", line.json), FOR(CMD_DOCTOR | CMD_PROFILE | CMD_CROSSOVER),
	 HELP("print JSON")},
	{FLAG("json", line.json), FOR(CMD_COLLECT),
	 HELP("print everything as one JSON document, a line per entry")},
	{FLAG("quiet", line.quiet), LETTER('q'),
	 FOR(CMD_RUN | CMD_LAB | CMD_TREE | CMD_GATE | CMD_SELFTEST | CMD_DOCTOR | CMD_PROFILE |
	     CMD_CROSSOVER),
	 HELP("print no progress line")},
	{FLAG("help", line.help), LETTER('h'), FOR(CMD_ALL), HELP("show this help")},
};
const size_t n_option_rows = ARRAY_LEN(option_rows);
static_assert(ARRAY_LEN(option_rows) <= OPTION_ROWS_MAX, "room for all options");

/* It does not compile if the group has another type in the subcommand. */
#define SHARE(bit, name, group)                                                                    \
	{                                                                                          \
		bit, offsetof(struct all_options, group), offsetof(struct name##_command, group),  \
			sizeof(((struct all_options *)0)->group) +                                 \
				0 * sizeof(&((struct all_options *)0)->group ==                    \
					   &((struct name##_command *)0)->group)                   \
	}

const struct option_share option_shares[] = {
	SHARE(CMD_RUN, run, line),
	SHARE(CMD_RUN, run, tree),
	SHARE(CMD_RUN, run, fs),
	SHARE(CMD_RUN, run, cells),
	SHARE(CMD_RUN, run, caches),
	SHARE(CMD_RUN, run, place),
	SHARE(CMD_RUN, run, time),
	SHARE(CMD_RUN, run, output),
	SHARE(CMD_LIST, list, line),
	SHARE(CMD_LIST, list, output),
	SHARE(CMD_TREE, tree, line),
	SHARE(CMD_TREE, tree, tree),
	SHARE(CMD_TREE, tree, time),
	SHARE(CMD_TREE, tree, output),
	SHARE(CMD_TREE, tree, tree_command),
	SHARE(CMD_REPORT, report, line),
	SHARE(CMD_REPORT, report, output),
	SHARE(CMD_COMPARE, compare, line),
	SHARE(CMD_COMPARE, compare, output),
	SHARE(CMD_COMPARE, compare, limits),
	SHARE(CMD_COMPARE, compare, sides),
	SHARE(CMD_HISTORY, history, line),
	SHARE(CMD_HISTORY, history, tree),
	SHARE(CMD_HISTORY, history, output),
	SHARE(CMD_HISTORY, history, history),
	SHARE(CMD_COLLECT, collect, line),
	SHARE(CMD_COLLECT, collect, tree),
	SHARE(CMD_COLLECT, collect, collect),
	SHARE(CMD_DOCTOR, doctor, line),
	SHARE(CMD_DOCTOR, doctor, tree),
	SHARE(CMD_DOCTOR, doctor, time),
	SHARE(CMD_DOCTOR, doctor, output),
	SHARE(CMD_GATE, gate, line),
	SHARE(CMD_GATE, gate, tree),
	SHARE(CMD_GATE, gate, cells),
	SHARE(CMD_GATE, gate, time),
	SHARE(CMD_GATE, gate, output),
	SHARE(CMD_GATE, gate, limits),
	SHARE(CMD_GATE, gate, sides),
	SHARE(CMD_SELFTEST, selftest, line),
	SHARE(CMD_SELFTEST, selftest, tree),
	SHARE(CMD_SELFTEST, selftest, time),
	SHARE(CMD_SELFTEST, selftest, limits),
	SHARE(CMD_SELFTEST, selftest, selftest),
	SHARE(CMD_WORKER, worker, line),
	SHARE(CMD_PROFILE, profile, line),
	SHARE(CMD_PROFILE, profile, tree),
	SHARE(CMD_PROFILE, profile, cells),
	SHARE(CMD_PROFILE, profile, caches),
	SHARE(CMD_PROFILE, profile, time),
	SHARE(CMD_PROFILE, profile, output),
	SHARE(CMD_PROFILE, profile, profile),
	SHARE(CMD_LAB, lab, line),
	SHARE(CMD_LAB, lab, tree),
	SHARE(CMD_LAB, lab, fs),
	SHARE(CMD_LAB, lab, cells),
	SHARE(CMD_LAB, lab, caches),
	SHARE(CMD_LAB, lab, place),
	SHARE(CMD_LAB, lab, time),
	SHARE(CMD_LAB, lab, output),
	SHARE(CMD_LAB, lab, lab),
	SHARE(CMD_CROSSOVER, crossover, line),
	SHARE(CMD_CROSSOVER, crossover, tree),
	SHARE(CMD_CROSSOVER, crossover, fs),
	SHARE(CMD_CROSSOVER, crossover, cells),
	SHARE(CMD_CROSSOVER, crossover, caches),
	SHARE(CMD_CROSSOVER, crossover, place),
	SHARE(CMD_CROSSOVER, crossover, time),
	SHARE(CMD_CROSSOVER, crossover, output),
	SHARE(CMD_CROSSOVER, crossover, crossover),
};
const size_t n_option_shares = ARRAY_LEN(option_shares);
