/* The command line: every option by table, every mistake in words, help and echo complete. */
#include "engine/cmd/line/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/arena.h"
#include "engine/base/util.h"
#include "engine/cmd/crossover/axis.h"
#include "engine/cmd/line/option_rows.h"
#include "reports/verdict/comparable.h"
#include "tests/test.h"

enum { ARGS_MAX = 40, TEXT_MAX = 512 };

/* A command line, split at spaces as a shell would; "''" is an empty word. */
struct line {
	char text[TEXT_MAX];
	char *argv[ARGS_MAX + 1];
	int argc;
	union options options;
	char **operands;
	struct err err;
};

static int parse(struct line *line, enum command_bit command, const char *text)
{
	char *save, *word;
	memset(line, 0, sizeof(*line));
	snprintf(line->text, sizeof(line->text), "COMMAND %s", text);
	for (word = strtok_r(line->text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(line->argc < ARGS_MAX);
		line->argv[line->argc++] = strcmp(word, "''") == 0 ? "" : word;
	}
	return options_parse(&line->options, command, line->argc, line->argv, &line->operands,
			     &line->err);
}

static const struct run_command *parsed(struct line *line, const char *text)
{
	if (parse(line, CMD_RUN, text))
		fail_msg("run %s: %s", text, line->err.text);
	return &line->options.run;
}

static void without_options_the_defaults_hold(void **state)
{
	struct line line;
	const struct run_command *o = parsed(&line, "");
	(void)state;
	assert_null(o->cells.strategies);
	assert_null(o->cells.jobs);
	assert_null(o->cells.baseline);
	assert_null(o->cells.params[0]);
	assert_int_equal(o->caches.cache, 1U << CACHE_WARM);
	assert_int_equal(o->place.pin.policy, PIN_COMPACT);
	assert_string_equal(o->tree.dir, "statmark-trees");
	assert_null(o->output.out);
	assert_int_equal(o->time.rounds, 80);
	assert_int_equal(o->time.max_time_s, 120);
	assert_int_equal(o->fs.sizes.n, 0);
	assert_int_equal(o->output.color, COLOR_AUTO);
	assert_false(o->tree.has_seed || o->time.quick || o->output.no_plots || o->line.quiet ||
		     o->line.help);
	assert_null(line.operands[0]);
}

static void every_option_is_read(void **state)
{
	struct line line;
	const struct run_command *o = parsed(
		&line, "--strategy lstat,statx --jobs 1,2 --param mask=size --cache as-is "
		       "--pin 0,2-3 --baseline fstatat --entries 100k,2M,30 --seed 7 --dir trees "
		       "--rounds 9 --max-time 3 --quick --output out --no-plots --color never "
		       "--quiet --help");
	(void)state;
	assert_string_equal(o->cells.strategies, "lstat,statx");
	assert_string_equal(o->cells.jobs, "1,2");
	assert_string_equal(o->cells.params[0], "mask=size");
	assert_null(o->cells.params[1]);
	assert_int_equal(o->caches.cache, 1U << CACHE_AS_IS);
	assert_int_equal(o->place.pin.policy, PIN_LIST);
	assert_int_equal(o->place.pin.n, 2);
	assert_int_equal(o->place.pin.ranges[1].to, 3);
	assert_string_equal(o->cells.baseline, "fstatat");
	assert_int_equal(o->fs.sizes.n, 3);
	assert_int_equal(o->fs.sizes.values[0], 100000);
	assert_int_equal(o->fs.sizes.values[1], 2000000);
	assert_int_equal(o->fs.sizes.values[2], 30);
	assert_true(o->tree.has_seed);
	assert_int_equal(o->tree.seed, 7);
	assert_string_equal(o->tree.dir, "trees");
	assert_int_equal(o->time.rounds, 9);
	assert_int_equal(o->time.max_time_s, 3);
	assert_string_equal(o->output.out, "out");
	assert_int_equal(o->output.color, COLOR_NEVER);
	assert_true(o->time.quick && o->output.no_plots && o->line.quiet && o->line.help);
}

static void letters_are_short_for_names(void **state)
{
	struct line line;
	const struct run_command *o =
		parsed(&line, "-s lstat -j 2 -p a=1 -pb=2,3 -c warm -oout -q -h");
	(void)state;
	assert_string_equal(o->cells.strategies, "lstat");
	assert_string_equal(o->cells.jobs, "2");
	assert_string_equal(o->cells.params[0], "a=1");
	assert_string_equal(o->cells.params[1], "b=2,3");
	assert_null(o->cells.params[2]);
	assert_string_equal(o->output.out, "out");
	assert_true(o->line.quiet && o->line.help);
}

static void values_may_stand_behind_an_equals_sign(void **state)
{
	struct line line;
	const struct run_command *o = parsed(&line, "--strategy=statx[mask=size] --seed=0 -qh");
	(void)state;
	assert_string_equal(o->cells.strategies, "statx[mask=size]");
	assert_true(o->tree.has_seed);
	assert_int_equal(o->tree.seed, 0);
	assert_true(o->line.quiet && o->line.help);
}

static void the_last_one_counts(void **state)
{
	struct line line;
	(void)state;
	assert_int_equal(parsed(&line, "--rounds 5 --rounds 6")->time.rounds, 6);
}

static void operands_may_stand_anywhere(void **state)
{
	struct line line;
	const struct run_command *o = parsed(&line, "tree -q other --rounds 3 -- --quick");
	(void)state;
	assert_string_equal(line.operands[0], "tree");
	assert_string_equal(line.operands[1], "other");
	assert_string_equal(line.operands[2], "--quick");
	assert_null(line.operands[3]);
	assert_true(o->line.quiet && !o->time.quick);
	assert_int_equal(o->time.rounds, 3);
	assert_int_equal(o->line.argc, line.argc);
	assert_ptr_equal(o->line.argv, line.argv);
}

/* getopt keeps its place in globals: a second parse must not go on where the first stopped. */
static void parsing_starts_anew_each_time(void **state)
{
	struct line line;
	(void)state;
	assert_int_equal(parse(&line, CMD_RUN, "-qx"), -EINVAL);
	assert_true(parsed(&line, "-q")->line.quiet);
	assert_false(parsed(&line, "tree")->line.quiet);
	assert_string_equal(line.operands[0], "tree");
}

static const struct {
	enum command_bit command;
	const char *line, *words;
} mistakes[] = {
	{CMD_RUN, "--rouns 3", "unknown option --rouns; did you mean '--rounds'?"},
	{CMD_RUN, "--stratgey=lstat",
	 "unknown option --stratgey=lstat; did you mean '--strategy'?"},
	{CMD_RUN, "--frobnicate", "unknown option --frobnicate; --help lists them"},
	{CMD_RUN, "-x", "unknown option -x; --help lists them"},
	{CMD_RUN, "-qx", "unknown option -x; --help lists them"},
	{CMD_LIST, "--rounds 3", "unknown option --rounds; --help lists them"},
	{CMD_LIST, "-s lstat", "unknown option -s; --help lists them"},
	{CMD_RUN, "--rounds", "--rounds: needs a value: --rounds N"},
	{CMD_RUN, "tree -s", "-s: needs a value: -s LIST"},
	{CMD_RUN, "--rounds ten", "--rounds: expected an integer from 1 to 200000, got 'ten'"},
	{CMD_RUN, "--entries -5",
	 "--entries: expected an integer from 1, such as 20000 or 100k, got '-5'"},
	{CMD_RUN, "--max-time 1.5",
	 "--max-time: expected a time from 0s to 10000000s, such as 90, 90s, 2m or 1h, "
	 "got '1.5'"},
	{CMD_DOCTOR, "--max-time 25h",
	 "--max-time: expected a time from 1s to 86400s, such as 90, 90s, 2m or 1h, "
	 "got '25h'"},
	{CMD_RUN, "--seed ''", "--seed: expected an integer from 0, such as 20000 or 100k, got ''"},
	{CMD_RUN, "-o ''", "--output: expected a value that is not empty, got ''"},
	{CMD_RUN, "-p mask", "--param: expected NAME=VALUE, got 'mask'"},
	{CMD_RUN, "--color blue", "--color: expected auto, always or never, got 'blue'"},
	{CMD_RUN, "--stage wlak",
	 "--stage: expected fetch or walk, got 'wlak'; did you mean 'walk'?"},
	{CMD_LAB, "--order inoed",
	 "--order: expected readdir, inode, creation, sorted or random, got 'inoed'; did "
	 "you mean 'inode'?"},
	{CMD_RUN, "--cache warm,cld",
	 "--cache: expected as-is, warm, slab-cold or cold, got 'cld'; did you mean "
	 "'cold'?"},
	{CMD_RUN, "--pin compcat",
	 "--pin: expected compact, scatter, one-per-core, none or a CPU list such as "
	 "0,2-3, got 'compcat'"},
	{CMD_RUN, "-j 2k", "--jobs: expected an integer from 1 to 1024, got '2k'"},
	{CMD_RUN, "-j 1,2k,3", "--jobs: expected an integer from 1 to 1024, got '2k'"},
	{CMD_RUN, "-j ,", "--jobs: expected an integer from 1 to 1024, got ''"},
	{CMD_RUN, "-j 1025", "--jobs: expected an integer from 1 to 1024, got '1025'"},
	{CMD_COLLECT, "-j 2k", "--jobs: expected an integer from 1 to 1024, got '2k'"},
	{CMD_TREE, "-j 0", "--jobs: expected an integer from 1 to 1024, got '0'"},
	{CMD_RUN, "--precision 0",
	 "--precision: expected per cent above 0, up to 1000, such as 2 or 0.5, got '0'"},
	{CMD_GATE, "--tolerance 1000.1",
	 "--tolerance: expected per cent from 0 to 1000, such as 2 or 0.5, got '1000.1'"},
	{CMD_GATE, "--limit 999999999999999999999",
	 "--limit: expected per cent from 0 to 1000, such as 2 or 0.5, got "
	 "'999999999999999999999'"},
	{CMD_SELFTEST, "inject --pct 101", "--pct: expected an integer from 0 to 100, got '101'"},
	{CMD_SELFTEST, "inject --pct 2.5", "--pct: expected an integer from 0 to 100, got '2.5'"},
	{CMD_LAB, "nfs --rtt soon", "--rtt: expected a time from 5ms to 10s, got 'soon'"},
	{CMD_LAB, "nfs --rtt 11s", "--rtt: expected a time from 5ms to 10s, got '11s'"},
	{CMD_LAB, "nfs --rtt 300us",
	 "--rtt: expected a time from 5ms to 10s, got '300us'; in the lab client and server share "
	 "one slow CPU, whose time would dominate a shorter round trip; statmark run --fs "
	 "sim:rtt=TIME simulates one"},
	{CMD_CROSSOVER, "--resolution 1",
	 "--resolution: expected a factor from 1.01 to 100, such as 1.25, got '1'"},
	{CMD_CROSSOVER, "--resolution 100.1",
	 "--resolution: expected a factor from 1.01 to 100, such as 1.25, got '100.1'"},
	{CMD_CROSSOVER, "--resolution 2y",
	 "--resolution: expected a factor from 1.01 to 100, such as 1.25, got '2y'"},
	{CMD_CROSSOVER, "--over entry",
	 "--over: expected entries, jobs, depth, name-length, batch or rtt, got 'entry'"},
	{CMD_HISTORY, "remove --since yesterday",
	 "--since: expected a date such as 2026-01-31, got 'yesterday'"},
	{CMD_HISTORY, "remove --until 2026-01-3",
	 "--until: expected a date such as 2026-01-31, got '2026-01-3'"},
	{CMD_COMPARE, "--across fs,kernal",
	 "--across: expected host, kernel, tool, fs, tree, cache, pin or way, got 'kernal'; did "
	 "you "
	 "mean 'kernel'?"},
	{CMD_RUN, "--rounds 200001",
	 "--rounds: expected an integer from 1 to 200000, got '200001'"},
	{CMD_RUN, "--entries 99999999999999999999", "--entries: 99999999999999999999 is too large"},
	{CMD_HISTORY, "--window 7", "--window: expected an integer from 8 to 1000, got '7'"},
};

static void mistakes_give_one_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct line line;
		assert_int_equal(parse(&line, mistakes[i].command, mistakes[i].line), -EINVAL);
		assert_int_equal(line.err.code, -EINVAL);
		assert_string_equal(line.err.text, mistakes[i].words);
	}
}

