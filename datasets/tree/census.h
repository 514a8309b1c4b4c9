/*
 * Statistics of a tree: how many entries of each type, how deep, how many in a directory, how long
 * the names, how large the files. They are counted in any directory on a filesystem, or computed
 * from a shape. Fixed memory, integers only.
 */
#ifndef DATASETS_TREE_CENSUS_H
#define DATASETS_TREE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape/shape.h"
#include "datasets/tree/distributions.h"
#include "engine/base/err.h"
#include "engine/base/progress.h"

enum census_type {
	CENSUS_FILES,
	CENSUS_DIRECTORIES,
	CENSUS_SYMLINKS,
	CENSUS_FIFOS,
	CENSUS_SOCKETS,
	CENSUS_DEVICES,
	CENSUS_TYPES
};

/* "files", "directories" ... */
extern const char *const census_names[CENSUS_TYPES];
extern const char *const census_one[CENSUS_TYPES]; /* of one entry */

enum census_type census_type_of(mode_t mode);

enum { SPREAD_CELLS = 256 };

/* A distribution: one cell for each small value (linear), or for each power of two. */
struct spread {
	bool linear; /* the last cell is for all values from SPREAD_CELLS - 1 on */
	uint64_t n, min, max;
	unsigned __int128 sum; /* 128 bits, because a filesystem can report any sizes */
	uint64_t cells[SPREAD_CELLS];
};

struct spread_row {
	uint64_t lo, hi, count;
};

/* Longer paths are shortened to both ends. */
enum { CENSUS_PATH_SIZE = 512 };

struct census {
	uint64_t entries, types[CENSUS_TYPES];
	uint64_t hard_linked; /* names of files beyond the first */
	uint64_t unreadable;  /* directories that could not be read, or only in part */
	uint64_t unasked;     /* entries for which statx failed; counted nowhere else */
	uint64_t mounts; /* mount points, which are entries; what is below may not be counted */
	int unreadable_error, unasked_error; /* errno of the first of each */
	char first_unreadable[CENSUS_PATH_SIZE], first_unasked[CENSUS_PATH_SIZE]; /* below dir */
	struct spread depth;   /* levels below the root, from 1 */
	struct spread fan_out; /* entries per directory, including the root */
	struct spread name_length;
	struct spread size; /* of files, bytes; each file once, however many names it has */
	bool halted;        /* it ended before everything was counted */
};

/*
 * Counts everything below dir without changing anything; across mount points only if crosses_mounts
 * is set. What cannot be read is counted, and the first path is stored. -EINTR: progress requested
 * a stop; the errors of opening and reading dir itself.
 */
int census_take(struct census *census, const char *dir, bool crosses_mounts,
		const struct progress *progress, struct err *err);

/*
 * The same with distributions, which must be zeroed except for what is requested. Ends early,
 * without an error, when halt is due.
 */
int census_take_distributions(struct census *census, struct distributions *distributions,
			      const char *dir, bool crosses_mounts, const struct progress *progress,
			      const struct halt *halt, struct err *err);

/* The same for the tree of a shape, without making it; shape must have passed shape_check. */
void census_of_shape(struct census *census, const struct shape *shape);

/*
 * Converts a distribution to at most n_max rows, by combining neighbours; from the smallest value
 * to the largest, without gaps. Returns how many.
 */
size_t spread_rows(const struct spread *spread, struct spread_row *rows, size_t n_max);

/* The mean, rounded; 0 if there are no values. */
uint64_t spread_mean(const struct spread *spread);

#endif
