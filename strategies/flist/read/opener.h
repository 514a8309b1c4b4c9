/*
 * Opens directories below a root by their paths, however long, and never through a symbolic link
 * unless links are followed: whatever is renamed meanwhile, a walk stays below its root.
 */
#ifndef FLIST_READ_OPENER_H
#define FLIST_READ_OPENER_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>

/* How a directory is opened that only others are opened by. */
#if !defined(FLIST_PORTABLE) && defined(O_PATH)
#define FLIST_OPEN_PASSING O_PATH
#else
#define FLIST_OPEN_PASSING O_RDONLY
#endif

enum { FLIST_PIECE_MAX = 4095 }; /* bytes of a path that every call takes */

struct flist_opener {
	int root; /* descriptor, -1: none */
	bool follow;
	bool whole; /* the kernel itself refuses links anywhere in a path */
};

/* Errors: those of open(2), -ENOTDIR. */
int flist_opener_init(struct flist_opener *opener, const char *root, bool follow);
void flist_opener_release(struct flist_opener *opener);

/*
 * A descriptor, or -errno, by a path from a directory that is open: to read by, or good to open
 * others by. path has len bytes, none for that directory itself, and room for a NUL; it is as it
 * was when this returns.
 */
int flist_opener_open_at(const struct flist_opener *opener, int at, char *path, size_t len,
			 bool to_read);

#endif
