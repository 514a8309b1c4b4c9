/*
 * The library's lazy collect of a directory, and then the fetch, for misbehaving.py: statmark's own
 * collect is never lazy. Prints how many entries and failures there are after both; SIGINT ends
 * either, which it says.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/flist/flist.h"

enum { EXIT_FAILED = 4, EXIT_INTERRUPTED = 130 };

static volatile int stop;

__attribute__((no_sanitize("thread"))) static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "statmark_lazy: %s: %s\n", what,
		error == -ECANCELED ? "interrupted" : strerror(-error));
	return error == -ECANCELED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct flist_list *list;
	size_t failures;
	if (argc != 3)
		return 2; /* DIR, jobs */
	const struct flist_threads threads = {.jobs = (unsigned)atoi(argv[2])};
	const struct flist_collect_options options = {
		.flags = FLIST_LAZY,
		.threads = threads,
		.cancel = &stop,
	};
	sigaction(SIGINT, &action, NULL);
	int error = flist_collect(&list, argv[1], &options);
	if (error)
		return fail("collect", error);
	error = flist_list_fetch(
		list, &(struct flist_fetch_options){.threads = threads, .cancel = &stop});
	flist_list_failures(list, &failures);
	printf("%zu %zu\n", flist_list_length(list), failures);
	flist_list_free(list);
	return error ? fail("fetch", error) : failures ? EXIT_FAILED : 0;
}
