/*
 * Makes one entry on a filesystem as the generator describes it, and compares it with that
 * description. By directory descriptor and name only; no link is followed.
 */
#ifndef DATASETS_TREE_ENTRY_H
#define DATASETS_TREE_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "datasets/shape/generator.h"

/* The first difference of an entry, in this order. */
enum difference {
	DIFFERS_NOT,
	DIFFERS_IN_TYPE,
	DIFFERS_IN_TARGET, /* of a symbolic link */
	DIFFERS_IN_FILE,   /* a hard link is not another name of its file */
	DIFFERS_IN_SIZE,
	DIFFERS_IN_ATTRIBUTES, /* mode, owner, mtime, extended attributes */
};

/*
 * Makes an entry. An existing one without a difference is kept; a file with other contents or
 * attributes, as left by an interruption, is made again; anything else is -EEXIST. *made: it did
 * not exist. Errors are those of openat(2) and so on.
 */
int entry_make(int fd, const char *name, const struct gen_entry *entry, bool *made);

/*
 * An enum difference, or -errno: it could not be examined. Of directories only the type is
 * compared.
 */
int entry_compare(int fd, const char *name, const struct gen_entry *entry);

#endif
