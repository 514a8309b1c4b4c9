/*
 * Where the results of a run go, and where they are found again. Unless the user says otherwise
 * every run gets a directory of its own, statmark-out/TREE-DATE-TIME, and statmark-out/latest is a
 * symbolic link to the last one that has saved something.
 */
#ifndef ENGINE_CMD_PARTS_RESULTS_H
#define ENGINE_CMD_PARTS_RESULTS_H

#include "engine/base/arena.h"
#include "engine/base/outdir.h"
#include "engine/cmd/line/options.h"
#include "engine/result.h"

#define RESULTS_DOCUMENT "run.json"
#define RESULTS_ALL      "statmark-out" /* holds a directory for each run */
#define RESULTS_LATEST   "latest"       /* the link in statmark-out */

struct results {
	struct outdir dir;    /* locked: one run at a time */
	struct outdir all;    /* statmark-out, or none */
	bool made_all;        /* for this run */
	const char *document; /* path of run.json in dir */
	const char *skip;     /* what a run leaves out of a tree that it lies in */
};

#define RESULTS_NONE ((struct results){.dir = OUTDIR_NONE, .all = OUTDIR_NONE})

/*
 * Makes the directory for a run over `word` (the operand; NULL: the usual shape `usual`), or the
 * one of -o. -EBUSY: another run writes there; -EINVAL: other users could write there, and
 * --force-output is not given; those of outdir_open.
 */
int results_open(struct results *results, const struct output_options *options, const char *word,
		 const char *usual, struct arena *arena, struct err *err);

/* The first document is written: from now on `latest` is this run. */
int results_saved(struct results *results, struct err *err);

/* A directory that was made and in which nothing was saved goes away. */
void results_close(struct results *results);

/*
 * The document that a word means: a file; DIR for DIR/run.json; "latest" for that of
 * statmark-out/latest. NULL: out of memory.
 */
const char *results_find(const char *word, struct arena *arena);

/* Reads it; its path goes to the arena of the result. Errors: those of document_read. */
int results_read(const char *word, struct result **result, const char **path, struct err *err);

/* Opens and locks the directory of -o, or, where that is not given, that of a document. */
int results_open_beside(struct outdir *dir, const struct output_options *options,
			const char *document, struct arena *arena, struct err *err);

#endif
