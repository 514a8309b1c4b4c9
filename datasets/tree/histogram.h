/*
 * How often each value was seen: exactly up to 255, beyond that in sixteen cells for each power of
 * two. What a shape is fitted from, and what two trees are compared by. Fixed memory.
 */
#ifndef DATASETS_TREE_HISTOGRAM_H
#define DATASETS_TREE_HISTOGRAM_H

#include <stdint.h>

#include "datasets/shape/quantity.h"

enum { HISTOGRAM_EXACT = 256, HISTOGRAM_CELLS = HISTOGRAM_EXACT + (64 - 8) * 16 };

struct histogram {
	uint64_t n, sum, min, max;
	uint64_t cells[HISTOGRAM_CELLS];
	uint64_t sums[HISTOGRAM_CELLS]; /* of the values in each cell */
};

void histogram_add(struct histogram *h, uint64_t value);

/* Adds all that is in the other. */
void histogram_merge(struct histogram *h, const struct histogram *other);

/*
 * As a quantity of at most `bins` bins (QUANTITY_BINS or less) and no value above `most`. Cells are
 * put together so that the heaviest bin is as light as can be; a cell weighs by how many values it
 * has, and a quarter as much by their sum, so that the few large ones are told apart, too. A bin
 * keeps the mean of its values. Not given if h is empty.
 */
void histogram_fit(const struct histogram *h, uint32_t bins, uint64_t most, struct quantity *q);

/*
 * The Kolmogorov-Smirnov distance: the most by which the shares of values up to some value differ,
 * from 0 (alike) to 1. 0 if both are empty, 1 if one is.
 */
double histogram_distance(const struct histogram *a, const struct histogram *b);

#endif
