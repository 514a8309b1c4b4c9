/*
 * Whether a filesystem, and who asks it, can have all that a shape wants: device nodes, owners,
 * extended attributes, bytes that are no characters. Asked by trying, before anything else is
 * written, since no other answer is reliable.
 */
#ifndef DATASETS_TREE_ABILITY_H
#define DATASETS_TREE_ABILITY_H

#include "datasets/tree/container.h"

/* -ENOTSUP with what cannot be had; the container is left as it was. */
int check_ability(const struct container *c, const struct shape *shape, struct err *err);

#endif
