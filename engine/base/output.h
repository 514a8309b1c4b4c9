/*
 * Writes files for the user: results, pictures, judgements. Nothing else writes such files. Other
 * files that must never be seen in part are written by output_replace.
 *
 * A regular file is replaced as a whole, so that readers never see a part of it: the new content is
 * written to a temporary file in the same directory, synced, then renamed. After a failure (a full
 * disk, a kill) the old file is intact. Its mode is kept, and its owner if possible; a new file has
 * mode 0666 less the umask. A symbolic link is kept, and its target is replaced.
 *
 * A file that is not regular (a device, a fifo, /dev/stdout) is written in place. So is, by
 * output_write, a regular file whose directory is not writable, or that is a mount point.
 */
#ifndef ENGINE_BASE_OUTPUT_H
#define ENGINE_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "engine/base/err.h"

/*
 * Writes data to the file at `path`. Errors, with path in the message: those of target_find,
 * open(2), write(2) (-ENOSPC for -EFBIG), fsync(2), rename(2); -EISDIR; -EINTR while a fifo has no
 * reader. After an error there is no temporary file; after a kill there may be one, named
 * .statmark-*.tmp. SIGINT, SIGTERM and SIGHUP are blocked while a file is replaced.
 */
int output_write(const char *path, const void *data, size_t size, struct err *err);

/*
 * Checks, as far as possible without writing, whether output_write would succeed. Returns its
 * errors.
 */
int output_check(const char *path, struct err *err);

/*
 * Like output_write, for a name in an open directory; `shown` is the path in messages. Links and
 * fifos of other users are refused, and a file of another user is replaced by one of this user.
 */
int output_write_at(int dir, const char *name, const char *shown, const void *data, size_t size,
		    struct err *err);

/* A file that is replaced by a new one, which is first written as `temp`. */
struct replacement {
	int dir;
	const char *name, *temp; /* in dir */
	mode_t mode;             /* of the new file, less the umask */
	const struct stat
		*old; /* the new file gets this mode, and this owner if possible; or NULL */
};

/*
 * 0 or -errno; -EEXIST: there is a file `temp`. After an error the old file is intact, and the new
 * one is removed. SIGINT, SIGTERM and SIGHUP are blocked meanwhile.
 */
int output_replace(const struct replacement *replacement, const void *data, size_t size);

/* Overwrites a file in place and syncs it: for a full disk. After an error it has parts of both. */
int output_overwrite(int dir, const char *name, const void *data, size_t size);

/*
 * The result of resolving the path of an output: a directory held open, and a name in it that is
 * not a symbolic link. So a rename or a new link by another process has no effect on the directory.
 */

struct output_target {
	int dir;        /* O_PATH */
	char *name;     /* in dir */
	struct stat st; /* of the file; st_mode 0: there is none; a link: one in /proc to an open
			   file, which has no other name */
};

/* Which symbolic links are followed. */
enum target_trust {
	TARGET_USUAL, /* as Linux does in shared directories: those of this user and of the
			 directory's owner */
	TARGET_OURS,  /* those of this user and of root */
};

/*
 * Resolves `path`, relative to directory `dir` (or AT_FDCWD). The file need not exist, but its
 * directory must. To be released by target_release. -EPERM, with a message: a link of another user.
 * -ELOOP, -ENOMEM and the errors of openat(2), without a message.
 */
int target_find(struct output_target *target, int dir, const char *path, enum target_trust trust,
		struct err *err);
void target_release(struct output_target *target);

#endif
