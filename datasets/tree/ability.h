/*
 * Whether a filesystem, and who asks it, can have all that a shape wants: device nodes, owners,
 * extended attributes, bytes that are no characters. Asked by trying, before anything else is
 * made, since no other answer is reliable. It is tried in the tree's root: so whatever an
 * interruption leaves there is known to be ours, and goes the next time.
 */
#ifndef DATASETS_TREE_ABILITY_H
#define DATASETS_TREE_ABILITY_H

#include "datasets/shape/shape.h"
#include "engine/base/err.h"

/* -ENOTSUP with what cannot be had in the directory fd, called `where`, which is left as it was. */
int check_ability(int fd, const char *where, const struct shape *shape, struct err *err);

#endif