static const enum command_bit commands[] = {
	CMD_RUN,    CMD_LIST, CMD_TREE,     CMD_REPORT,  CMD_COMPARE, CMD_HISTORY,   CMD_COLLECT,
	CMD_DOCTOR, CMD_GATE, CMD_SELFTEST, CMD_PROFILE, CMD_LAB,     CMD_CROSSOVER,
};

/* An option that would have no effect: not for this verb, or not without another option. */
static void an_option_without_effect_is_a_mistake(void **state)
{
	static const struct {
		enum command_bit command;
		const char *line, *words; /* NULL: accepted */
	} rows[] = {
		{CMD_HISTORY, "list --window 9", "--window is for COMMAND show and COMMAND check"},
		{CMD_HISTORY, "--mag 3 add x", "--magnitude is for COMMAND show and COMMAND check"},
		{CMD_HISTORY, "show --window 9 --theme dark -o x", NULL},
		{CMD_HISTORY, "check --theme dark", "--theme is for COMMAND show"},
		{CMD_HISTORY, "check -o x", "--output is for COMMAND show"},
		{CMD_HISTORY, "export --gp-dir x", "--gp-dir is for COMMAND show"},
		{CMD_HISTORY, "remove --no-plots", "--no-plots is for COMMAND show"},
		{CMD_HISTORY, "add --format csv",
		 "--format is for COMMAND show, COMMAND check, COMMAND list and COMMAND export"},
		{CMD_TREE, "verify x --jobs 2", "--jobs is for COMMAND create and COMMAND remove"},
		{CMD_TREE, "fit x --cross-mounts --max-time 1", NULL},
		{CMD_TREE, "create --cross-mounts a b",
		 "--cross-mounts is for COMMAND stats and COMMAND fit"},
		/* It is the verb that is wrong, or missing; and who asks for help gets it. */
		{CMD_TREE, "crate --sim x", NULL},
		{CMD_TREE, "--sim x", NULL},
		{CMD_TREE, "verify --sim x --help", NULL},
		{CMD_SELFTEST, "aa --pct 5", "--pct is for COMMAND inject"},
		{CMD_SELFTEST, "inject --pct 5", NULL},
		{CMD_SELFTEST, "aa --path run --rounds 9", NULL},
		{CMD_SELFTEST, "aa --rounds 9", "--rounds is for --path run"},
		{CMD_SELFTEST, "aa --path run --max-time 9", "--max-time is for --path gate"},
		{CMD_RUN, "--cold-cmd x", "--cold-cmd is for --cache cold"},
		{CMD_RUN, "--cold-cmd x -c slab-cold", "--cold-cmd is for --cache cold"},
		{CMD_RUN, "--cold-cmd x -c warm,cold", NULL},
		{CMD_RUN, "--drop-caches -c as-is",
		 "--drop-caches is for --cache slab-cold or cold"},
		{CMD_RUN, "--drop-caches -c slab-cold", NULL},
		{CMD_CROSSOVER, "--trust-cold", "--trust-cold is for --cache cold"},
		{CMD_LAB, "--cold-cmd x", NULL}, /* its caches are cold unless told otherwise */
		{CMD_LAB, "--cold-cmd x -c warm", "--cold-cmd is for --cache cold"},
		{CMD_PROFILE, "--drop-caches --trust-cold", NULL},
		{CMD_RUN, "--fs-dir x", "--fs-dir is for --fs"},
		{CMD_RUN, "--fs-dir x --fs ext4", NULL},
		{CMD_PROFILE, "--theme dark", "--theme is for --output"},
		{CMD_CROSSOVER, "--gp-dir x", "--gp-dir is for --output"},
		{CMD_COMPARE, "--force-output a b", "--force-output is for --output"},
		{CMD_GATE, "--theme light", "--theme is for --output"},
		{CMD_GATE, "--theme dark --gp-dir x --force-output -o y", NULL},
		{CMD_RUN, "--theme dark --gp-dir x --force-output", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct line line;
		int error = parse(&line, rows[i].command, rows[i].line);
		if (error != (rows[i].words ? -EINVAL : 0))
			fail_msg("%s: %d: %s", rows[i].line, error, line.err.text);
		if (rows[i].words)
			assert_string_equal(line.err.text, rows[i].words);
	}
}

/* Verbs are those of one subcommand, and what an option needs is another one of each. */
static void what_a_row_requires_exists(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		int with_verbs = 0;
		for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
			bool found = !row->with || !(row->commands & (int)commands[c]);
			with_verbs +=
				row->commands & (int)commands[c] && option_verbs((int)commands[c]);
			for (size_t k = 0; k < n_option_rows && !found; k++)
				found = option_rows[k].commands & (int)commands[c] &&
					strcmp(option_rows[k].name, row->with) == 0 &&
					(!row->with_values || option_rows[k].names);
			if (!found)
				fail_msg("--%s: command %zu has no --%s", row->name, c, row->with);
		}
		if (row->verbs && with_verbs != 1)
			fail_msg("--%s: verbs of %d subcommands", row->name, with_verbs);
	}
}

