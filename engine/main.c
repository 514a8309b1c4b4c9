/*
 * The entry point: finds the subcommand, parses its options, runs it and returns its exit code.
 *
 * The steps of `statmark run`:
 *
 *   main                    finds the subcommand and reads its options
 *   cmd_run                 makes or finds the tree, loads it, selects the cells to measure
 *   run_cells               measures all cells round by round, in a shuffled order
 *     meter_pass            one pass: workers meet at a gate, the clock is read, `run` of the
 *                           strategy is called, the clock is read again
 *     verify_pass           the answers are compared with a reference
 *   estimate_*              medians, paired ratios and their intervals, into struct result
 *   document, table, plots  the result as JSON, on the terminal, as pictures
 * Every folder with code (the nearest README above it has a line for each file):
 *
 *   engine/                 strategy.h, the contract; workload, what is measured; result, figures
 *   engine/base/            general code: errors, clock, statistics, output files, processes
 *   engine/json/            JSON read and written by tables
 *   engine/host/            CPUs, kernel, filesystem, this build
 *   engine/lab/             filesystems made for one run
 *   engine/lab/guest/       User-Mode Linux, for network filesystems
 *   engine/measure/         a run: its rounds, and how much can be measured in the time
 *   engine/measure/choose/  which cells, in which order
 *   engine/measure/pass/    one pass: threads, the clock, samples of single entries
 *   engine/measure/verify/  the answers verified, the cache state checked
 *   engine/measure/watch/   resources of a pass: CPU time, faults, counters, system calls
 *   engine/measure/figures/ from passes to figures
 *   engine/gate/            base against head
 *   engine/gate/arm/        what a side can be: strategy, plug-in, program, another build
 *   engine/gate/worker/     worker processes, and the protocol between them and the gate
 *   engine/profile/         where the time of one walk goes, call by call
 *   engine/crossover/       the point of an axis from which one strategy is faster than another
 *   engine/cmd/             one file per subcommand: it parses, composes and prints
 *   engine/cmd/crossover/   what crossover measures, prints and draws
 *   engine/cmd/line/        options and their table, the terminal
 *   engine/cmd/lab/         the runs of a guest, and their results
 *   engine/cmd/parts/       what several subcommands share
 *   engine/cmd/profile/     what profile compares, advises, prints and draws
 *   datasets/shape/         shapes: descriptions of trees
 *   datasets/tree/          trees made, verified, counted and removed
 *   datasets/sim/           trees served by a simulated remote filesystem
 *   strategies/             the list of strategies, and the code that they share
 *   strategies/fetch/       ways to fetch the metadata of known paths
 *   strategies/walk/        ways to walk a tree
 *   strategies/selftest/    a strategy that is slower by a known share
 *   strategies/flist/       libflist, a library of its own
 *   strategies/flist/ask/   metadata of one entry, and of a batch
 *   strategies/flist/bulk/  the tables of a filesystem, read from its device
 *   strategies/flist/cache/ a cache shared by threads
 *   strategies/flist/collect/  a whole tree, walked in parallel
 *   strategies/flist/extra/  what backup programs read in addition to metadata
 *   strategies/flist/list/  the list of a walk
 *   strategies/flist/names/  the names of a directory, read and sorted
 *   strategies/flist/prefetch/  entries in order, fetched ahead by threads
 *   strategies/flist/examples/  a short program for each part
 *   reports/document/       the result as JSON, and back
 *   reports/groups/         cells by tree and cache state, trees by size
 *   reports/table/          the result on a terminal
 *   reports/plots/          the result drawn by gnuplot
 *   reports/page/           the result as one HTML file
 *   reports/verdict/        documents compared, judgements
 *   reports/present/        judgements in each format
 *   reports/exports/        the result in formats of other tools
 *   reports/history/        results of many runs, in SQLite
 *   reports/words/          numbers and labels as text
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/embed.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/host/tool.h"

static const struct command *const commands[] = {
	&cmd_run,     &cmd_list,      &cmd_tree,     &cmd_report,  &cmd_compare,
	&cmd_collect, &cmd_gate,      &cmd_selftest, &cmd_history, &cmd_doctor,
	&cmd_profile, &cmd_crossover, &cmd_lab,      &cmd_worker};

static const char *command_name(size_t i, const void *arg)
{
	(void)arg;
	return commands[i]->summary ? commands[i]->name : "";
}

static void print_usage(FILE *to)
{
	fputs("usage: statmark COMMAND [OPTION...] [OPERAND...]\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i]->summary)
			fprintf(to, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	}
	fputs("\nstatmark COMMAND --help describes a command; statmark --version names the "
	      "build.\n"
	      "statmark help TOPIC: ",
	      to);
	for (const struct embedded *topic = embedded_topics; topic->name; topic++)
		fprintf(to, "%s%s", topic == embedded_topics ? "" : ", ", topic->name);
	fputs(".\n", to);
}

static void print_help(const struct command *command)
{
	printf("usage: statmark %s [OPTION...]%s%s\n\n%c%s.\n", command->name,
	       *command->operands ? " " : "", command->operands,
	       toupper((unsigned char)command->summary[0]), command->summary + 1);
	if (command->details)
		printf("\n%s", command->details);
	puts("\nOptions:");
	options_help(stdout, command->bit);
}

static int unknown_command(const char *word)
{
	const char *near = DID_YOU_MEAN(nearest(word, ARRAY_LEN(commands), command_name, NULL));
	fprintf(stderr, "statmark: no command '%s'%s\n", word,
		*near ? near : "; statmark --help lists them");
	return EXIT_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	union options options;
	struct err err = {0};
	char **operands;
	if (options_parse(&options, command->bit, argc, argv, &operands, &err))
		return (int)cmd_fail(&err);
	if (options.line.help && command->summary) {
		print_help(command);
		return EXIT_DONE;
	}
	return (int)command->run(&options, operands);
}

static const char *help_name(size_t i, const void *arg)
{
	(void)arg;
	return i < ARRAY_LEN(commands) ? command_name(i, NULL)
				       : embedded_topics[i - ARRAY_LEN(commands)].name;
}

static int unknown_help(const char *word)
{
	size_t n = ARRAY_LEN(commands);
	for (const struct embedded *topic = embedded_topics; topic->name; topic++)
		n++;
	const char *near = DID_YOU_MEAN(nearest(word, n, help_name, NULL));
	fprintf(stderr, "statmark: no help on '%s'%s\n", word,
		*near ? near : "; statmark help lists the topics");
	return EXIT_USAGE;
}

/*
 * statmark help COMMAND prints the text of statmark COMMAND --help; help TOPIC prints a part of the
 * READMEs.
 */
