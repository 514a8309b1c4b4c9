/*
 * The job of the guest in `statmark lab`, and the handling of the documents that it writes.
 */
#ifndef ENGINE_CMD_LAB_LAB_H
#define ENGINE_CMD_LAB_LAB_H

#include <stdio.h>

#include "engine/cmd/line/terminal.h"
#include "engine/cmd/parts/results.h"

enum { LAB_RUNS_MAX = 3 };

/* One `statmark run` in the guest. */
struct lab_run {
	const char *dir; /* directory of its document, below that of all; "" for the first */
	const char *strategies, *fs, *entries;
	unsigned states;  /* mask of 1 << enum cache_state */
	unsigned percent; /* of the time left when it begins */
	bool has_begun;
	int code; /* exit code; -1: it has not ended */
};

struct lab_job {
	const struct lab_command *options;
	const char *kind;   /* "nfs" */
	const char *caches; /* for --fs: with attributes cached for long, and not at all */
	uint64_t rtt_ns;
	char **words;     /* shapes; none: the default one */
	uint64_t entries; /* of all trees of the largest run */
	struct lab_run runs[LAB_RUNS_MAX];
	size_t n_runs;
	struct results results;
	struct arena *arena;
	uint64_t began_ns, until_ns; /* 0: no limit */
};

/* Chooses the runs, and checks everything that can be checked before the guest is started. */
int lab_plan(struct lab_job *job, struct err *err);

/* Writes the whole script for the guest's shell; it is in the arena. */
int lab_script(const struct lab_job *job, const char **script, struct err *err);

/*
 * Adds guest and host to the document of a run, saves it, prints the table and draws plots. A run
 * without a document is skipped.
 */
enum exit_code lab_show(const struct lab_job *job, const struct lab_run *run);

#endif