static void a_flag_with_a_value_is_a_mistake(void **state)
{
	struct line line;
	(void)state;
	assert_int_equal(parse(&line, CMD_RUN, "--quick=yes"), -EINVAL);
	assert_string_equal(line.err.text, "--quick takes no value");
}

static void an_abbreviation_that_could_be_several_is_a_mistake(void **state)
{
	struct line line;
	(void)state;
	assert_int_equal(parse(&line, CMD_RUN, "--qui"), -EINVAL);
	assert_string_equal(
		line.err.text,
		"--qui is ambiguous: it may be short for --quick or --quiet; write it out");
	assert_int_equal(parse(&line, CMD_RUN, "--p=1"), -EINVAL);
	assert_string_equal(
		line.err.text,
		"--p=1 is ambiguous: it may be short for --param or --prepare or --pin or "
		"--precision; write it out");
	/* With only one option that fits it is that one. */
	assert_true(parsed(&line, "--quie")->line.quiet);
	assert_int_equal(parse(&line, CMD_TREE, "--qui"), 0);
	assert_true(line.options.line.quiet);
}

static void times_have_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} rows[] = {{"90", 90}, {"90s", 90}, {"1m", 60}, {"2m", 120}, {"1h", 3600}, {"0", 0}};
	static const char *const bad[] = {"1k", "1M",    "m",        "1ms",
					  "-1", "1h30m", "10000001", "99999999999999999999h"};
	char text[64];
	struct line line;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "--max-time %s", rows[i].text);
		assert_int_equal(parsed(&line, text)->time.max_time_s, rows[i].seconds);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), "--timeout=%s", bad[i]);
		assert_int_equal(parse(&line, CMD_GATE, text), -EINVAL);
		assert_non_null(strstr(line.err.text, "--timeout: expected a time from 1s to "));
	}
}

