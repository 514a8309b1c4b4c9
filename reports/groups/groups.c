#include "reports/groups/groups.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

/* Walks and fetches are groups of their own on one tree. */
static bool one_stage(const struct groups *g)
{
	for (size_t i = 1; i < g->n; i++) {
		if (g->baselines[i]->stage != g->baselines[0]->stage)
			return false;
	}
	return true;
}

static bool name_groups(struct arena *arena, const struct result *result, struct groups *g)
{
	const bool is_one_stage = one_stage(g);
	for (size_t i = 0; i < g->n; i++) {
		const char *name = format_group(arena, result, g->baselines[i]);
		const char *stage = is_one_stage ? "" : stage_name(g->baselines[i]->stage);
		g->names[i] =
			arena_print(arena, "%s%s%s", name, *name && *stage ? ", " : "", stage);
		if (!g->names[i])
			return false;
	}
	return true;
}

static const char *kind_of(struct arena *arena, const struct cell_result *cell)
{
	const char *name = label_plain(arena, cell);
	return cell->jobs > 1 ? arena_print(arena, "%s/j%" PRIu32, name, cell->jobs) : name;
}

/* The column of a cell; a new one for a new kind. */
static size_t column_of(struct groups *g, const char *kind)
{
	size_t i = 0;
	while (i < g->n_kinds && strcmp(g->kinds[i], kind) != 0)
		i++;
	if (i == g->n_kinds)
		g->kinds[g->n_kinds++] = kind;
	return i;
}

static size_t row_of(const struct groups *g, const struct cell_result *baseline)
{
	size_t i = 0;
	while (i < g->n && g->baselines[i] != baseline)
		i++;
	return i;
}

static bool fill(struct arena *arena, const struct result *result, struct groups *g)
{
	size_t *columns = arena_alloc(arena, (result->n_cells + 1) * sizeof(*columns));
	for (size_t i = 0; columns && i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		const char *kind = cell->is_floor ? NULL : kind_of(arena, cell);
		if (kind)
			columns[i] = column_of(g, kind);
		else if (!cell->is_floor)
			return false;
	}
	g->cells = arena_alloc(arena, (g->n * g->n_kinds + 1) * sizeof(*g->cells));
	for (size_t i = 0; columns && g->cells && i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		const size_t row = row_of(g, result_baseline_of(result, cell));
		if (!cell->is_floor && row < g->n)
			g->cells[row * g->n_kinds + columns[i]] = cell;
	}
	return columns && g->cells;
}

bool groups_make(struct arena *arena, const struct result *result, struct groups *groups)
{
	const size_t n = result->n_cells + 1;
	*groups = (struct groups){
		.baselines = arena_alloc(arena, n * sizeof(*groups->baselines)),
		.names = arena_alloc(arena, n * sizeof(*groups->names)),
		.kinds = arena_alloc(arena, n * sizeof(*groups->kinds)),
	};
	if (!groups->baselines || !groups->names || !groups->kinds)
		return false;
	for (size_t i = 0; i < result->n_cells; i++) {
		if (result->cells[i].is_baseline)
			groups->baselines[groups->n++] = &result->cells[i];
	}
	return name_groups(arena, result, groups) && fill(arena, result, groups);
}

const struct cell_result *groups_cell(const struct groups *groups, size_t group, size_t kind)
{
	return groups->cells[group * groups->n_kinds + kind];
}

const struct cell_result *groups_best(const struct groups *groups, size_t group)
{
	const struct cell_result *best = groups->baselines[group];
	if (best->status != STATUS_OK)
		return NULL;
	double least = 1;
	for (size_t i = 0; i < groups->n_kinds; i++) {
		const struct cell_result *cell = groups_cell(groups, group, i);
		if (!cell || cell->is_baseline || !cell->is_rival || cell->status != STATUS_OK ||
		    !estimate_has_median(&cell->ratio) || cell->ratio.median >= least)
			continue;
		best = cell;
		least = cell->ratio.median;
	}
	return best;
}

struct ranked {
	size_t kind;
	double ratio;
};

static int compare_doubles(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->ratio != y->ratio)
		return x->ratio < y->ratio ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static double median_ratio(const struct groups *groups, size_t kind, double *room)
{
	size_t n = 0;
	for (size_t i = 0; i < groups->n; i++) {
		const struct cell_result *cell = groups_cell(groups, i, kind);
		if (cell && cell->status == STATUS_OK && cell->is_baseline)
			room[n++] = 1;
		else if (cell && cell->status == STATUS_OK && estimate_has_median(&cell->ratio))
			room[n++] = cell->ratio.median;
	}
	qsort(room, n, sizeof(*room), compare_doubles);
	return n ? (room[(n - 1) / 2] + room[n / 2]) / 2 : INFINITY;
}

void groups_rank(const struct groups *groups, size_t *order)
{
	struct ranked *all = calloc(groups->n_kinds + 1, sizeof(*all));
	double *room = calloc(groups->n + 1, sizeof(*room));
	for (size_t i = 0; i < groups->n_kinds; i++) {
		order[i] = i;
		if (all && room)
			all[i] = (struct ranked){i, median_ratio(groups, i, room)};
	}
	if (all && room) {
		qsort(all, groups->n_kinds, sizeof(*all), compare_ranked);
		for (size_t i = 0; i < groups->n_kinds; i++)
			order[i] = all[i].kind;
	}
	free(all);
	free(room);
}
