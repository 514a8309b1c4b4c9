/* What `statmark lab` has a guest do, and what it makes of the documents that come out. */
#ifndef ENGINE_CMD_LAB_LAB_H
#define ENGINE_CMD_LAB_LAB_H

#include <stdio.h>

#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/results.h"

enum { LAB_RUNS_MAX = 3 };

/* One `statmark run` in the guest. */
struct lab_run {
	const char *dir; /* of its document, below that of all; "" for the first */
	const char *strategies, *fs, *entries;
	unsigned states;  /* of caches, 1 << enum cache_state */
	unsigned percent; /* of the time that is left when it begins */
	bool has_begun;
	int code; /* its exit code; -1: it has not ended */
};

struct lab_job {
	const struct lab_command *options;
	const char *kind; /* "nfs" */
	uint64_t rtt_ns;
	char **words;     /* shapes; none: the usual one */
	uint64_t entries; /* of all trees of the largest run */
	struct lab_run runs[LAB_RUNS_MAX];
	size_t n_runs;
	struct results results;
	struct arena *arena;
	uint64_t began_ns, until_ns; /* 0: no limit */
};

/* Chooses the runs, and checks what can be checked before there is a guest. */
int lab_plan(struct lab_job *job, struct err *err);

/* What the guest's shell reads, whole; it lies in the arena. */
int lab_script(const struct lab_job *job, const char **script, struct err *err);

/*
 * Adds guest and host to the document of a run, saves it, prints the table and draws plots. A run
 * that has left no document is passed over.
 */
enum exit_code lab_show(const struct lab_job *job, const struct lab_run *run);

#endif