static void values_have_the_type_of_their_option(void **state)
{
	struct line line;
	(void)state;
	assert_int_equal(parse(&line, CMD_LAB, "nfs"), 0);
	assert_int_equal(line.options.lab.lab.rtt_ns, 5000000);
	assert_int_equal(parse(&line, CMD_LAB, "nfs --rtt 0.0125s"), 0);
	assert_int_equal(line.options.lab.lab.rtt_ns, 12500000);
	assert_int_equal(parse(&line, CMD_CROSSOVER, ""), 0);
	assert_true(line.options.crossover.crossover.resolution == 1.25);
	assert_int_equal(line.options.crossover.crossover.over, -1);
	assert_int_equal(parse(&line, CMD_CROSSOVER, "--over rtt --resolution 1.01x"), 0);
	assert_true(line.options.crossover.crossover.resolution == 1.01);
	assert_int_equal(line.options.crossover.crossover.over, AXIS_RTT);
	assert_int_equal(parse(&line, CMD_SELFTEST, "inject --pct 100%"), 0);
	assert_int_equal(line.options.selftest.selftest.pct, 100);
	assert_int_equal(parse(&line, CMD_HISTORY, "remove --since 2026-01-31"), 0);
	assert_string_equal(line.options.history.history.since, "2026-01-31");
	assert_int_equal(parse(&line, CMD_COMPARE, "--across pin,host"), 0);
	assert_int_equal(line.options.compare.sides.across,
			 1U << CONDITION_PIN | 1U << CONDITION_HOST);
	assert_int_equal(parse(&line, CMD_COMPARE, ""), 0);
	assert_int_equal(line.options.compare.sides.across, 0);
}

