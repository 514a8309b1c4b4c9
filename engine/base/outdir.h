/*
 * A directory for results, held open. Every file is written through its descriptor, so a path that
 * changes meanwhile has no effect. A directory that other users can write to is refused: they could
 * put links or files there that a later command would follow or read.
 */
#ifndef ENGINE_BASE_OUTDIR_H
#define ENGINE_BASE_OUTDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/err.h"

struct outdir {
	int fd;
	char *path;  /* as messages show it */
	bool forced; /* --force-output: directories that others can write to are accepted */
	int lock;    /* -1, or a file in it that is locked */
};

#define OUTDIR_NONE ((struct outdir){.fd = -1, .lock = -1})

/*
 * Opens a directory, made where it is missing, its parents too, writable by its owner alone. Unless
 * forced, -EINVAL for one that belongs to another user than this one and root, or that others may
 * write and rename in (without the sticky bit). The group of its owner's own name may.
 */
int outdir_open(struct outdir *dir, const char *path, bool forced, struct err *err);

/* The same for NAME in a directory that is open. */
int outdir_open_below(struct outdir *dir, const struct outdir *above, const char *name,
		      struct err *err);

/* Makes a new one: STEM, or STEM-2, STEM-3... where that exists. */
int outdir_make(struct outdir *dir, const struct outdir *above, const char *stem, struct err *err);

/* Until it is closed, no other process can lock it. -EBUSY, with a message: another process has. */
int outdir_lock(struct outdir *dir, struct err *err);

/* As output_write; name has no slash. Where dir is NULL, name is any path. */
int outdir_write(const struct outdir *dir, const char *name, const void *data, size_t size,
		 struct err *err);

/* Takes a file away, if it is there. */
void outdir_remove(const struct outdir *dir, const char *name);

/*
 * Makes NAME a symbolic link to `to`, at once where there is one already. -EEXIST, with words: it
 * is something else, and stays.
 */
int outdir_link(const struct outdir *dir, const char *name, const char *to, struct err *err);

void outdir_close(struct outdir *dir);

#endif
