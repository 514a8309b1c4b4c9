#include "engine/result.h"

#include <stdlib.h>

#include "engine/base/stats.h"
#include "engine/base/text.h"

struct result *result_new(void)
{
	struct result *result = calloc(1, sizeof(*result));
	if (!result)
		return NULL;
	result->arena = arena_new();
	if (!result->arena) {
		free(result);
		return NULL;
	}
	return result;
}

void result_free(struct result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->n_cells; i++) {
		free(result->cells[i].passes);
		free(result->cells[i].latency.passes);
	}
	free(result->run.units);
	free(result->checks);
	arena_free(result->arena);
	free(result);
}

const struct cell_result *result_cell(const struct result *result, const char *id)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		if (id && same_text(result->cells[i].id, id))
			return &result->cells[i];
	}
	return NULL;
}

bool result_counts_disturbed(const struct cell_result *cell)
{
	const struct pass *last = NULL;
	size_t rounds = 0;
	for (size_t i = 0; i < cell->n_passes && rounds < STATS_LEAST_OF_TWO; i++) {
		const struct pass *pass = &cell->passes[i];
		if (!pass->clean || (last && last->round == pass->round))
			continue;
		rounds++;
		last = pass;
	}
	return rounds < STATS_LEAST_OF_TWO;
}

bool result_pass_counts(const struct pass *pass, bool counts_disturbed)
{
	return counts_disturbed ? pass->verified : pass->clean;
}

const struct cell_result *result_baseline(const struct result *result)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		if (result->cells[i].is_baseline)
			return &result->cells[i];
	}
	return NULL;
}

/* Whether two cells have the same stage, tree and cache state. */
static bool is_grouped(const struct cell_result *a, const struct cell_result *b)
{
	return a->stage == b->stage && same_text(a->tree, b->tree) && a->cache == b->cache;
}

const struct extra_fact *result_other_way(const struct cell_result *cell)
{
	for (size_t i = 0; i < cell->n_extras; i++) {
		const struct extra_fact *fact = &cell->extras[i];
		if (fact->other_way && fact->passes && fact->passes_short * 2 >= fact->passes)
			return fact;
	}
	return NULL;
}

const struct cell_result *result_baseline_of(const struct result *result,
					     const struct cell_result *cell)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		if (result->cells[i].is_baseline && is_grouped(&result->cells[i], cell))
			return &result->cells[i];
	}
	return NULL;
}

const struct cell_result *result_floor_of(const struct result *result,
					  const struct cell_result *cell)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		if (result->cells[i].is_floor && is_grouped(&result->cells[i], cell))
			return &result->cells[i];
	}
	return NULL;
}

const struct tree_facts *result_only_tree(const struct result *result)
{
	const struct tree_facts *first = NULL;
	for (size_t i = 0; i < result->n_trees; i++) {
		const struct tree_facts *tree = &result->trees[i];
		if (!tree->entries)
			continue;
		first = first ? first : tree;
		if (!same_text(tree->name, first->name) || !same_text(tree->digest, first->digest))
			return NULL;
	}
	return first;
}

const struct tree_facts *result_tree(const struct result *result, const char *id)
{
	for (size_t i = 0; i < result->n_trees; i++) {
		if (id && same_text(result->trees[i].id, id))
			return &result->trees[i];
	}
	return NULL;
}

const struct fs_facts *result_fs(const struct result *result, const char *id)
{
	for (size_t i = 0; i < result->n_fs; i++) {
		if (id && same_text(result->fs[i].id, id))
			return &result->fs[i];
	}
	return NULL;
}
