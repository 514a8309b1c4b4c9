/*
 * The names of a directory, or of as much of it as fits into a buffer, brought into the order of
 * their bytes while they are in the cache. They are compared by eight bytes at once, those after
 * what all names have in common.
 */
#ifndef FLIST_COLLECT_NAMES_H
#define FLIST_COLLECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flist_name {
	uint64_t key;     /* for flist_names_sort */
	const char *text; /* in the reader's buffer */
	uint16_t len;
	uint8_t type; /* DT_ */
	bool pruned;  /* if a directory, it is not entered */
};

struct flist_names {
	struct flist_name *all;
	struct flist_name *spare; /* for sorting, as many */
	size_t n, room;
	size_t bytes; /* of the texts, with a NUL each */
};

void flist_names_release(struct flist_names *names);

/* Takes the names of a buffer in place of those there were, "." and ".." left out. 0 or -ENOMEM. */
int flist_names_gather(struct flist_names *names, const char *buffer, size_t used);

void flist_names_sort(struct flist_names *names);

#endif
