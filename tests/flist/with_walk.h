/*
 * What the tests of flist_collect share: a tree looked at by readdir and lstat and sorted by
 * strcmp, against which lists are held, and options by jobs.
 */
#ifndef TESTS_FLIST_WITH_WALK_H
#define TESTS_FLIST_WITH_WALK_H

#include <stdbool.h>
#include <sys/stat.h>

#include "strategies/flist/flist.h"
#include "tests/scratch.h"

struct sighting {
	char *path; /* relative */
	struct stat st;
	unsigned depth;
};

struct sightings {
	struct sighting *all; /* sorted by path */
	size_t n, room;
};

/* Everything below a directory; links are not followed. */
void see(struct sightings *seen, int fd);
void see_nothing(struct sightings *seen); /* gives it back */

/* Takes out a path and what is below it, or only the latter. */
void see_not(struct sightings *seen, const char *path);
void see_not_below(struct sightings *seen, const char *path);

/* A cursor, which is closed then, gives the same entries in order; lazy: without metadata. */
void cursor_gives(struct flist_cursor *cursor, const struct sightings *seen, bool lazy);

/* The list has the same entries in the same order, each with the same metadata. */
void list_is(const struct flist_list *list, const struct sightings *seen);

/* The list has names, types and no metadata. */
void list_is_lazy(const struct flist_list *list, const struct sightings *seen);

/* Its failures: path, error, path, error, ..., NULL. */
void failures_are(const struct flist_list *list, ...);

/* A collect that succeeds. */
struct flist_list *collect(const char *root, const struct flist_collect_options *options);

/* Every way to walk, one after the other: jobs set, the rest as given. */
enum { WAYS = 3 };
struct flist_collect_options way(int i, const struct flist_collect_options *rest);

/* Collects in every way; the lists are what was seen, without failures. */
void every_way_sees(const char *root, const struct flist_collect_options *rest,
		    const struct sightings *seen);

#endif
