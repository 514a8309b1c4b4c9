/*
 * Goes down a tree and back by directory descriptors, of which only the last few stay open, so that
 * the number of descriptors does not depend on the depth. An ancestor that was closed is opened
 * again as ".." of the directory below it, and must be the same directory as before, so that a
 * directory moved meanwhile cannot lead a walk elsewhere.
 */
#ifndef DATASETS_TREE_DIRSTACK_H
#define DATASETS_TREE_DIRSTACK_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

struct dirstack_level;

struct dirstack {
	struct dirstack_level *levels;
	size_t depth; /* of the current directory; 0: the starting point */
	size_t room;
	size_t window; /* most descriptors, at least 2 */
	/* Opens a directory: open_below, or a read-only variant. */
	int (*open)(int fd, const char *name);
};

/*
 * Begins in fd, which it takes over, even if this fails. 0 or -ENOMEM. Directories are opened by
 * open_below.
 */
int dirstack_begin(struct dirstack *dirs, int fd, size_t window);
void dirstack_end(struct dirstack *dirs);

/* Descriptor of the current directory; valid until the next step. */
int dirstack_fd(const struct dirstack *dirs);

/*
 * Goes into the directory `name`. Symbolic links: -ELOOP or -ENOTDIR; mount points: -EXDEV;
 * -ENOSYS: whether it is one is not known. After a failure the current directory is unchanged.
 */
int dirstack_down(struct dirstack *dirs, const char *name);

/* Goes back; -ESTALE: the directory above is not the same as before. */
int dirstack_up(struct dirstack *dirs);

/* Reads the current directory's next entry, without "." and "..": 1, 0 at the end, or -errno. */
int dirstack_next(struct dirstack *dirs, const struct dirent **entry);

/* Opens the directory `name` in fd for reading, with the errors of dirstack_down. */
int open_below(int fd, const char *name);

/* Sets the mode of the directory `name`, which need not be readable. Errors of dirstack_down. */
int chmod_below(int fd, const char *name, mode_t mode);

/* Words for an error of open_below that concerns mounts; else NULL. */
const char *mount_words(int error);

#endif
