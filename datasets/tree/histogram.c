#include "datasets/tree/histogram.h"

#include <math.h>
#include <stddef.h>

#include "engine/base/util.h"

enum { STEPS = 16, EXACT_BITS = 8, STEP_BITS = 4 };

static size_t cell_of(uint64_t value)
{
	if (value < HISTOGRAM_EXACT)
		return value;
	unsigned top = 63 - (unsigned)__builtin_clzll(value);
	size_t step = value >> (top - STEP_BITS) & (STEPS - 1);
	return HISTOGRAM_EXACT + (top - EXACT_BITS) * STEPS + step;
}

static uint64_t cell_lo(size_t cell)
{
	if (cell < HISTOGRAM_EXACT)
		return cell;
	size_t step = (cell - HISTOGRAM_EXACT) % STEPS, top = (cell - HISTOGRAM_EXACT) / STEPS;
	return (STEPS + step) << (top + EXACT_BITS - STEP_BITS);
}

static uint64_t cell_hi(size_t cell)
{
	return cell + 1 < HISTOGRAM_CELLS ? cell_lo(cell + 1) - 1 : UINT64_MAX;
}

/* Sums of a million sparse files of any size still fit. */
#define SUMMED_MOST (UINT64_C(1) << 44)

void histogram_add(struct histogram *h, uint64_t value)
{
	const uint64_t summed = MIN(value, SUMMED_MOST);
	h->min = h->n ? MIN(h->min, value) : value;
	h->max = MAX(h->max, value);
	h->n++;
	h->sum += summed;
	h->cells[cell_of(value)]++;
	h->sums[cell_of(value)] += summed;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
	if (other->n == 0)
		return;
	h->min = h->n ? MIN(h->min, other->min) : other->min;
	h->max = MAX(h->max, other->max);
	h->n += other->n;
	h->sum += other->sum;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		h->cells[i] += other->cells[i];
		h->sums[i] += other->sums[i];
	}
}

/* Neighbouring cells whose values are treated alike. */
struct run {
	size_t first, last;
	uint64_t count, sum;
};

/* All cells together weigh no more than ALL. */
#define BY_COUNT (UINT64_C(1) << 40)
#define ALL      (BY_COUNT + BY_COUNT / 4)

static uint64_t weigh(const struct histogram *h, size_t cell)
{
	unsigned __int128 count = h->cells[cell], sum = h->sums[cell];
	return (uint64_t)(count * BY_COUNT / h->n) +
	       (h->sum ? (uint64_t)(sum * (BY_COUNT / 4) / h->sum) : 0);
}

/*
 * Cells from the least on, put together as long as they weigh no more than `limit`. Returns how
 * many runs there are; those that have room are in runs.
 */
static uint32_t cut(const struct histogram *h, uint64_t limit, struct run *runs, uint32_t room)
{
	uint32_t n = 0;
	uint64_t load = 0; /* of the run at hand */
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		if (h->cells[i] == 0)
			continue;
		uint64_t more = weigh(h, i);
		if (n == 0 || load + more > limit) {
			if (n < room)
				runs[n] = (struct run){.first = i};
			n++;
			load = 0;
		}
		load += more;
		if (n <= room) {
			runs[n - 1].last = i;
			runs[n - 1].count += h->cells[i];
			runs[n - 1].sum += h->sums[i];
		}
	}
	return n;
}

static uint32_t weight_of(uint64_t count, uint64_t n)
{
	if (n <= QUANTITY_WEIGHT_MAX)
		return (uint32_t)count;
	uint64_t scaled = (uint64_t)((unsigned __int128)count * QUANTITY_WEIGHT_MAX / n);
	return (uint32_t)MAX(scaled, 1);
}

/* The range of a run, narrowed at one end until its middle is the mean of the values. */
static void set_range(struct bin *bin, const struct histogram *h, const struct run *run)
{
	uint64_t lo = MAX(cell_lo(run->first), h->min), hi = MIN(cell_hi(run->last), h->max);
	uint64_t mean = MIN(MAX((run->sum + run->count / 2) / run->count, lo), hi);
	if (mean - lo < hi - mean)
		hi = mean + (mean - lo);
	else
		lo = mean - (hi - mean);
	*bin = (struct bin){.lo = lo, .hi = hi};
}

void histogram_fit(const struct histogram *h, uint32_t bins, uint64_t most, struct quantity *q)
{
	struct run runs[QUANTITY_BINS];
	uint64_t low = 0, high = ALL; /* too little; enough */
	*q = (struct quantity){0};
	if (h->n == 0)
		return;
	while (high - low > 1) {
		uint64_t limit = low + (high - low) / 2;
		if (cut(h, limit, runs, bins) <= bins)
			high = limit;
		else
			low = limit;
	}
	q->n = MIN(cut(h, high, runs, bins), bins);
	for (uint32_t i = 0; i < q->n; i++) {
		struct bin *bin = &q->bins[i];
		set_range(bin, h, &runs[i]);
		bin->lo = MIN(bin->lo, most);
		bin->hi = MIN(bin->hi, most);
		bin->weight = weight_of(runs[i].count, h->n);
		q->total += bin->weight;
	}
}

double histogram_distance(const struct histogram *a, const struct histogram *b)
{
	double most = 0;
	uint64_t seen_a = 0, seen_b = 0;
	if (a->n == 0 || b->n == 0)
		return a->n == b->n ? 0 : 1;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		seen_a += a->cells[i];
		seen_b += b->cells[i];
		most = fmax(most,
			    fabs((double)seen_a / (double)a->n - (double)seen_b / (double)b->n));
	}
	return most;
}
