/*
 * Opens directories below a root by their paths, however long, and never through a symbolic link
 * unless links are followed: whatever is renamed meanwhile, a walk stays below its root.
 */
#ifndef FLIST_READ_OPENER_H
#define FLIST_READ_OPENER_H

#include <stdbool.h>
#include <stddef.h>

struct flist_opener {
	int root; /* descriptor, -1: none */
	bool follow;
	bool whole; /* the kernel itself refuses links anywhere in a path */
};

/* Errors: those of open(2), -ENOTDIR. */
int flist_opener_init(struct flist_opener *opener, const char *root, bool follow);
void flist_opener_release(struct flist_opener *opener);

/*
 * A descriptor to read the directory by, or -errno. path has len bytes, none for the root itself,
 * and room for a NUL; it is as it was when this returns.
 */
int flist_opener_open(const struct flist_opener *opener, char *path, size_t len);

#endif
