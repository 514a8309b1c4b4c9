/*
 * One entry on a filesystem: making it as the generator says, and saying in what it differs from
 * that. By directory descriptor and name only; no link is followed.
 */
#ifndef DATASETS_TREE_ENTRY_H
#define DATASETS_TREE_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

#include "datasets/shape/generator.h"

/* In what an entry differs, the first that is found in this order. */
enum difference {
	DIFFERS_NOT,
	DIFFERS_IN_TYPE,
	DIFFERS_IN_TARGET, /* of a symbolic link */
	DIFFERS_IN_FILE,   /* a hard link's other name is another file */
	DIFFERS_IN_SIZE,
	DIFFERS_IN_ATTRIBUTES, /* mode, owner, mtime, extended attributes */
};

/*
 * Makes it. What is there already stays if it does not differ; a file with other contents or
 * attributes, which is what an interruption leaves, is made anew; anything else is -EEXIST. *made
 * says whether it was missing. Errors are those of openat(2) and the like.
 */
int entry_make(int fd, const char *name, const struct gen_entry *entry, bool *made);

/* A negative errno if it cannot be looked at. Directories: only the type. */
int entry_compare(int fd, const char *name, const struct gen_entry *entry);

/* Attributes that were set: modes of links and nodes are none of them. */
bool entry_has_attributes(const struct gen_entry *entry);

#endif
