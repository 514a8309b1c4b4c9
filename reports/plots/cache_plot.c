/*
 * Writes the data of cold-and-warm: a row for each strategy with its jobs on one tree, with a dot
 * for each cache state. The document does not pair cells of two states by round, so there is no
 * interval for the difference of two states. The text beside a row gives the quotient of the two
 * medians, and each dot has its own whiskers.
 */
#include "reports/plots/kinds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { STATES = 4, ROWS_MAX = 40 };

static const enum cache_state states[STATES] = {CACHE_WARM, CACHE_SLAB_COLD, CACHE_COLD,
						CACHE_AS_IS};

struct line {
	const char *name, *tree, *fs;
	enum stage stage;
	const struct cell_result *cells[STATES];
	size_t n;     /* the number of its states */
	double order; /* the time in its slowest state */
};

struct cache_lines {
	struct plots *p;
	struct line *all;
	size_t n;
};

static size_t state_of(const struct cell_result *cell)
{
	size_t i = 0;
	while (i < STATES && cell->cache != states[i])
		i++;
	return i;
}

static const char *name_of(struct plots *p, const struct cell_result *cell)
{
	const char *label = label_plain(p->arena, cell);
	const struct tree_facts *tree = result_tree(p->result, cell->tree);
	const char *where = p->result->n_trees > 1 && tree
				    ? format_text(p->arena, tree->label ? tree->label : tree->name)
				    : "";
	return arena_print(p->arena, cell->jobs > 1 ? "%s/j%" PRIu32 "%s%s" : "%s%.0" PRIu32 "%s%s",
			   label, cell->jobs > 1 ? cell->jobs : 0, *where ? ", " : "", where);
}

static void add_cell(struct cache_lines *l, const struct cell_result *cell)
{
	const size_t state = state_of(cell);
	const char *name = name_of(l->p, cell);
	if (state == STATES || !name)
		return;
	struct line *line = l->all;
	while (line < l->all + l->n &&
	       !(strcmp(line->name, name) == 0 && same_text(line->tree, cell->tree) &&
		 same_text(line->fs, cell->fs) && line->stage == cell->stage))
		line++;
	if (line == l->all + l->n) {
		*line = (struct line){
			.name = name, .tree = cell->tree, .fs = cell->fs, .stage = cell->stage};
		l->n++;
	}
	line->n += !line->cells[state];
	line->cells[state] = cell;
	line->order = MAX(line->order, cell->ns_per_entry.median);
}

static int by_order(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void collect(struct cache_lines *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->p->result->n_cells; i++) {
		const struct cell_result *cell = &l->p->result->cells[i];
		if (!cell->is_floor && estimate_has_median(&cell->ns_per_entry))
			add_cell(l, cell);
	}
	for (size_t i = 0; i < l->n; i++) {
		if (l->all[i].n > 1)
			l->all[n++] = l->all[i];
	}
	l->n = n;
	qsort(l->all, n, sizeof(*l->all), by_order);
}

/* "cold 6.4 x warm": the slowest over the fastest. */
static const char *words_of(struct plots *p, const struct line *line)
{
	const struct cell_result *most = NULL, *least = NULL;
	for (size_t i = 0; i < STATES; i++) {
		const struct cell_result *cell = line->cells[i];
		if (cell && (!most || cell->ns_per_entry.median > most->ns_per_entry.median))
			most = cell;
		if (cell && (!least || cell->ns_per_entry.median < least->ns_per_entry.median))
			least = cell;
	}
	const double ratio = most->ns_per_entry.median / least->ns_per_entry.median;
	return arena_print(p->arena, "%s %s \303\227 %s", cache_state_name(most->cache),
			   format_fixed(p->arena, ratio, ratio < 10 ? 2 : 1),
			   cache_state_name(least->cache));
}

static void put_state(struct plots *p, FILE *data, size_t row, const struct line *line,
		      const char *name, size_t state)
{
	const struct cell_result *cell = line->cells[state];
	const struct estimate *e = &cell->ns_per_entry;
	fprintf(data, "%zu\t%zu\t%.10g\t%.10g\t%.10g\t", row, state, e->median, e->lo, e->hi);
	drawing_words(p->arena, data, name, NAME_MAX_CHARS);
	fputc('\t', data);
	drawing_words(p->arena, data, words_of(p, line), KEY_MAX_CHARS);
	fputc('\t', data);
	drawing_words(p->arena, data,
		      arena_print(p->arena, "%s, %s: %s ns per entry (%s to %s; n = %" PRIu32 ")",
				  name, cache_state_name(states[state]),
				  format_fixed(p->arena, e->median, 1),
				  format_fixed(p->arena, e->lo, 1),
				  format_fixed(p->arena, e->hi, 1), e->n),
		      LINE_MAX_CHARS);
	fputc('\n', data);
}

const char *cache_plot_write(struct plots *p, FILE *data)
{
	struct cache_lines l = {.p = p};
	const size_t room = p->result->n_cells + 1;
	l.all = arena_alloc(p->arena, room * sizeof(*l.all));
	const char **names = arena_alloc(p->arena, room * sizeof(*names));
	if (!l.all || !names)
		return "memory ran out";
	collect(&l);
	for (size_t i = 0; i < l.n; i++)
		names[i] = l.all[i].name;
	labels_fit(p->arena, names, l.n, NAME_MAX_CHARS);
	fputs("# row\tstate\tmedian\tlo\thi\tcell\twords\thover\n", data);
	for (size_t i = 0; i < MIN(l.n, ROWS_MAX); i++) {
		fputs(i ? "\n\n" : "", data);
		for (size_t state = 0; state < STATES; state++) {
			if (l.all[i].cells[state])
				put_state(p, data, i + 1, &l.all[i], names[i], state);
		}
	}
	return l.n ? NULL : "";
}
