#include "engine/measure/choose/plan.h"

#include "engine/base/rng.h"

/* Fisher and Yates. */
static void shuffle(struct rng *rng, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = (size_t)rng_below(rng, i + 1);
		order[i] = order[j];
		order[j] = i;
	}
}

static size_t common_divisor(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Where row number r of a block comes: r * step + offset, with steps that meet every row. */
static size_t shuffle_row(struct rng *rng, size_t row, size_t rows)
{
	size_t offset = (size_t)rng_below(rng, rows), step = 1 + (size_t)rng_below(rng, rows);
	while (common_divisor(step, rows) != 1)
		step = step % rows + 1;
	return (row * step + offset) % rows;
}

/* 0, 1, n-1, 2, n-2, ...: the differences between neighbours are all different. */
static size_t zigzag(size_t i, size_t n)
{
	return i % 2 ? (i + 1) / 2 : (n - i / 2) % n;
}

void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n)
{
	if (!n)
		return;
	const size_t rows = n % 2 ? 2 * n : n;
	struct rng rng = {rng_mix(seed ^ rng_mix(round / rows + 1))};
	size_t *cells = order + n;
	shuffle(&rng, cells, n);
	const size_t row = shuffle_row(&rng, round % rows, rows);
	for (size_t i = 0; i < n; i++) {
		/* With an odd n the second n rows are the first ones backwards. */
		size_t at = row < n ? i : n - 1 - i;
		order[i] = cells[(zigzag(at, n) + row) % n];
	}
}

/*
 * The others are shuffled at the end of the sequence and woven forward in place: what is written
 * never overtakes what is still to be read, because the anchors fill exactly the room before them.
 */
size_t plan_sequence(uint64_t seed, uint32_t round, size_t n, size_t anchor, size_t *sequence)
{
	if (anchor >= n) {
		plan_round(seed, round, sequence, n);
		return n;
	}
	const size_t others = n - 1, length = others + (others + 1) / 2 + 1;
	size_t *shuffled = sequence + length - others, written = 0;
	plan_round(seed, round, shuffled, others);
	for (size_t i = 0; i < others; i++) {
		size_t cell = shuffled[i] + (shuffled[i] >= anchor);
		if (i % 2 == 0)
			sequence[written++] = anchor;
		sequence[written++] = cell;
	}
	/* A last pair needs an anchor behind it, a last single one has its own before it. */
	if (others % 2 == 0)
		sequence[written++] = anchor;
	return written;
}
