/*
 * The one place that writes files for the user: results, pictures, judgements.
 *
 * A regular file is replaced as a whole, so no reader sees half of one: its new content is written
 * to a file beside it, synced, then renamed over it. After a failure (a full disk, a kill) the old
 * file is intact. It keeps its mode, and its owner where that is possible; a new file has mode 0666
 * less the umask. A symbolic link stays, and its target is replaced.
 *
 * A file that is not regular (a device, a fifo, /dev/stdout) is written in place. So is a regular
 * file whose directory is not writable, or that is a mount point.
 */
#ifndef ENGINE_BASE_OUTPUT_H
#define ENGINE_BASE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "engine/base/err.h"

/*
 * Makes these bytes the content of what `path` names. Errors, with path in the message: those of
 * target_find, open(2), write(2) (-ENOSPC for -EFBIG), fsync(2), rename(2); -EISDIR; -EINTR while a
 * fifo has no reader. After an error there is no temporary file; after a kill one may be left,
 * named .statmark-*.tmp. Signals wait until a file is replaced.
 */
int output_write(const char *path, const void *data, size_t size, struct err *err);

/* Whether that could be written, as far as it can be told without writing. Its errors. */
int output_check(const char *path, struct err *err);

/*
 * output_write for a name in an open directory, with `shown` as its path in messages. Links and
 * fifos of other users are refused, and a file of another user is replaced by one of this user.
 */
int output_write_at(int dir, const char *name, const char *shown, const void *data, size_t size,
		    struct err *err);

/*
 * Where the path of an output leads: a directory held open, and a name in it that is not a symbolic
 * link. Operations by these two are not affected when another process renames or links meanwhile.
 */

struct output_target {
	int dir;        /* O_PATH */
	char *name;     /* in dir */
	struct stat st; /* what is there, st_mode 0: nothing; a link: one of /proc that leads to
			   something open, which has no other name */
};

/* Whose symbolic links are followed. */
enum target_trust {
	TARGET_USUAL, /* as Linux does in shared directories: ours and those of the directory's
			 owner */
	TARGET_OURS,  /* ours and root's */
};

/*
 * Finds out where `path` leads, as seen from directory `dir` (or AT_FDCWD). What it names need not
 * exist, but its directory must. -EPERM, with a message: a link of another user. -ELOOP, -ENOMEM
 * and those of openat(2) without words.
 */
int target_find(struct output_target *target, int dir, const char *path, enum target_trust trust,
		struct err *err);
void target_release(struct output_target *target);

#endif
