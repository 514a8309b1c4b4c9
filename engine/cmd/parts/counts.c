#include "engine/cmd/parts/counts.h"

#include <errno.h>
#include <string.h>

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

static int add_count(struct judgement *j, const char *name, uint64_t base, uint64_t head,
		     const char *label)
{
	struct judged judged = {.cell = label,
				.metric = arena_copy(j->arena, name),
				.unit = is_call(name) ? "calls/pass" : "entries/pass"};
	return judged.metric ? judgement_add_counts(j, &judged, base, head) : -ENOMEM;
}

int counts_judge(struct judgement *j, const struct gate_cell *cell)
{
	const struct worker_counts *sides[] = {&cell->counts[0], &cell->counts[1]};
	const uint64_t sums[] = {calls_of(sides[0]), calls_of(sides[1])};
	bool differ = false;
	if (!sides[0]->n || !sides[1]->n || strcmp(cell->base.text, cell->head.text) != 0)
		return 0;
	for (size_t s = 0; s < 2; s++) {
		for (size_t i = 0; i < sides[s]->n; i++) {
			const struct worker_count *row = &sides[s]->rows[i];
			const struct worker_count *there = find(sides[!s], row->name);
			uint64_t other = there ? there->count : 0;
			/* One that both have is met twice. */
			if (row->count == other || (s == 1 && there) ||
			    (is_call(row->name) && (!sums[0] || !sums[1])))
				continue;
			differ = true;
			int error = add_count(j, row->name, s ? other : row->count,
					      s ? row->count : other, cell->label);
			if (error)
				return error;
		}
	}
	if (differ || !sums[0] || !sums[1])
		return 0;
	return add_count(j, "calls", sums[0], sums[1], cell->label);
}
