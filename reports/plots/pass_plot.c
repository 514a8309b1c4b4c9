/*
 * Writes the data of passes: a panel for each baseline and each of the fastest cells. Times are
 * multiples of the cell's own median, so that one axis fits all panels, and a drift of the whole
 * machine shows in all of them.
 */
#include "reports/plots/kinds.h"

#include <inttypes.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "reports/words/format.h"

enum {
	PANELS_MAX = 12,
	TITLE_MAX_CHARS = 25,  /* above a small panel; with two groups or more below the state */
	TITLE_WIDE_CHARS = 32, /* above a large panel, with the group in front */
	FEW_PANELS = 6,
	POINTS_MAX = 640, /* of a panel; of more passes that count only some are drawn */
	HOVERS_MAX = 100, /* points of a panel with their values; all disturbed passes have them */
};

static bool has_passes(const struct cell_result *cell)
{
	return cell && !cell->is_floor && cell->n_passes > 1 && cell->has_own_median &&
	       cell->median_of_passes > 0 && cell->entries;
}

/* The baselines first, then the fastest; with several groups the fastest of each. */
static int by_interest(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	if (x->is_baseline != y->is_baseline)
		return x->is_baseline ? -1 : 1;
	if (estimate_has_median(&x->ratio) != estimate_has_median(&y->ratio))
		return estimate_has_median(&x->ratio) ? -1 : 1;
	if (!x->is_baseline && x->ratio.median != y->ratio.median)
		return x->ratio.median < y->ratio.median ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void find_cells(struct plots *p)
{
	p->n = 0;
	for (size_t i = 0; i < p->result->n_cells; i++) {
		const struct cell_result *cell = &p->result->cells[i];
		const struct cell_result *baseline = result_baseline_of(p->result, cell);
		size_t group = 0;
		while (group < p->groups.n && p->groups.baselines[group] != baseline)
			group++;
		const bool is_wanted =
			p->groups.n < 2 || cell->is_baseline ||
			(group < p->groups.n && groups_best(&p->groups, group) == cell);
		if (has_passes(cell) && is_wanted)
			p->cells[p->n++] = cell;
	}
	qsort(p->cells, p->n, sizeof(struct cell_result *), by_interest);
}

static const char *title_of(struct plots *p, size_t i)
{
	for (size_t k = 0; k < p->groups.n && p->groups.n > 1; k++) {
		if (p->groups.baselines[k] == result_baseline_of(p->result, p->cells[i]))
			return arena_print(p->arena, "%s: %s", p->groups.names[k], p->names[i]);
	}
	return p->names[i];
}

/* Values of the column `state`. */
enum { LEFT_OUT, CLEAN, COUNTS_DISTURBED };

/* What all passes of a cell have in common. */
struct pass_panel {
	size_t i; /* of the cell */
	const char *title, *what;
	bool counts_disturbed;
};

static int state_of(const struct pass_panel *panel, const struct pass *pass)
{
	if (pass->clean)
		return CLEAN;
	return result_pass_counts(pass, panel->counts_disturbed) ? COUNTS_DISTURBED : LEFT_OUT;
}

static void put_pass(struct plots *p, FILE *data, const struct pass_panel *panel,
		     const struct pass *pass)
{
	static const char *const words[] = {[LEFT_OUT] = "; does not count: ",
					    [CLEAN] = "",
					    [COUNTS_DISTURBED] = "; disturbed: "};
	const struct cell_result *cell = p->cells[panel->i];
	const double ns = (double)pass->wall_ns / (double)cell->entries;
	const int state = state_of(panel, pass);
	fprintf(data, "%" PRIu32 "\t%.10g\t%d\t%zu\t1\t", pass->round, ns / cell->median_of_passes,
		state, panel->i + 1);
	drawing_words(p->arena, data, panel->what, LINE_MAX_CHARS);
	fputc('\t', data);
	drawing_words(p->arena, data, panel->title,
		      p->n > FEW_PANELS ? TITLE_MAX_CHARS : TITLE_WIDE_CHARS);
	fputc('\t', data);
	if (state == CLEAN && cell->n_passes > HOVERS_MAX) {
		fputs(" \n", data);
		return;
	}
	const char *why = state == CLEAN ? "" : cause_shown(pass->why);
	drawing_words(p->arena, data,
		      arena_print(p->arena, "%s, round %" PRIu32 ": %s ns per entry%s%s",
				  p->names[panel->i], pass->round, format_fixed(p->arena, ns, 1),
				  words[state], why),
		      LINE_MAX_CHARS);
	fputc('\n', data);
}

static void put_cell(struct plots *p, FILE *data, size_t i, const char *title, const char *what)
{
	const struct cell_result *cell = p->cells[i];
	const struct pass_panel panel = {i, title, what, result_counts_disturbed(cell)};
	const size_t step = (cell->n_passes + POINTS_MAX - 1) / POINTS_MAX;
	fputs(i ? "\n\n" : "", data);
	for (size_t k = 0; k < cell->n_passes; k++) {
		if (!cell->passes[k].clean || k % step == 0)
			put_pass(p, data, &panel, &cell->passes[k]);
	}
}

const char *pass_plot_write(struct plots *p, FILE *data)
{
	find_cells(p);
	const size_t all = p->n;
	p->n = MIN(all, PANELS_MAX);
	name_cells(p, TITLE_MAX_CHARS);
	const char *what =
		all > p->n
			? arena_print(p->arena, "baseline and fastest, %zu of %zu cells", p->n, all)
			: " ";
	if (p->groups.n > 1)
		what = "baseline and fastest cell of each group";
	fputs("# round\ttime\tstate\tpanel\tline\twhat\tcell\thover\n", data);
	for (size_t i = 0; i < p->n; i++)
		put_cell(p, data, i, title_of(p, i), what);
	return p->n ? NULL : "no cell has two passes that count";
}
