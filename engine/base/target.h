/*
 * Where the path of an output leads: a directory held open, and a name in it that is no symbolic
 * link. What is done by these two cannot be led elsewhere by whoever renames or links meanwhile.
 */
#ifndef ENGINE_BASE_TARGET_H
#define ENGINE_BASE_TARGET_H

#include <stdbool.h>
#include <sys/stat.h>

#include "engine/base/err.h"

struct target {
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
 * exist, but its directory must. -EPERM, with words: a link of somebody else's. -ELOOP, -ENOMEM and
 * those of openat(2) without words.
 */
int target_find(struct target *target, int dir, const char *path, enum target_trust trust,
		struct err *err);
void target_release(struct target *target);

#endif
