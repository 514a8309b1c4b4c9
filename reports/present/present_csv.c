/* Writes a row for each comparison, for spreadsheets and scripts. */
#include <inttypes.h>

#include "engine/base/util.h"
#include "reports/present/present.h"
#include "reports/words/grid.h"

static const struct grid_column columns[] = {
	{"verdict", false}, {"cell", false}, {"metric", false},    {"unit", false},
	{"base", true},     {"head", true},  {"ratio", true},      {"lo", true},
	{"hi", true},       {"n", true},     {"confidence", true}, {"tolerance", true},
	{"limit", true},    {"seen", true},  {"reason", false},
};

static const char *number(struct arena *arena, bool known, double value)
{
	return known ? arena_print(arena, "%.10g", value) : NULL;
}

int present_csv(FILE *to, const struct judgement *j, const struct present_style *style)
{
	struct grid grid;
	int error = grid_begin(&grid, to, GRID_CSV, columns, ARRAY_LEN(columns));
	(void)style;
	for (size_t i = 0; i < j->n_rows && !error; i++) {
		const struct judged *row = &j->rows[i];
		const struct estimate *e = &row->ratio;
		struct arena *a = grid.arena;
		const char *const values[ARRAY_LEN(columns)] = {
			verdict_name(row->verdict),
			row->cell,
			row->metric,
			row->unit,
			number(a, row->has_base, row->base),
			number(a, row->has_head, row->head),
			number(a, e->known, e->median),
			number(a, e->known, e->lo),
			number(a, e->known, e->hi),
			number(a, e->known, e->n),
			number(a, e->known, e->confidence),
			number(a, row->has_tolerance, row->tolerance),
			number(a, row->estimated, row->limit),
			number(a, e->known, row->seen),
			row->reason,
		};
		grid_row(&grid, values);
	}
	if (!error)
		grid_end(&grid);
	return error;
}
