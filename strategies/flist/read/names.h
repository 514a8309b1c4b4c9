/*
 * The names of a directory, or of as much of it as fits into a buffer, brought into the order of
 * their bytes while they are in the cache. They are compared by eight bytes at once, those after
 * what all names have in common.
 */
#ifndef FLIST_READ_NAMES_H
#define FLIST_READ_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flist_name {
	uint64_t key; /* for the functions that compare */
	const char *text;
	uint32_t number; /* the caller's */
	uint16_t len;
	uint8_t type; /* DT_ */
	bool pruned;  /* if a directory, it is not entered */
};

/* A reader's record of the shortest name: no buffer has more names than its size by this. */
enum { FLIST_RECORD_MIN = 24 };

struct flist_names {
	struct flist_name *all;
	struct flist_name *spare; /* as many, for sorting */
	size_t n, room;
	size_t bytes;  /* of the texts, with a NUL each */
	bool nameless; /* there were records without a name */
};

void flist_names_release(struct flist_names *names);

/*
 * Takes the names of a reader's buffer, where their texts stay; not "." and "..", and not an empty
 * one, which would name the directory itself: a broken filesystem may list it. 0 or -ENOMEM.
 */
int flist_names_gather(struct flist_names *names, const char *buffer, size_t used);

void flist_names_sort(struct flist_names *names);

/*
 * Parts of it, for those who have more names than one buffer's: sorts all, or merges what is
 * sorted, where the first `common` bytes of all texts are equal and need not be compared. The
 * result of sorting is where the function says: in all, or in spare.
 */
uint64_t flist_name_key(const struct flist_name *name, size_t common);
struct flist_name *flist_names_sort_run(struct flist_name *all, struct flist_name *spare, size_t n,
					size_t common);
void flist_names_merge(const struct flist_name *a, size_t n_a, const struct flist_name *b,
		       size_t n_b, struct flist_name *to, size_t common);

#endif
