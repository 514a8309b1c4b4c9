#include "engine/gate/counts.h"

#include <string.h>

#include "engine/base/text.h"

static const struct worker_count *find(const struct worker_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->n; i++) {
		if (strcmp(counts->rows[i].name, name) == 0)
			return &counts->rows[i];
	}
	return NULL;
}

static bool is_call(const char *name)
{
	return strcmp(name, "entries") != 0 && strcmp(name, "errors") != 0;
}

static uint64_t calls_of(const struct worker_counts *counts)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < counts->n; i++)
		sum += is_call(counts->rows[i].name) ? counts->rows[i].count : 0;
	return sum;
}

static bool is_same_strategy(const struct gate_cell *cell)
{
	return same_text(cell->base.text, cell->head.text);
}

size_t counts_compare(const struct gate_cell *cell, struct count_pair pairs[COUNT_PAIRS_MAX])
{
	const struct worker_counts *sides[] = {&cell->counts[0], &cell->counts[1]};
	const uint64_t sums[] = {calls_of(sides[0]), calls_of(sides[1])};
	size_t n = 0;
	if (!sides[0]->n || !sides[1]->n || !is_same_strategy(cell))
		return 0;
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < sides[s]->n; i++) {
			const struct worker_count *row = &sides[s]->rows[i];
			const struct worker_count *there = find(sides[!s], row->name);
			const uint64_t other = there ? there->count : 0;
			/* A count that both sides have occurs twice. */
			if (row->count == other || (s == 1 && there) ||
			    (is_call(row->name) && (!sums[0] || !sums[1])))
				continue;
			pairs[n++] =
				(struct count_pair){row->name, is_call(row->name),
						    s ? other : row->count, s ? row->count : other};
		}
	}
	if (n == 0 && sums[0] && sums[1])
		pairs[n++] = (struct count_pair){"calls", true, sums[0], sums[1]};
	return n;
}

bool counts_are_missing(const struct gate_cell *cell)
{
	return !cell->skip && !cell->identical && !cell->invalid && !cell->incomparable &&
	       is_same_strategy(cell) && (!cell->counts[0].n || !cell->counts[1].n);
}
