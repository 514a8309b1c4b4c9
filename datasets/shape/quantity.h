/*
 * A quantity: a constant, a range, a weighted list or a histogram. This file reads, checks, writes
 * and draws random values from quantities. All four kinds are stored as a list of ranges with
 * weights:
 *
 *     5                                                     always 5
 *     {"min": 3, "max": 9}                                  uniform in the range
 *     [{"value": 1, "weight": 9}, {"value": 40, "weight": 1}]
 *     {"histogram": [[0, 9, 70], [10, 99, 30]]}             [least, most, weight], uniform in each
 * range
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
	uint32_t weight; /* at least 1 */
};

struct quantity {
	uint32_t n;     /* number of bins; 0: not given */
	uint32_t total; /* sum of all weights */
	struct bin bins[QUANTITY_BINS];
};

#define QUANTITY_RANGE(least, most)                                                                \
	{                                                                                          \
		.n = 1, .total = 1, .bins = { {(least), (most), 1} }                               \
	}

/*
 * A quantity for each depth: {"by_depth": [Q0, Q1, ...]}; the last one is for all depths below,
 * too.
 */
struct levels {
	uint32_t n; /* at least 1 */
	struct quantity at[QUANTITY_LEVELS];
};

#define LEVELS_RANGE(least, most)                                                                  \
	{                                                                                          \
		.n = 1, .at = { QUANTITY_RANGE(least, most) }                                      \
	}

/* The allowed values and their form in JSON; without functions: an integer. */
struct quantity_form {
	uint64_t min, max;
	int (*read)(const struct json_node *at, uint64_t *value);
	void (*print)(FILE *out, uint64_t value);
};

/* 0, or -EINVAL with the place; then *q is unchanged. */
int quantity_read(const struct json_node *at, const struct quantity_form *form, struct quantity *q);
int levels_read(const struct json_node *at, const struct quantity_form *form,
		struct levels *levels);

/* The same checks for a quantity made by a program. */
int quantity_check(const struct json_node *at, const struct quantity_form *form,
		   const struct quantity *q);
int levels_check(const struct json_node *at, const struct quantity_form *form,
		 const struct levels *levels);

/* Writes it as JSON on one line. */
void quantity_print(FILE *out, const struct quantity_form *form, const struct quantity *q);
void levels_print(FILE *out, const struct quantity_form *form, const struct levels *levels);

/* The smallest and the largest value that can be drawn. */
uint64_t quantity_min(const struct quantity *q);
uint64_t quantity_max(const struct quantity *q);

uint64_t quantity_draw(const struct quantity *q, struct rng *rng);

/* Draws number i of n, which together match the weights as exactly as possible. */
uint64_t quantity_draw_one_of(const struct quantity *q, uint64_t i, uint64_t n, struct rng *rng);

static inline const struct quantity *levels_at(const struct levels *levels, uint32_t depth)
{
	return &levels->at[depth < levels->n ? depth : levels->n - 1];
}

/* Reads a weight, 1 to QUANTITY_WEIGHT_MAX. 0 or -EINVAL. */
int weight_read(const struct json_node *at, uint32_t *weight);

#endif
