#include "engine/measure/choose/plan.h"

#include "engine/base/rng.h"

/* Fisher-Yates. */
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

/*
 * The position of a row in its block: row * step + offset, with a step coprime to rows, so that
 * every position is taken once.
 */
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
		/* If n is odd, the second n rows are the first ones in reverse. */
		size_t at = row < n ? i : n - 1 - i;
		order[i] = cells[(zigzag(at, n) + row) % n];
	}
}

/*
 * The other cells are shuffled at the end of the sequence and moved forward in place. No unread
 * cell is overwritten, because the anchors fill exactly the space in front of them.
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
	/*
	 * After a last pair an anchor follows; a last single cell already has an anchor before it.
	 */
	if (others % 2 == 0)
		sequence[written++] = anchor;
	return written;
}