static void at_most_sixteen_params(void **state)
{
	char text[TEXT_MAX] = "";
	struct line line;
	(void)state;
	for (int i = 0; i < OPTION_PARAMS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "-p a=%d ", i);
	assert_string_equal(parsed(&line, text)->cells.params[OPTION_PARAMS_MAX - 1], "a=15");
	assert_null(line.options.run.cells.params[OPTION_PARAMS_MAX]);
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "-p a=16");
	assert_int_equal(parse(&line, CMD_RUN, text), -EINVAL);
	assert_string_equal(line.err.text, "--param: given more than 16 times");
}

static char *help_of(enum command_bit command)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	options_help(to, command);
	assert_int_equal(fclose(to), 0);
	return text;
}

static bool is_given(enum command_bit command, size_t offset)
{
	for (size_t i = 0; i < n_option_shares; i++) {
		const struct option_share *s = &option_shares[i];
		if (s->command == command && offset >= s->from && offset < s->from + s->size)
			return true;
	}
	return false;
}

/* A group that a subcommand lacks would be read and forgotten. */
static void every_option_reaches_its_command(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		for (size_t i = 0; i < n_option_rows; i++) {
			if (option_rows[i].commands & (int)commands[c] &&
			    !is_given(commands[c], option_rows[i].offset))
				fail_msg("--%s does not reach command %zu", option_rows[i].name, c);
		}
	}
}

