/*
 * Files without a name: no other process can open them by a path, and they are removed when their
 * descriptor is closed.
 */
#ifndef ENGINE_BASE_UNNAMED_H
#define ENGINE_BASE_UNNAMED_H

/*
 * Creates an empty file for reading and writing: in memory, or, if that is refused (by a seccomp
 * filter, or an old kernel), in $TMPDIR, /tmp or /dev/shm. purpose: its name in /proc. Returns the
 * descriptor, or -errno.
 */
int unnamed_file(const char *purpose);

/*
 * The same, but a place is taken only if the file can be executed there, after unnamed_seal;
 * -EACCES if there is none.
 */
int unnamed_program(const char *purpose);

/* An empty file in directory dir, which its owner alone may read, write and execute. */
int unnamed_file_in(const char *dir);

/* Replaces *fd by a read-only descriptor, so that the file can be executed. 0 or -errno. */
int unnamed_seal(int *fd);

#endif
