/* Writes the table as markdown: a row for each cell, including floors and cells without figures. */
#include <errno.h>
#include <inttypes.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/exports/exports.h"
#include "reports/table/summary.h"
#include "reports/words/escape.h"
#include "reports/words/format.h"
#include "reports/words/grid.h"

enum { SENTENCE_MAX = 2000 };

static const struct grid_column columns[] = {
	{"tree", false},          {"fs", false},           {"cache", false},
	{"cell", false},          {"ns_per_entry", true},  {"ratio", true},
	{"ratio_interval", true}, {"against_1_job", true}, {"calls_per_entry", true},
	{"status", false},        {"reason", false},
};

static const char *fixed(struct arena *arena, const struct estimate *e, int decimals)
{
	return estimate_has_median(e) ? format_fixed(arena, e->median, decimals) : NULL;
}

/* "0.601 to 0.752" */
static const char *interval(struct arena *arena, const struct estimate *e)
{
	return e->known ? arena_print(arena, "%s to %s", format_fixed(arena, e->lo, 3),
				      format_fixed(arena, e->hi, 3))
			: NULL;
}

static void put_cell(struct grid *g, const struct result *r, const struct cell_result *cell)
{
	const struct tree_facts *tree = cell->tree ? result_tree(r, cell->tree) : NULL;
	const struct fs_facts *fs = cell->fs ? result_fs(r, cell->fs) : NULL;
	const bool ok = cell->status == STATUS_OK,
		   counted = ok && cell->entries && cell->syscalls_total != COUNT_UNKNOWN;
	struct arena *a = g->arena;
	const char *const values[ARRAY_LEN(columns)] = {
		tree ? tree->name : NULL,
		fs ? fs->label ? fs->label : fs->type : NULL,
		cache_state_name(cell->cache),
		cell->id,
		ok ? fixed(a, &cell->ns_per_entry, 1) : NULL,
		ok && !cell->is_baseline ? fixed(a, &cell->ratio, 3) : NULL,
		ok && !cell->is_baseline ? interval(a, &cell->ratio) : NULL,
		ok && cell->jobs > 1 ? fixed(a, &cell->scaling, 2) : NULL,
		counted ? format_fixed(a, (double)cell->syscalls_total / (double)cell->entries, 3)
			: NULL,
		cell->is_floor      ? "floor"
		: cell->is_baseline ? "baseline"
				    : status_name(cell->status),
		cell->reason,
	};
	grid_row(g, values);
}

int export_markdown(FILE *to, const struct result *result)
{
	struct sentence *sentences;
	struct grid grid;
	int error = grid_begin(&grid, to, GRID_MARKDOWN, columns, ARRAY_LEN(columns));
	if (error)
		return error;
	sentences = arena_alloc(grid.arena, SENTENCES_MAX * sizeof(*sentences));
	for (size_t i = 0; i < result->n_cells; i++)
		put_cell(&grid, result, &result->cells[i]);
	const size_t n = sentences ? summary_make(result, grid.arena, sentences) : 0;
	for (size_t i = 0; i < n; i++)
		fprintf(to, "\n%s%s\n", sentences[i].warning ? "> " : "",
			escape_markdown(grid.arena, sentences[i].text, SENTENCE_MAX));
	grid_end(&grid);
	return sentences ? 0 : -ENOMEM;
}
