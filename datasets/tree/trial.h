/*
 * Tests in a tree's root whether the filesystem and the user can make what a shape needs: an entry
 * of each kind is made, compared and removed. A trial that was killed leaves at most one entry, and
 * the target of links; tree_prune finds them here.
 */
#ifndef DATASETS_TREE_TRIAL_H
#define DATASETS_TREE_TRIAL_H

#include <limits.h>
#include <stdbool.h>

#include "datasets/shape/shape.h"
#include "engine/base/err.h"

struct stat;

/* fd: of the root; where: its path, for messages. 0 or the errors of tree_create. */
int trial_make(int fd, const char *where, const struct shape *shape, struct err *err);

/* The names, from i = 0 on, that a killed trial may have left; false: there is no such name. */
bool trial_left(unsigned i, const struct shape *shape, char name[NAME_MAX + 1]);

/* Whether an entry with such a name can be what was left; others have content. */
bool trial_is_scrap(const char *name, const struct shape *shape, const struct stat *st);

#endif
