/* A kernel that lacks a call, as an old one or one behind a filter does. */
#ifndef TESTS_FLIST_WITH_REFUSAL_H
#define TESTS_FLIST_WITH_REFUSAL_H

#include <stdbool.h>

/*
 * From now on this process gets ENOSYS (with "EPERM" among the words: that) for the calls named:
 * "statx", "fstatat", "openat2", "xattrat", "xattr-by-path", "xattr-by-fd", "file_getattr",
 * "handle". It cannot be undone. False where it cannot be done.
 */
bool refuse_calls(const char *what);

#endif
