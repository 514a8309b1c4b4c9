/*
 * The numbers of a tree: how many of each type, how deep, how many in a directory, how long the
 * names, how large the files. Counted on a filesystem, of any directory, or on paper, of a shape.
 * Fixed memory, integers only.
 */
#ifndef DATASETS_TREE_CENSUS_H
#define DATASETS_TREE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape/shape.h"
#include "datasets/tree/portrait.h"
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

/* How values are spread: a cell for each small one (linear), or for each power of two. */
struct spread {
	bool linear; /* the last cell is for all from SPREAD_CELLS - 1 */
	uint64_t n, min, max;
	unsigned __int128 sum; /* of sizes, which a filesystem may make as large as it likes */
	uint64_t cells[SPREAD_CELLS];
};

struct spread_row {
	uint64_t lo, hi, count;
};

/* Of a path that is longer, both ends. */
enum { CENSUS_PATH_SIZE = 512 };

struct census {
	uint64_t entries, types[CENSUS_TYPES];
	uint64_t hard_linked; /* names of files beyond the first */
	uint64_t unreadable;  /* directories that could not be read, or not to their end */
	uint64_t unasked;     /* entries of which the kernel told nothing; in no other number */
	uint64_t mounts;      /* mount points, which are entries; what is below them may not be */
	int unreadable_error, unasked_error; /* errno of the first of each */
	char first_unreadable[CENSUS_PATH_SIZE], first_unasked[CENSUS_PATH_SIZE]; /* below dir */
	struct spread depth;   /* of entries: levels below the root, from 1 */
	struct spread fan_out; /* entries of directories, the root being one */
	struct spread name_length;
	struct spread size; /* of files, bytes; each file once, whatever names it has */
	bool halted;        /* before all was seen */
};

/*
 * Counts everything below dir without changing anything; what lies below mount points only when
 * crosses_mounts says so. What cannot be read or asked is counted and named. -EINTR when progress
 * says stop; the errors of opening and reading dir itself.
 */
int census_take(struct census *census, const char *dir, bool crosses_mounts,
		const struct progress *progress, struct err *err);

/*
 * The same with a portrait, which begins with nothing but what it wants. Ends early, without an
 * error, when halt is due.
 */
int census_take_portrait(struct census *census, struct portrait *portrait, const char *dir,
			 bool crosses_mounts, const struct progress *progress,
			 const struct halt *halt, struct err *err);

/* The same for what a shape would become; shape must have passed shape_check. */
void census_of_shape(struct census *census, const struct shape *shape);

/*
 * At most n_max rows, neighbours put together where there would be more; from the least value to
 * the greatest, without gaps. Returns how many.
 */
size_t spread_rows(const struct spread *spread, struct spread_row *rows, size_t n_max);

/* The mean, rounded; 0 of nothing. */
uint64_t spread_mean(const struct spread *spread);

#endif
