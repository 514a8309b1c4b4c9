/*
 * The container of a made tree: the directory DIR, its lock and its sentinel (tree.h shows the
 * layout).
 */
#ifndef DATASETS_TREE_CONTAINER_H
#define DATASETS_TREE_CONTAINER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "datasets/tree/tree.h"
#include "engine/base/err.h"

#define SENTINEL_NAME "statmark-tree.json"
#define SENTINEL_TEMP "statmark-tree.json.tmp"
#define TREE_NAME     "tree"

struct container {
	char dir[PATH_MAX]; /* as given, without final slashes */
	const char *base;   /* its last component */
	int parent;         /* O_PATH descriptor of its parent directory */
	int fd;             /* -1: it does not exist */
};

/*
 * Finds the container; that it does not exist is no error. It must not be a symbolic link
 * (-EEXIST), but links in the path to it are followed. container_close has to be called after any
 * result.
 */
int container_open(struct container *c, const char *dir, struct err *err);
void container_close(struct container *c);

/* Creates the directory, or opens it if it exists by now. */
int container_make(struct container *c, struct err *err);

/* Locks it against other processes until container_close; -EBUSY: another process has locked it. */
int container_lock(const struct container *c, struct err *err);

/*
 * Finds an entry whose name is not in the NULL-terminated list. *other: its name, to be freed by
 * the caller. 1: found, 0: not, or -errno.
 */
int container_other(const struct container *c, const char *const *known, char **other,
		    struct err *err);

/*
 * Reads the sentinel. -ENOENT, without a message: there is none. -EINVAL, -EFBIG, -ELOOP and so on:
 * the file is not a valid sentinel of this directory.
 */
int sentinel_read(const struct container *c, struct tree_info *info, struct err *err);

/*
 * The birth time of the container, for the sentinel; empty if it is not known. The filesystem of a
 * copy may use the same inode number.
 */
void sentinel_birth(const struct container *c, char born[TREE_BORN_SIZE]);

/* Writes it, atomically if there is space for a second file. */
int sentinel_write(const struct container *c, const struct tree_info *info, struct err *err);

#endif
