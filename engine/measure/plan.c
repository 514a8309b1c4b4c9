#include "engine/measure/plan.h"

#include "engine/base/rng.h"

/* Fisher and Yates. */
void plan_round(uint64_t seed, uint32_t round, size_t *order, size_t n)
{
	struct rng rng = {rng_mix(seed ^ rng_mix((uint64_t)round + 1))};
	for (size_t i = 0; i < n; i++) {
		size_t j = (size_t)rng_below(&rng, i + 1);
		order[i] = order[j];
		order[j] = i;
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
