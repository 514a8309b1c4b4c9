/*
 * Files without a name: no other process can open them by a path, and they are removed when their
 * descriptor is closed.
 */
#ifndef ENGINE_BASE_UNNAMED_H
#define ENGINE_BASE_UNNAMED_H

/*
 * A new one, empty, for reading and writing: in memory, or where that is refused (by a filter, or
 * an old kernel) in $TMPDIR, /tmp or /dev/shm. What it is for is seen in /proc. The descriptor, or
 * -errno.
 */
int unnamed_file(const char *purpose);

/* The same in that directory, executable by its owner alone. */
int unnamed_file_in(const char *dir);

/* Makes *fd one for reading alone, so that the file can be executed. 0 or -errno. */
int unnamed_seal(int *fd);

#endif
