/*
 * Down a tree and back by directory descriptors, of which only the last few stay open, so that a
 * depth of thousands needs no more of them than one of ten. An ancestor that was closed is opened
 * again as ".." of the directory below it, and must be the same directory as before, so that moving
 * directories meanwhile cannot lead a walk elsewhere.
 */
#ifndef DATASETS_TREE_DIRSTACK_H
#define DATASETS_TREE_DIRSTACK_H

#include <dirent.h>
#include <stddef.h>

struct dirstack_level;

struct dirstack {
	struct dirstack_level *levels;
	size_t depth; /* of the current directory; 0: where it began */
	size_t room;
	size_t window; /* descriptors at most, from 2 */
	/* How a directory is opened: open_below, or one that only looks. */
	int (*open)(int fd, const char *name);
};

/*
 * Begins in fd, which belongs to it from now on, even if this fails. 0 or -ENOMEM. It
 * goes down by open_below.
 */
int dirstack_begin(struct dirstack *dirs, int fd, size_t window);
void dirstack_end(struct dirstack *dirs);

/* The current directory; valid until the next step. */
int dirstack_fd(const struct dirstack *dirs);

/*
 * Into the directory `name`. Symbolic links are -ELOOP or -ENOTDIR, mount points -EXDEV. After a
 * failure the current directory is the same as before.
 */
int dirstack_down(struct dirstack *dirs, const char *name);

/* Back; -ESTALE if what is above now is another directory. */
int dirstack_up(struct dirstack *dirs);

/* The current directory's next entry, "." and ".." left out: 1, 0 at the end, or -errno. */
int dirstack_next(struct dirstack *dirs, const struct dirent **entry);

/* Opens the directory `name` in fd for reading, with the errors of dirstack_down. */
int open_below(int fd, const char *name);

#endif
