/*
 * A quantity: a constant, a range, a weighted list or a histogram. This file reads, checks, writes
 * and draws from them. All four are stored as a list of ranges with weights:
 *
 *     5                                                     always 5
 *     {"min": 3, "max": 9}                                  each number of the range alike
 *     [{"value": 1, "weight": 9}, {"value": 40, "weight": 1}]
 *     {"histogram": [[0, 9, 70], [10, 99, 30]]}             [least, most, weight], each range alike
 *
 * Integers only: a seed draws the same numbers on every machine.
 */
#ifndef DATASETS_SHAPE_QUANTITY_H
#define DATASETS_SHAPE_QUANTITY_H

#include <stdint.h>
#include <stdio.h>

#include "engine/base/rng.h"

struct json_node;

enum {
	QUANTITY_BINS = 32,
	QUANTITY_LEVELS = 12,
	QUANTITY_WEIGHT_MAX = 1000000,
};

struct bin {
	uint64_t lo, hi; /* both included */
	uint32_t weight; /* from 1 */
};

struct quantity {
	uint32_t n;     /* bins; 0: not given */
	uint32_t total; /* of all weights */
	struct bin bins[QUANTITY_BINS];
};

#define QUANTITY_RANGE(least, most)                                                                \
	{                                                                                          \
		.n = 1, .total = 1, .bins = { {(least), (most), 1} }                               \
	}

/* A quantity that depends on the level: {"by_depth": [Q0, Q1, ...]}, the last for all below. */
struct levels {
	uint32_t n; /* from 1 */
	struct quantity at[QUANTITY_LEVELS];
};

#define LEVELS_RANGE(least, most)                                                                  \
	{                                                                                          \
		.n = 1, .at = { QUANTITY_RANGE(least, most) }                                      \
	}

/* What one value may be and how it is written; without functions: an integer. */
struct quantity_unit {
	uint64_t min, max;
	int (*read)(const struct json_node *at, uint64_t *value);
	void (*print)(FILE *out, uint64_t value);
};

/* -EINVAL with the place; *q is untouched then. */
int quantity_read(const struct json_node *at, const struct quantity_unit *unit, struct quantity *q);
int levels_read(const struct json_node *at, const struct quantity_unit *unit,
		struct levels *levels);

/* The same checks for a quantity that a program made. */
int quantity_check(const struct json_node *at, const struct quantity_unit *unit,
		   const struct quantity *q);
int levels_check(const struct json_node *at, const struct quantity_unit *unit,
		 const struct levels *levels);

/* As JSON on one line. */
void quantity_print(FILE *out, const struct quantity_unit *unit, const struct quantity *q);
void levels_print(FILE *out, const struct quantity_unit *unit, const struct levels *levels);

/* The least and the greatest that can be drawn. */
uint64_t quantity_min(const struct quantity *q);
uint64_t quantity_max(const struct quantity *q);

uint64_t quantity_draw(const struct quantity *q, struct rng *rng);

/* The same for number i of n, all of which together have the weights as exactly as can be. */
uint64_t quantity_draw_one_of(const struct quantity *q, uint64_t i, uint64_t n, struct rng *rng);

static inline const struct quantity *levels_at(const struct levels *levels, uint32_t depth)
{
	return &levels->at[depth < levels->n ? depth : levels->n - 1];
}

/* How weights are written wherever there are some: 1 to QUANTITY_WEIGHT_MAX. */
int weight_read(const struct json_node *at, uint32_t *weight);

#endif
