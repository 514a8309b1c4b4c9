/*
 * The keys of a shape's JSON: one table for reading, checking and writing them. Contradictions
 * between keys are checked by shape_check.
 */
#ifndef DATASETS_SHAPE_SHAPE_KEYS_H
#define DATASETS_SHAPE_SHAPE_KEYS_H

#include <stdio.h>

#include "datasets/shape/shape.h"
#include "engine/json/json_node.h"

#define ENTRIES_MAX UINT32_MAX /* the limit of a workload */
#define SEED_MAX    ((UINT64_C(1) << 53) - 1)

enum { NAME_BYTES = 255, PER_MILLE = 1000 };

/* A shape's name must be a single component of a path. */
#define NAME_ALPHABET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* Reads the values of keys that the document has; others are unchanged. 0 or -EINVAL. */
int shape_members_read(struct shape *shape, const struct json_node *at);

/* Checks every value alone. 0 or -EINVAL. */
int shape_members_check(const struct shape *shape, const struct json_node *at);

/* Writes the members of a JSON object, one per line; values that are not set are left out. */
void shape_members_print(const struct shape *shape, FILE *out);

#endif
