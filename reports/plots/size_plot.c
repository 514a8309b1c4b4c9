/* Writes the data of sizes: times and ratios over the size of trees. */
#include "reports/plots/kinds.h"

#include "engine/base/util.h"
#include "reports/groups/sizes.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { SERIES_MAX = 6, LINES_MOST = 8 };

struct size_plot {
	struct plots *p;
	FILE *data;
	struct sizes *series;
	size_t n, n_series; /* the number of lines drawn, and of all */
	size_t *order;      /* kinds; those that are drawn come first */
	const char **names;
	size_t n_lines, n_left_out, blocks;
};

static bool has_figure(const struct cell_result *cell)
{
	return cell && cell->status == STATUS_OK && estimate_has_median(&cell->ns_per_entry);
}

/* Whether some series has the kind in two sizes. One size makes no line. */
static bool is_line(const struct size_plot *s, size_t kind)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t n = 0;
		for (size_t k = 0; k < s->series[i].n; k++)
			n += has_figure(groups_cell(&s->p->groups, s->series[i].groups[k], kind));
		if (n > 1)
			return true;
	}
	return false;
}

static bool is_baseline(const struct size_plot *s, size_t kind)
{
	const struct cell_result *cell = groups_cell(&s->p->groups, s->series[0].groups[0], kind);
	return cell && cell->is_baseline;
}

/* Chooses the first by their median ratio, and always the baseline. */
static bool find_lines(struct size_plot *s)
{
	const struct groups *g = &s->p->groups;
	s->order = arena_alloc(s->p->arena, (g->n_kinds + 1) * sizeof(*s->order));
	s->names = arena_alloc(s->p->arena, (g->n_kinds + 1) * sizeof(*s->names));
	if (!s->order || !s->names)
		return false;
	groups_rank(g, s->order);
	for (size_t i = 0; i < g->n_kinds; i++) {
		const size_t kind = s->order[i];
		if (!is_line(s, kind))
			continue;
		s->n_left_out += s->n_lines == LINES_MOST;
		if (s->n_lines < LINES_MOST)
			s->order[s->n_lines++] = kind;
		else if (is_baseline(s, kind))
			s->order[LINES_MOST - 1] = kind;
	}
	for (size_t i = 0; i < s->n_lines; i++)
		s->names[i] = g->kinds[s->order[i]];
	labels_fit(s->p->arena, s->names, s->n_lines, KEY_MAX_CHARS);
	return true;
}

static void put_numbers(FILE *data, const struct estimate *e)
{
	if (estimate_has_median(e))
		fprintf(data, "\t%.10g\t%.10g\t%.10g", e->median, e->lo, e->hi);
	else
		fputs("\tNaN\tNaN\tNaN", data);
}

/* "flat: 2 jobs pay from about 700 entries on ext4, warm"; the last title says what is missing. */
static const char *title_of(struct size_plot *s, size_t series, double *from)
{
	const struct sizes *sizes = &s->series[series];
	const char *pays = sizes_pay(s->p->arena, s->p->result, &s->p->groups, sizes, from);
	const char *title = pays ? arena_print(s->p->arena, "%s: %s", sizes->shape, pays)
				 : arena_print(s->p->arena, "%s on %s", sizes->shape, sizes->where);
	return series + 1 < s->n ? title : bands_title(s->p->arena, title, s->n_series - s->n);
}

static const char *words_of(struct size_plot *s, const struct cell_result *cell, size_t line,
			    double entries)
{
	const char *head = arena_print(s->p->arena, "%s, %s entries", s->names[line],
				       format_fixed(s->p->arena, entries, 0));
	return band_words(s->p->arena, head, &cell->ns_per_entry,
			  cell->is_baseline ? NULL : &cell->ratio);
}

static void put_block(struct size_plot *s, size_t series, size_t line)
{
	static const struct estimate one = {.known = true, .median = 1, .lo = 1, .hi = 1},
				     none = {0};
	const struct sizes *sizes = &s->series[series];
	double from;
	const char *title = title_of(s, series, &from);
	fputs(s->blocks++ ? "\n\n" : "", s->data);
	for (size_t i = 0; i < sizes->n; i++) {
		const struct cell_result *cell =
			groups_cell(&s->p->groups, sizes->groups[i], s->order[line]);
		const bool is_there = has_figure(cell);
		fprintf(s->data, "%.10g", sizes->entries[i]);
		put_numbers(s->data, is_there ? &cell->ns_per_entry : &none);
		put_numbers(s->data, !is_there ? &none : cell->is_baseline ? &one : &cell->ratio);
		fprintf(s->data, "\t%zu\t%zu\t", series + 1, line + 1);
		drawing_words(s->p->arena, s->data, s->names[line], KEY_MAX_CHARS);
		fputc('\t', s->data);
		drawing_words(s->p->arena, s->data, title, BAND_TITLE_MAX_CHARS);
		fprintf(s->data, "\t%.10g\t0\t0\t", from);
		drawing_words(s->p->arena, s->data,
			      is_there ? words_of(s, cell, line, sizes->entries[i]) : " ",
			      HOVER_MAX_CHARS);
		fprintf(s->data, "\t%zu\n", s->n_left_out);
	}
}

/* Trees that are cut to one size count as one size. */
static bool is_cut(const struct result *result)
{
	for (size_t i = 0; i < result->n_trees; i++) {
		if (result->trees[i].sample.of_entries)
			return true;
	}
	return false;
}

const char *size_plot_write(struct plots *p, FILE *data)
{
	struct size_plot s = {.p = p, .data = data};
	if (p->groups.n < 2)
		return "";
	s.n_series = sizes_make(p->arena, p->result, &p->groups, &s.series);
	s.n = MIN(s.n_series, SERIES_MAX);
	if (!s.n && is_cut(p->result))
		return "no shape was measured in three sizes or more: trees were cut for lack of "
		       "time; raise --max-time";
	if (!s.n)
		return "no shape was measured in three sizes or more (--entries 1k,10k,100k)";
	if (!find_lines(&s))
		return "memory ran out";
	fputs("# entries\tns\tlo\thi\tratio\tlo\thi\tpanel\tline\tcell\ttitle", data);
	fputs("\tpays_from\tlo\thi\thover\tleft_out\n", data);
	for (size_t series = 0; series < s.n; series++) {
		for (size_t line = 0; line < s.n_lines; line++)
			put_block(&s, series, line);
	}
	return s.n_lines ? NULL : "no cell has a figure in two sizes";
}