static int help_on(const char *word)
{
	for (const struct embedded *topic = embedded_topics; topic->name; topic++) {
		if (strcmp(word, topic->name) == 0) {
			fwrite(topic->text, 1, topic->size, stdout);
			return EXIT_DONE;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i]->summary && strcmp(word, commands[i]->name) == 0) {
			print_help(commands[i]);
			return EXIT_DONE;
		}
	}
	return unknown_help(word);
}

/*
 * If output cannot be written to stdout (a full disk, a closed pipe), the exit code must not be
 * success.
 */
static int close_stdout(int code)
{
	if (fflush(stdout) == 0) {
		if (!ferror(stdout))
			return code;
		/*
		 * An earlier write failed, and its errno is lost. The same write fails again and
		 * sets errno.
		 */
		errno = write(STDOUT_FILENO, "\n", 1) == 1 ? EIO : errno;
	}
	perror("statmark: standard output");
	/* Also replaces EXIT_UNSURE, which CI workflows accept. */
	return code == EXIT_DONE || code == EXIT_UNSURE ? EXIT_FAILED : code;
}

/*
 * If a standard stream is closed, the next file that is opened would get its descriptor, and output
 * would go into that file. So closed streams are opened on /dev/null, for reading, so that a write
 * to them fails.
 */
static void hold_standard_streams(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";
	hold_standard_streams();
	setlocale(LC_CTYPE, ""); /* only to learn whether the terminal shows UTF-8 */
	if (strcmp(word, "help") == 0 && argc > 2)
		return close_stdout(help_on(argv[2]));
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		print_usage(argc > 1 ? stdout : stderr);
		return close_stdout(argc > 1 ? EXIT_DONE : EXIT_USAGE);
	}
	if (strcmp(word, "--version") == 0) {
		tool_print(stdout);
		return close_stdout(EXIT_DONE);
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(word, commands[i]->name) == 0) {
			(commands[i]->ends_at_once ? cmd_end_at_signals : cmd_catch_signals)();
			return close_stdout(run_command(commands[i], argc - 1, argv + 1));
		}
	}
	return close_stdout(unknown_command(word));
}
