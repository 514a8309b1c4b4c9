/*
 * A small tree of files, and an honest way to ask for them: what the tests begin with that are
 * about the engine, not about a strategy, and make up strategies of their own.
 */
#ifndef TESTS_CONFORMANCE_WITH_FILES_H
#define TESTS_CONFORMANCE_WITH_FILES_H

#include "tests/conformance/with_bench.h"
#include "tests/scratch.h"

/*
 * "file-0" of one byte to "file-5" of six, a symbolic link "link" to one of them, and a directory
 * "dir" with a file "below".
 */
enum { FILES = 6, FILES_ENTRIES = FILES + 3 };

struct files {
	struct scratch scratch;
	struct bench bench;
};

/* For cmocka: the state is a struct files. */
int files_set_up(void **state);
int files_tear_down(void **state);

/* A meter of one job, with its reference taken. */
int files_meter(struct bench *bench, const struct strategy *strategy, struct meter **meter,
		struct err *err);

/* Asks for one entry, with flags of fstatat(2); files_ask: into its record, as one should. */
void files_ask_into(const struct workload *load, uint32_t entry, int flags, struct record *r);
void files_ask(struct worker *w, uint32_t entry);

/* A run that does what it should. */
int files_run(struct worker *w);

#endif
