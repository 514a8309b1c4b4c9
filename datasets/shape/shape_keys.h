/*
 * The keys of a shape's JSON, one table for reading, checking and writing them. What keys may not
 * say together is shape_check's business.
 */
#ifndef DATASETS_SHAPE_SHAPE_KEYS_H
#define DATASETS_SHAPE_SHAPE_KEYS_H

#include <stdio.h>

#include "datasets/shape/shape.h"
#include "engine/json/json_node.h"

#define ENTRIES_MAX UINT32_MAX /* what a workload can number */
#define SEED_MAX    ((UINT64_C(1) << 53) - 1)

enum { NAME_BYTES = 255, PER_MILLE = 1000 };

/* Keeps a shape's name from being more than one component of a path. */
#define NAME_ALPHABET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* Values whose keys the document has; others are left as they are. */
int shape_members_read(struct shape *shape, const struct json_node *at);

/* Every value alone; with shape_check_at also what they say together. */
int shape_members_check(const struct shape *shape, const struct json_node *at);
int shape_check_at(const struct shape *shape, const struct json_node *at);

/* The members of a JSON object, one on a line; those that say nothing are left out. */
void shape_members_print(const struct shape *shape, FILE *out);

#endif
