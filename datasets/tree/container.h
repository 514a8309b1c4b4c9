/*
 * The outside of a made tree: the container directory DIR, its lock and its sentinel (tree.h shows
 * the layout).
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

/* In the tree's root while tree_create tries what can be had there. */
#define TRIAL_NAME "statmark-trial"
#define TRIAL_FILE "statmark-trial-file" /* what links lead to */

struct container {
	char dir[PATH_MAX]; /* as it was given, without final slashes */
	const char *base;   /* its last component */
	int parent;         /* O_PATH descriptor of the directory that holds it */
	int fd;             /* -1 while it does not exist */
};

/*
 * Finds the container; absent is no error. It must not be a symbolic link (-EEXIST), but those on
 * the way to it are followed. After any result, end with container_close.
 */
int container_open(struct container *c, const char *dir, struct err *err);
void container_close(struct container *c);

/* Makes the directory, or opens it if it has come up meanwhile. */
int container_make(struct container *c, struct err *err);

/* Keeps other processes out until container_close; -EBUSY if one is there already. */
int container_lock(const struct container *c, struct err *err);

/*
 * The name of something in it that is not in the NULL-terminated list, into *other, to be
 * freed: 1 found, 0 not, or -errno.
 */
int container_other(const struct container *c, const char *const *known, char **other,
		    struct err *err);

/*
 * Reads the sentinel. -ENOENT, without words: there is none. -EINVAL, -EFBIG, -ELOOP..: something
 * lies there that does not make this directory ours.
 */
int sentinel_read(const struct container *c, struct tree_info *info, struct err *err);

/* Writes it, atomically where there is room for a second one. */
int sentinel_write(const struct container *c, const struct tree_info *info, struct err *err);

#endif