/* The next " --" that begins a row of the help: its texts name options, too. */
static const char *next_option(const char *at, const char *help)
{
	while ((at = strstr(at, " --"))) {
		const char *line = at;
		while (line > help && line[-1] != '\n')
			line--;
		if (at - line <= 5)
			return at;
		at++;
	}
	return NULL;
}

/* What is echoed is what there is, so echo is the list that help is held against. */
static void help_shows_every_option_of_a_command(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		struct arena *arena = arena_new();
		struct line line;
		size_t n = 0, lines = 0;
		char *help = help_of(commands[c]);
		assert_int_equal(parse(&line, commands[c], ""), 0);
		const struct named_text *echo =
			options_echo(&line.options.line, commands[c], arena, &n);
		assert_non_null(echo);
		for (size_t i = 0; i < n; i++) {
			char wanted[64];
			snprintf(wanted, sizeof(wanted), "--%s", echo[i].name);
			if (!strstr(help, wanted))
				fail_msg("%s is not in the help:\n%s", wanted, help);
		}
		for (const char *at = help; (at = next_option(at, help)); at++)
			lines++;
		assert_int_equal(lines, n);
		free(help);
		arena_free(arena);
	}
}

/* And the other way round: what help shows can be parsed. */
static void what_help_shows_is_understood(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		char *help = help_of(commands[c]);
		for (const char *at = help; (at = next_option(at, help)); at++) {
			char name[64], value[8] = "";
			struct line line;
			size_t len = strcspn(at + 3, " \n[");
			if (at[3 + len] == ' ' && at[4 + len] >= 'A' && at[4 + len] <= 'Z')
				snprintf(value, sizeof(value), " 1");
			snprintf(name, sizeof(name), "--%.*s%s", (int)len, at + 3, value);
			int error = parse(&line, commands[c], name);
			if (error && !strstr(line.err.text, "expected") &&
			    !strstr(line.err.text, " is for "))
				fail_msg("%s: %s", name, line.err.text);
		}
		free(help);
	}
}

