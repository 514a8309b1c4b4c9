/*
 * A directory for results, held open. Every file is written through its descriptor, so renaming the
 * directory meanwhile has no effect. A directory that other users can write to is refused: they
 * could put links or files there that a later command would follow or read.
 */
#ifndef ENGINE_BASE_OUTDIR_H
#define ENGINE_BASE_OUTDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

struct outdir {
	int fd;
	char *path;  /* as shown in messages */
	bool forced; /* --force-output: also a directory that other users can write to */
	int lock;    /* descriptor of a lock file, or -1 */
};

#define OUTDIR_NONE ((struct outdir){.fd = -1, .lock = -1})

/*
 * Opens a directory. It and missing parents are created with mode 0755 (less the umask). Unless
 * forced, -EINVAL if it belongs to a user other than this one and root, or if other users can write
 * to it and it has no sticky bit. Write permission for the user's private group (with the number of
 * the user) is accepted.
 */
int outdir_open(struct outdir *dir, const char *path, bool forced, struct err *err);

/* The same for NAME in an open directory. */
int outdir_open_below(struct outdir *dir, const struct outdir *above, const char *name,
		      struct err *err);

/* Creates a new directory: STEM, or, if that exists, STEM-2, STEM-3 and so on. */
int outdir_make(struct outdir *dir, const struct outdir *above, const char *stem, struct err *err);

/* Locks the directory until it is closed. -EBUSY, with a message: another process has locked it. */
int outdir_lock(struct outdir *dir, struct err *err);

/* Like output_write; name has no slash. dir NULL: name is any path. */
int outdir_write(const struct outdir *dir, const char *name, const void *data, size_t size,
		 struct err *err);

/* Removes a file, if it exists. */
void outdir_remove(const struct outdir *dir, const char *name);

/*
 * Makes NAME a symbolic link to `to`; an existing link is replaced atomically. -EEXIST, with a
 * message: NAME is not a link, and is left as it is.
 */
int outdir_link(const struct outdir *dir, const char *name, const char *to, struct err *err);

void outdir_close(struct outdir *dir);

#endif
