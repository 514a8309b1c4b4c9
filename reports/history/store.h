/*
 * The only code that calls SQLite: the database in which results are stored. Several processes may
 * write at once, and any may be killed: what store_add has acknowledged is stored, and nothing is
 * stored partly (write-ahead log, one transaction for each document, synced before it is
 * acknowledged).
 *
 * runs hold whole documents. A series is one cell on one machine, tree, filesystem and cache state,
 * against one baseline; its points are ratios to that baseline.
 */
#ifndef REPORTS_HISTORY_STORE_H
#define REPORTS_HISTORY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/result.h"

enum { STORE_VERSION = 2 };

struct store;

struct store_run {
	const char *id, *started, *commit, *kernel;
	const char *document; /* JSON text */
	size_t size;
};

/* A stored run, with what its points describe. */
struct store_stored {
	int64_t row;
	const char *id, *started, *commit, *kernel;
	const char *trees, *names; /* comma lists: of shapes, and of cells with a ratio */
	uint64_t cells;
};

/* The key of a series: everything that must be equal for two figures to be comparable. */
struct store_series {
	int64_t id;
	const char *fingerprint, *hostname; /* the name is for people and not part of the key */
	const char *tree, *digest, *place;  /* shape, content, order and depth of the root */
	const char *fs, *cache, *pin, *baseline, *cell;
};

struct store_point {
	double ratio, lo, hi; /* to the baseline; the interval is that of this run alone */
	double ns;            /* per entry */
	const char *run, *started, *commit, *kernel; /* filled by store_points */
	const char *seed; /* of the run, by store_points; NULL: not in the document */
};

/* How a run was made, from its document; NULL: not in the document. */
struct store_origin {
	const char *run;
	const char *seed, *version; /* digits; of the program */
};

/*
 * create: makes the file and its directory if they are missing. A file of an earlier version is
 * converted. Errors: -ENOENT, those of open(2); -EINVAL: not a history, or of a later version;
 * -EIO; -ENOMEM.
 */
int store_open(struct store **store, const char *path, bool create, struct err *err);
void store_close(struct store *store); /* accepts NULL */

/*
 * Adds a run and a point for each series. If the run is stored already, nothing is done and *added
 * is false.
 */
int store_add(struct store *store, const struct store_run *run, const struct store_series *series,
	      const struct store_point *points, size_t n, bool *added, struct err *err);

/* All runs, ordered by start. */
int store_runs(struct store *store, struct arena *arena, struct store_stored **runs, size_t *n,
	       struct err *err);

/* The origins of all runs, ordered by start. */
int store_origins(struct store *store, struct arena *arena, struct store_origin **origins,
		  size_t *n, struct err *err);

/* Removes runs with their points, and series that become empty, in one transaction. */
int store_remove(struct store *store, const struct store_stored *runs, size_t n, struct err *err);

/* All series, ordered by machine, tree and cell, and the number of runs. */
int store_list(struct store *store, struct arena *arena, struct store_series **series, size_t *n,
	       uint64_t *runs, struct err *err);

/* The latest `most` points of a series, ordered by the start of the runs, oldest first. */
int store_points(struct store *store, int64_t series, size_t most, struct arena *arena,
		 struct store_point **points, size_t *n, struct err *err);

/* points.c: what the history stores of a result: the run, and a point for each cell. */

struct points {
	struct store_run run; /* without the document's text */
	struct store_series *series;
	struct store_point *points;
	size_t n;
	size_t left_out; /* cells without a ratio */
};

/*
 * commit: what was measured; NULL: the commit of the statmark that measured. Strings are in the
 * result or in its arena. -EINVAL: the result has no id, or is incomplete; a complete one with the
 * same id could not be added later. -ENOMEM.
 */
int points_make(struct points *kept, const struct result *result, const char *commit,
		struct err *err);

#endif
