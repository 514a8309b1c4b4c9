/*
 * The walks that bench-walk holds against each other, each of which runs in a process of its own:
 * the library's, and two plain C programs, one that is the limit of what can be had and one that
 * is what programs do.
 */
#ifndef TESTS_BENCH_WITH_WALKS_H
#define TESTS_BENCH_WITH_WALKS_H

#include <stddef.h>
#include <stdint.h>

struct walked {
	uint64_t entries;
	size_t bytes; /* of memory that the list holds */
};

/*
 * The limit: threads that take directories from one stack, getdents64, fstatat, and nothing is
 * kept, sorted or checked. (fstatat is a little faster than statx.)
 */
struct walked walk_bare(const char *root, unsigned jobs);

/* What programs do: opendir, readdir, lstat of the full path, a list of both, qsort. */
struct walked walk_reference(const char *root);

/* flist_collect. */
struct walked walk_flist(const char *root, unsigned jobs);

#endif
