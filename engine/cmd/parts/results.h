/*
 * Where the results of a run are stored, and how they are found. By default every run gets a
 * directory of its own, statmark-out/TREE-DATE-TIME, and statmark-out/latest is a symbolic link to
 * the last one in which something was saved.
 */
#ifndef ENGINE_CMD_PARTS_RESULTS_H
#define ENGINE_CMD_PARTS_RESULTS_H

#include "engine/base/arena.h"
#include "engine/base/outdir.h"
#include "engine/cmd/line/options.h"
#include "engine/result.h"

#define RESULTS_DOCUMENT "run.json"
#define RESULTS_ALL      "statmark-out" /* contains a directory for each run */
#define RESULTS_LATEST   "latest"       /* the link in statmark-out */

struct results {
	struct outdir dir;    /* locked: one run at a time */
	struct outdir all;    /* statmark-out, or none */
	bool made_all;        /* created for this run */
	const char *document; /* path of run.json in dir */
	const char *skip;     /* to be left out of a tree that contains it */
};

#define RESULTS_NONE ((struct results){.dir = OUTDIR_NONE, .all = OUTDIR_NONE})

/*
 * Creates the directory for a run over `word` (the operand; NULL: the default shape `usual`), or
 * opens that of -o. -EBUSY: another run writes there; -EINVAL: other users could write there, and
 * --force-output is not given; the errors of outdir_open.
 */
int results_open(struct results *results, const struct output_options *options, const char *word,
		 const char *usual, struct arena *arena, struct err *err);

/* Called when the first document is written: points `latest` to this run. */
int results_saved(struct results *results, struct err *err);

/* Removes a directory that was created if nothing was saved in it. */
void results_close(struct results *results);

/*
 * The path of the document that a word names: a file; DIR for DIR/run.json; "latest" for that of
 * statmark-out/latest. NULL: out of memory.
 */
const char *results_find(const char *word, struct arena *arena);

/* Reads that document; its path is in the arena of the result. Errors: those of document_read. */
int results_read(const char *word, struct result **result, const char **path, struct err *err);

/* Opens and locks the directory of -o, or, without -o, that of a document. */
int results_open_beside(struct outdir *dir, const struct output_options *options,
			const char *document, struct arena *arena, struct err *err);

#endif
