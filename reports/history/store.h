/*
 * The one door to SQLite: the database in which results are remembered. Several processes may write
 * at once, and any may be killed: what store_add has acknowledged is there, and nothing by halves
 * (write-ahead log, one transaction for a document, synced before it is acknowledged).
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

/* A run that is there, with what its points are of. */
struct store_stored {
	int64_t row;
	const char *id, *started, *commit, *kernel;
	const char *trees, *names; /* comma lists: of shapes, and of cells with a ratio */
	uint64_t cells;
};

/* The key of a series: everything that has to be equal for two figures to be comparable. */
struct store_series {
	int64_t id;
	const char *fingerprint,
		*hostname;                 /* the name is for people, and no part of the identity */
	const char *tree, *digest, *place; /* shape, what is in it, order and depth of the root */
	const char *fs, *cache, *pin, *baseline, *cell;
};

struct store_point {
	double ratio, lo, hi; /* to the baseline; the interval is that of the run alone */
	double ns;            /* per entry */
	const char *run, *started, *commit, *kernel; /* filled by store_points */
	const char *seed; /* of the run, by store_points; NULL: the document does not say */
};

/* How a run was made, from its document; NULL: the document does not have it. */
struct store_origin {
	const char *run;
	const char *seed, *version; /* digits; of the program */
};

/*
 * create: makes the file and its folder where they are missing. A file of an earlier version is
 * converted. Errors: -ENOENT, those of open(2);
 * -EINVAL when it is no history, or of a later version; -EIO; -ENOMEM.
 */
int store_open(struct store **store, const char *path, bool create, struct err *err);
void store_close(struct store *store); /* accepts NULL */

/* Adds a run and a point for each series. *added is false, and nothing done, when it is there. */
int store_add(struct store *store, const struct store_run *run, const struct store_series *series,
	      const struct store_point *points, size_t n, bool *added, struct err *err);

/* All runs in the order in which they began. */
int store_runs(struct store *store, struct arena *arena, struct store_stored **runs, size_t *n,
	       struct err *err);

/* Of all runs in the order in which they began. */
int store_origins(struct store *store, struct arena *arena, struct store_origin **origins,
		  size_t *n, struct err *err);

/* Removes runs with their points, and series that become empty, in one transaction. */
int store_remove(struct store *store, const struct store_stored *runs, size_t n, struct err *err);

/* All series in the order of machine, tree and cell, and how many runs there are. */
int store_list(struct store *store, struct arena *arena, struct store_series **series, size_t *n,
	       uint64_t *runs, struct err *err);

/* The latest `most` points of a series, oldest first: in the order in which the runs began. */
int store_points(struct store *store, int64_t series, size_t most, struct arena *arena,
		 struct store_point **points, size_t *n, struct err *err);

/* points.c: what the history keeps of a result: the run, and a point for each cell. */

struct points {
	struct store_run run; /* without the document's text */
	struct store_series *series;
	struct store_point *points;
	size_t n;
	size_t left_out; /* cells without a ratio */
};

/*
 * commit: what was measured, NULL for the commit of the statmark that measured. Strings lie in the
 * result or in its arena. -EINVAL when it has no id, or is incomplete: it would be in the way of
 * what it becomes. -ENOMEM.
 */
int points_make(struct points *kept, const struct result *result, const char *commit,
		struct err *err);

#endif
