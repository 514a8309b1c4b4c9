#include "tests/unit/with_groups.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/base/count.h"
#include "tests/test.h"
#include "tests/unit/with_result.h"

static size_t cells_of_tree(const struct grid *grid)
{
	return grid->n_kinds * (grid->jobs > 1 ? 2 : 1);
}

static void set_tree(struct result *r, const struct grid *grid, size_t i)
{
	struct tree_facts *tree = &r->trees[i];
	const char *shape = grid->shapes[i / grid->n_sizes];
	const uint64_t entries = grid->sizes[i % grid->n_sizes];
	char size[COUNT_SHORT_SIZE];
	*tree = r->trees[0];
	tree->id = arena_print(r->arena, "tree%zu", i);
	tree->name = shape;
	tree->label = arena_print(r->arena, "%s,%s", shape, count_short(entries, size));
	tree->shape = arena_print(
		r->arena, "{\"name\": \"shape %zu\", \"entries\": %" PRIu64 ", \"seed\": 1}",
		i / grid->n_sizes, entries);
	tree->entries = entries;
}

/* The k-th kind takes 1000 / (k + 1) ns, and a third less with more jobs. */
static void set_cell(struct result *r, const struct grid *grid, size_t tree, size_t kind,
		     uint32_t jobs, struct cell_result *cell)
{
	const double ratio = (jobs > 1 ? 2.0 / 3 : 1) / (double)(kind + 1);
	cell->label = grid->kinds[kind];
	cell->id = arena_print(r->arena, "%s/j%" PRIu32 "@%s", cell->label, jobs,
			       r->trees[tree].label);
	cell->tree = r->trees[tree].id;
	cell->entries = r->trees[tree].entries;
	cell->jobs = jobs;
	cell->passes = NULL;
	cell->n_passes = 0;
	cell->latency.passes = NULL;
	cell->latency.n_passes = 0;
	cell->is_baseline = kind == 0 && jobs == 1;
	cell->is_rival = true;
	cell->error_counts = NULL;
	cell->n_error_counts = 0;
	cell->ns_per_entry = with_estimate(1000 * ratio, 990 * ratio, 1010 * ratio, 22);
	cell->ratio = with_estimate(ratio, ratio * 0.99, ratio * 1.01, 22);
	cell->scaling = jobs > 1 ? with_estimate(1.5, 1.4, 1.6, 22) : with_estimate(1, 1, 1, 22);
	if (cell->is_baseline)
		cell->ratio = (struct estimate){.reason = "is the baseline"};
}

static void fill(struct result *r, const struct grid *grid, const struct cell_result *from)
{
	const size_t n_trees = r->n_trees;
	for (size_t t = 0; t < n_trees; t++) {
		for (size_t i = 0; i < cells_of_tree(grid); i++) {
			struct cell_result *cell = &r->cells[r->n_cells++];
			*cell = *from;
			set_cell(r, grid, t, i % grid->n_kinds, i < grid->n_kinds ? 1 : grid->jobs,
				 cell);
		}
	}
}

struct result *with_groups(const struct grid *grid)
{
	struct result *r = with_result();
	struct cell_result *old = r->cells;
	const size_t n_trees = grid->n_shapes * grid->n_sizes;
	const struct tree_facts tree = r->trees[0];
	r->trees = arena_alloc(r->arena, n_trees * sizeof(*r->trees));
	r->cells = arena_alloc(r->arena, n_trees * cells_of_tree(grid) * sizeof(*r->cells));
	r->more_jobs = arena_alloc(r->arena, n_trees * sizeof(*r->more_jobs));
	assert_true(r->trees && r->cells && r->more_jobs);
	r->n_trees = n_trees;
	r->n_cells = r->n_more_jobs = r->n_checks = 0;
	r->trees[0] = tree;
	for (size_t i = 0; i < n_trees; i++)
		set_tree(r, grid, i);
	fill(r, grid, &old[CELL_FSTATAT]);
	for (size_t i = 0; i < CELLS; i++) {
		free(old[i].passes);
		free(old[i].latency.passes);
	}
	return r;
}

struct cell_result *grid_cell(struct result *result, const struct grid *grid, size_t tree,
			      size_t kind, uint32_t jobs)
{
	return &result->cells[tree * cells_of_tree(grid) + kind + (jobs > 1 ? grid->n_kinds : 0)];
}

void grid_set_more(struct result *result, size_t tree, double median, double lo, double hi)
{
	const size_t of_tree = result->n_cells / result->n_trees;
	const struct cell_result *cells = &result->cells[tree * of_tree];
	result->more_jobs[result->n_more_jobs++] =
		(struct more_jobs){.baseline = cells[0].id,
				   .one = cells[0].id,
				   .several = cells[of_tree - 1].id,
				   .over_one = with_estimate(median, lo, hi, 11)};
}
