/* From the portrait of a tree to a shape whose trees are like it. No name goes in. */
#ifndef DATASETS_TREE_FIT_H
#define DATASETS_TREE_FIT_H

#include "datasets/shape/shape.h"
#include "datasets/tree/portrait.h"

/* Fills all but the texts; the shape passes shape_check. */
void fit_shape(struct shape *shape, const struct portrait *portrait);

#endif
