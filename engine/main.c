/*
 * statmark: which way of asking a Linux filesystem for metadata is fastest here?
 *
 * A map of the program, in the order in which `statmark run` passes through it:
 *
 *   engine/cmd/       the composition root: options, one file per subcommand; the only code that
 *                     prints, and the only code that sees every room
 *   datasets/         shapes and the trees made from them
 *   engine/workload   a tree, loaded into memory: what is measured over
 *   engine/measure/   select (cells) -> plan (order) -> crew (threads at a gate) -> meter (one
 *                     pass) -> verify (were the answers right?) -> stats (medians, intervals)
 *   engine/host/      where: CPUs, kernel, filesystem, the build itself
 *   strategies/       the ways to ask; engine/strategy.h is their whole contract
 *   engine/result     what was found out, as plain data
 *   reports/          the result as document, table, sentences and plots
 */
#include <ctype.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/host/tool.h"

static const struct command *const commands[] = {
	&cmd_run,  &cmd_list,     &cmd_tree,    &cmd_report, &cmd_compare, &cmd_collect,
	&cmd_gate, &cmd_selftest, &cmd_history, &cmd_doctor, &cmd_worker};

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
			fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	}
	fputs("\nstatmark COMMAND --help tells more; statmark --version which build this is.\n",
	      to);
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
	const char *near = nearest(word, ARRAY_LEN(commands), command_name, NULL);
	if (near && *near)
		fprintf(stderr, "statmark: no command '%s'; did you mean '%s'?\n", word, near);
	else
		fprintf(stderr, "statmark: no command '%s'; statmark --help lists them\n", word);
	return EXIT_USAGE;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct options options;
	struct err err = {0};
	char **operands;
	if (options_parse(&options, command->bit, argc, argv, &operands, &err))
		return (int)cmd_fail(&err);
	if (options.help && command->summary) {
		print_help(command);
		return EXIT_DONE;
	}
	return (int)command->run(&options, operands);
}

/* statmark help COMMAND: what statmark COMMAND --help says. */
static int help_on(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (commands[i]->summary && strcmp(word, commands[i]->name) == 0) {
			print_help(commands[i]);
			return EXIT_DONE;
		}
	}
	return unknown_command(word);
}

/* A full disk or a closed pipe behind stdout must not end in success. */
static int close_stdout(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	perror("statmark: standard output");
	return code ? code : EXIT_FAILED;
}

/*
 * Where a standard stream is closed, the next file that is opened would take its place, and what is
 * printed would go there. Of /dev/null opened for reading a write fails, as it should.
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