static void help_fits_its_width(void **state)
{
	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commands); c++) {
		char *help = help_of(commands[c]);
		for (const char *at = help; *at; at += strcspn(at, "\n") + 1) {
			if (strcspn(at, "\n") > 80)
				fail_msg("too wide: %.*s", (int)strcspn(at, "\n"), at);
		}
		free(help);
	}
}

static const char *echoed(const struct named_text *echo, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(echo[i].name, name) == 0)
			return echo[i].value;
	}
	fail_msg("no option is called %s", name);
	return NULL;
}

static void the_echo_names_effective_values(void **state)
{
	struct arena *arena = arena_new();
	struct line line;
	size_t n = 0;
	const struct run_command *o =
		parsed(&line, "-s lstat -p mask=size -p sync=dont --entries 2k --quick "
			      "--color always");
	const struct named_text *echo = options_echo(&o->line, CMD_RUN, arena, &n);
	(void)state;
	assert_non_null(echo);
	assert_string_equal(echoed(echo, n, "strategy"), "lstat");
	assert_string_equal(echoed(echo, n, "param"), "mask=size sync=dont");
	assert_string_equal(echoed(echo, n, "entries"), "2000");
	assert_string_equal(echoed(echo, n, "quick"), "yes");
	assert_string_equal(echoed(echo, n, "quiet"), "no");
	assert_string_equal(echoed(echo, n, "color"), "always");
	assert_string_equal(echoed(echo, n, "rounds"), "80");
	assert_null(echoed(echo, n, "jobs"));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_the_defaults_hold),
		cmocka_unit_test(every_option_is_read),
		cmocka_unit_test(letters_are_short_for_names),
		cmocka_unit_test(values_may_stand_behind_an_equals_sign),
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(operands_may_stand_anywhere),
		cmocka_unit_test(parsing_starts_anew_each_time),
		cmocka_unit_test(mistakes_give_one_line),
		cmocka_unit_test(an_option_without_effect_is_a_mistake),
		cmocka_unit_test(what_a_row_requires_exists),
		cmocka_unit_test(a_flag_with_a_value_is_a_mistake),
		cmocka_unit_test(an_abbreviation_that_could_be_several_is_a_mistake),
		cmocka_unit_test(times_have_units),
		cmocka_unit_test(values_have_the_type_of_their_option),
		cmocka_unit_test(at_most_sixteen_params),
		cmocka_unit_test(every_option_reaches_its_command),
		cmocka_unit_test(help_shows_every_option_of_a_command),
		cmocka_unit_test(what_help_shows_is_understood),
		cmocka_unit_test(help_fits_its_width),
		cmocka_unit_test(the_echo_names_effective_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
