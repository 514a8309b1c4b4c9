/* Plots of several cells: speed by jobs, the slowest entries, and time by the size of a tree. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/groups/sizes.h"
#include "reports/page/chart.h"
#include "reports/page/parts.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { PANELS_MAX = 12, LINES_MOST = CHART_COLORS, SAMPLES_LEAST = 10 };

struct page_figure {
	const struct page *p;
	const char *names[LINES_MOST]; /* of lines; a colour each, in all panels */
	size_t n;
	size_t left_out;
	size_t panels_left_out;
};

static const char *label_count(struct arena *arena, double value)
{
	return value < 1000 ? arena_print(arena, "%.10g", value) : format_si(arena, value);
}

static const char *label_time(struct arena *arena, double ns)
{
	static const char *const units[] = {"ns", "\302\265s", "ms", "s"};
	size_t i = 0;
	for (; ns >= 1000 && i + 1 < ARRAY_LEN(units); i++)
		ns /= 1000;
	return arena_print(arena, "%.10g %s", ns, units[i]);
}

/* "1 in 100": easier to read than a small percentage. */
static const char *label_share(struct arena *arena, double share)
{
	if (share > 0.999)
		return "all";
	if (share >= 0.0999)
		return arena_print(arena, "%.3g %%", share * 100);
	return arena_print(arena, "1 in %s", format_fixed(arena, 1 / share, 0));
}

static size_t place_in(const char *const *names, size_t n, const char *name)
{
	size_t i = 0;
	while (i < n && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* The line with that name; LINES_MOST if there is no room for it. */
static size_t line_of(struct page_figure *f, const char *name)
{
	const size_t i = place_in(f->names, f->n, name);
	if (i == f->n && f->n < LINES_MOST)
		f->names[f->n++] = name;
	return i;
}

/* The number of panels, at most PANELS_MAX. */
static size_t panels_of(const struct page *p)
{
	return MIN(p->groups.n, (size_t)PANELS_MAX);
}

static void begin_panel(const struct page_figure *f, size_t group)
{
	fputs("<figure class=\"panel\">", f->p->to);
	if (f->p->groups.n > 1)
		html_put(f->p->to, "<figcaption><bdi>%s</bdi></figcaption>\n",
			 f->p->groups.names[group]);
}

static void put_legend(const struct page_figure *f)
{
	fputs("</div>\n<ul class=\"legend\">\n", f->p->to);
	for (size_t i = 0; i < f->n; i++) {
		fprintf(f->p->to,
			"<li><svg width=\"28\" height=\"10\" aria-hidden=\"true\">"
			"<path class=\"line s%zu\" d=\"M0 5H28\"/></svg> ",
			i);
		html_put(f->p->to, "<bdi>%s</bdi></li>\n", f->names[i]);
	}
	if (f->left_out)
		html_put(f->p->to, "<li class=\"note\">%s, the slower ones, not drawn</li>\n",
			 format_counted(f->p->arena, f->left_out, "more line"));
	if (f->panels_left_out)
		html_put(f->p->to, "<li class=\"note\">%s not drawn</li>\n",
			 format_counted(f->p->arena, f->panels_left_out, "more group"));
	fputs("</ul>\n", f->p->to);
}

static struct chart empty_chart(const struct page *p)
{
	const struct chart_axis empty = {.lo = AXIS_LOW, .hi = AXIS_HIGH, .is_log = true};
	return (struct chart){.to = p->to,
			      .arena = p->arena,
			      .width = p->groups.n > 1 ? 380 : 500,
			      .height = p->groups.n > 1 ? 260 : 300,
			      .left = 70,
			      .right = 16,
			      .top = 22,
			      .bottom = 40,
			      .x = empty,
			      .y = empty};
}

static void put_point(const struct chart *c, size_t line, double x, double y, const char *words)
{
	fprintf(c->to, "<circle class=\"point s%zu\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\">", line,
		chart_x(c, x), chart_y(c, y));
	html_put(c->to, "<title>%s</title></circle>", words);
}

/* --- Scaling --------------------------------------------------------------------------------- */

/* The cells of a group with that label and a known speed-up, by jobs; at most `room`. */
static size_t speedups(const struct page *p, size_t group, const char *label,
		       const struct cell_result **cells, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < p->groups.n_kinds && n < room; i++) {
		const struct cell_result *cell = groups_cell(&p->groups, group, i);
		if (!cell || !cell->scaling.known || strcmp(label_plain(p->arena, cell), label))
			continue;
		size_t at = n++;
		for (; at && cells[at - 1]->jobs > cell->jobs; at--)
			cells[at] = cells[at - 1];
		cells[at] = cell;
	}
	return n;
}

enum { JOBS_MAX = 64 };

static void find_scaling(struct page_figure *f)
{
	const struct page *p = f->p;
	const struct cell_result *cells[JOBS_MAX];
	const size_t room = p->groups.n_kinds + 1;
	const char **left_out = arena_alloc(p->arena, room * sizeof(*left_out));
	size_t *order = arena_alloc(p->arena, room * sizeof(*order));
	if (!order || !left_out)
		return;
	groups_rank(&p->groups, order);
	for (size_t i = 0; i < p->groups.n_kinds; i++) {
		for (size_t g = 0; g < panels_of(p); g++) {
			const struct cell_result *cell = groups_cell(&p->groups, g, order[i]);
			const char *label = cell ? label_plain(p->arena, cell) : NULL;
			if (!label || speedups(p, g, label, cells, JOBS_MAX) < 2)
				continue;
			if (line_of(f, label) == LINES_MOST &&
			    place_in(left_out, f->left_out, label) == f->left_out)
				left_out[f->left_out++] = label;
			break;
		}
	}
}

static const char *scaling_words(const struct page *p, const struct cell_result *cell)
{
	const char *name = arena_print(p->arena, "%s, %s", label_plain(p->arena, cell),
				       COUNTED(cell->jobs, "job"));
	if (cell->jobs == 1 || !name)
		return name;
	return arena_print(
		p->arena, "%s: %s", name,
		page_estimate_words(p->arena, &cell->scaling, 2, " times as fast as with one"));
}

static void put_ideal(const struct chart *c)
{
	const double to = fmin(c->x.hi, c->y.hi);
	fprintf(c->to,
		"<path class=\"ideal\" d=\"M%.1f %.1fL%.1f %.1f\"><title>as many times as "
		"fast as there are jobs</title></path>\n",
		chart_x(c, 1), chart_y(c, 1), chart_x(c, to), chart_y(c, to));
}

static void put_speedups(const struct page_figure *f, const struct chart *c, size_t group,
			 size_t line)
{
	const struct cell_result *cells[JOBS_MAX];
	const size_t n = speedups(f->p, group, f->names[line], cells, JOBS_MAX);
	fprintf(c->to, "<g><path class=\"line s%zu\" d=\"", line);
	for (size_t i = 0; i < n; i++)
		fprintf(c->to, "%c%.1f %.1f", i ? 'L' : 'M', chart_x(c, cells[i]->jobs),
			chart_y(c, cells[i]->scaling.median));
	fputs("\"/>", c->to);
	for (size_t i = 0; i < n; i++) {
		const struct estimate *e = &cells[i]->scaling;
		fprintf(c->to, "<path class=\"whisker s%zu\" d=\"M%.1f %.1fV%.1f\"/>", line,
			chart_x(c, cells[i]->jobs), chart_y(c, e->lo), chart_y(c, e->hi));
		put_point(c, line, cells[i]->jobs, e->median, scaling_words(f->p, cells[i]));
	}
	fputs("</g>\n", c->to);
}

static void put_scaling_panel(const struct page_figure *f, size_t group)
{
	const struct page *p = f->p;
	const struct cell_result *cells[JOBS_MAX];
	struct chart c = empty_chart(p);
	c.x.words = "jobs";
	c.y.words = "times as fast as with one job";
	c.x.label = c.y.label = label_count;
	c.x.is_whole = true;
	axis_add(&c.x, 1);
	axis_add(&c.y, 1);
	for (size_t line = 0; line < f->n; line++) {
		const size_t n = speedups(p, group, f->names[line], cells, JOBS_MAX);
		for (size_t i = 0; i < n; i++) {
			axis_add(&c.x, cells[i]->jobs);
			axis_add(&c.y, cells[i]->scaling.lo);
			axis_add(&c.y, cells[i]->scaling.hi);
		}
	}
	if (c.x.hi <= 1)
		return;
	begin_panel(f, group);
	chart_open(&c,
		   arena_print(p->arena, "Speed over jobs, %s; the values are in the table below",
			       p->groups.names[group]));
	put_ideal(&c);
	for (size_t line = 0; line < f->n; line++)
		put_speedups(f, &c, group, line);
	chart_close(&c);
	fputs("</figure>\n", p->to);
}

/* Whether the speed-ups are of more than one number of jobs. */
static bool has_lines(const struct page *p)
{
	uint32_t jobs = 0;
	for (size_t i = 0; i < p->n; i++) {
		if (p->cells[i]->jobs <= 1 || !p->cells[i]->scaling.known)
			continue;
		if (jobs && p->cells[i]->jobs != jobs)
			return true;
		jobs = p->cells[i]->jobs;
	}
	return false;
}

static void put_scaling(const struct page *p)
{
	struct page_figure f = {.p = p, .panels_left_out = p->groups.n - panels_of(p)};
	find_scaling(&f);
	if (!f.n)
		return;
	page_begin_section(p, "scaling", "More jobs");
	if (!has_lines(p)) {
		html_put(p->to,
			 "<p class=\"note\">Speed as a multiple of the same way with one job, "
			 "paired by round; this machine allows %s.</p>\n",
			 format_counted(p->arena, p->result->host.n_allowed, "CPU"));
		page_put_speedups(p);
		page_end_section(p);
		return;
	}
	html_put(p->to,
		 "<p class=\"note\">Speed as a multiple of the same way with one job, "
		 "paired by round. Dashed: as many times as fast as there are jobs; this "
		 "machine allows %s.</p>\n<div class=\"panels\">\n",
		 format_counted(p->arena, p->result->host.n_allowed, "CPU"));
	for (size_t g = 0; g < panels_of(p); g++)
		put_scaling_panel(&f, g);
	put_legend(&f);
	fputs("<details><summary>The values as a table</summary>\n", p->to);
	page_put_speedups(p);
	fputs("</details>\n", p->to);
	page_end_section(p);
}

/* --- Latency --------------------------------------------------------------------------------- */

static bool has_tail(const struct cell_result *cell)
{
	return cell && cell->latency.samples >= SAMPLES_LEAST && cell->latency.n_histogram;
}

/* Chooses the baseline and the cells that return at least as much, fastest first. */
static void find_tails(struct page_figure *f, size_t *kinds)
{
	const struct page *p = f->p;
	size_t *order = arena_alloc(p->arena, (p->groups.n_kinds + 1) * sizeof(*order));
	if (!order)
		return;
	groups_rank(&p->groups, order);
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < p->groups.n_kinds; i++) {
			const struct cell_result *cell = NULL;
			for (size_t g = 0; g < panels_of(p) && !has_tail(cell); g++)
				cell = groups_cell(&p->groups, g, order[i]);
			const int turn = !has_tail(cell)                     ? 3
					 : cell->is_baseline                 ? 0
					 : cell->is_rival && cell->jobs == 1 ? 1
									     : 2;
			if (turn != pass)
				continue;
			if (f->n < LINES_MOST)
				kinds[f->n] = order[i];
			f->left_out += line_of(f, p->groups.kinds[order[i]]) == LINES_MOST;
		}
	}
}

static const char *tail_words(const struct page *p, const char *name, double ns, double share)
{
	return arena_print(p->arena, "%s: %s took at least %s", name,
			   share > 0.999 ? "all" : label_share(p->arena, share),
			   format_duration(p->arena, ns));
}

/* Steps that are closer than a pixel are left out. Points mark the percentiles. */
static void put_tail(const struct page_figure *f, const struct chart *c, size_t line,
		     const struct latency_facts *l)
{
	static const double marks[] = {0.5, 0.1, 0.01, 0.001, 0.0001};
	uint64_t left = l->samples;
	double last_x = -1, last_y = -1;
	size_t mark = 0, points = 0;
	double ns[ARRAY_LEN(marks)], shares[ARRAY_LEN(marks)];
	fprintf(c->to, "<g><path class=\"line s%zu\" d=\"", line);
	for (size_t i = 0; i < l->n_histogram && left >= SAMPLES_LEAST; i++) {
		const struct latency_bucket *b = &l->histogram[i];
		const double share = (double)left / (double)l->samples;
		const double x = chart_x(c, fmax((double)b->ns, 1)), y = chart_y(c, share);
		if (i == 0 || fabs(x - last_x) + fabs(y - last_y) > 1.2) {
			fprintf(c->to, "%c%.1f %.1f", i ? 'L' : 'M', x, y);
			last_x = x;
			last_y = y;
		}
		if (mark < ARRAY_LEN(marks) && share <= marks[mark] && points < ARRAY_LEN(ns)) {
			ns[points] = (double)b->ns;
			shares[points++] = share;
			while (mark < ARRAY_LEN(marks) && share <= marks[mark])
				mark++;
		}
		left -= MIN(b->count, left);
	}
	fputs("\"/>", c->to);
	for (size_t i = 0; i < points; i++)
		put_point(c, line, ns[i], shares[i],
			  tail_words(f->p, f->names[line], ns[i], shares[i]));
	fputs("</g>\n", c->to);
}

static void fit_tail(struct chart *c, const struct latency_facts *l)
{
	uint64_t left = l->samples;
	for (size_t i = 0; i < l->n_histogram && left >= SAMPLES_LEAST; i++) {
		axis_add(&c->x, fmax((double)l->histogram[i].ns, 1));
		axis_add(&c->y, (double)left / (double)l->samples);
		left -= MIN(l->histogram[i].count, left);
	}
}

static void put_tail_panel(const struct page_figure *f, size_t group, const size_t *kinds)
{
	const struct page *p = f->p;
	struct chart c = empty_chart(p);
	c.x.words = "time of a single entry";
	c.y.words = "entries that took at least as long";
	c.x.label = label_time;
	c.y.label = label_share;
	for (size_t line = 0; line < f->n; line++) {
		const struct cell_result *cell = groups_cell(&p->groups, group, kinds[line]);
		if (has_tail(cell))
			fit_tail(&c, &cell->latency);
	}
	if (c.x.hi < c.x.lo)
		return;
	begin_panel(f, group);
	chart_open(&c, arena_print(p->arena,
				   "Tails of single entries, %s; percentiles are in the table",
				   p->groups.names[group]));
	for (size_t line = 0; line < f->n; line++) {
		const struct cell_result *cell = groups_cell(&p->groups, group, kinds[line]);
		if (has_tail(cell))
			put_tail(f, &c, line, &cell->latency);
	}
	chart_close(&c);
	fputs("</figure>\n", p->to);
}

static void put_tails(const struct page *p)
{
	struct page_figure f = {.p = p, .panels_left_out = p->groups.n - panels_of(p)};
	size_t kinds[LINES_MOST];
	find_tails(&f, kinds);
	if (!f.n)
		return;
	page_begin_section(p, "tails", "Single entries");
	fputs("<p class=\"note\">The share of sampled entries that took at least that long; lines "
	      "end where fewer than ten samples are left. Further left is faster, and a line that "
	      "turns right has a tail.</p>\n<div class=\"panels\">\n",
	      p->to);
	for (size_t g = 0; g < panels_of(p); g++)
		put_tail_panel(&f, g, kinds);
	put_legend(&f);
	page_end_section(p);
}

/* --- Sizes ----------------------------------------------------------------------------------- */

static void put_size_line(const struct page_figure *f, const struct chart *c, const struct sizes *s,
			  size_t line, size_t kind)
{
	const struct page *p = f->p;
	bool begun = false;
	fprintf(c->to, "<g><path class=\"line s%zu\" d=\"", line);
	for (size_t i = 0; i < s->n; i++) {
		const struct cell_result *cell = groups_cell(&p->groups, s->groups[i], kind);
		if (!cell || !estimate_has_median(&cell->ns_per_entry))
			continue;
		fprintf(c->to, "%c%.1f %.1f", begun ? 'L' : 'M', chart_x(c, s->entries[i]),
			chart_y(c, cell->ns_per_entry.median));
		begun = true;
	}
	fputs("\"/>", c->to);
	for (size_t i = 0; i < s->n; i++) {
		const struct cell_result *cell = groups_cell(&p->groups, s->groups[i], kind);
		if (!cell || !estimate_has_median(&cell->ns_per_entry))
			continue;
		const struct estimate *e = &cell->ns_per_entry;
		fprintf(c->to, "<path class=\"whisker s%zu\" d=\"M%.1f %.1fV%.1f\"/>", line,
			chart_x(c, s->entries[i]), chart_y(c, e->lo), chart_y(c, e->hi));
		put_point(c, line, s->entries[i], e->median,
			  arena_print(p->arena, "%s, %s entries: %s", f->names[line],
				      format_fixed(p->arena, s->entries[i], 0),
				      page_estimate_words(p->arena, e, 1, " ns per entry")));
	}
	fputs("</g>\n", c->to);
}

static void put_size_panel(const struct page_figure *f, const struct sizes *s, const size_t *kinds)
{
	const struct page *p = f->p;
	struct chart c = empty_chart(p);
	c.x.words = "entries";
	c.y.words = "time per entry";
	c.x.label = label_count;
	c.y.label = label_time;
	for (size_t i = 0; i < s->n; i++) {
		axis_add(&c.x, s->entries[i]);
		for (size_t line = 0; line < f->n; line++) {
			const struct cell_result *cell =
				groups_cell(&p->groups, s->groups[i], kinds[line]);
			if (!cell || !estimate_has_median(&cell->ns_per_entry))
				continue;
			axis_add(&c.y, cell->ns_per_entry.lo);
			axis_add(&c.y, cell->ns_per_entry.hi);
		}
	}
	html_put(p->to, "<figure class=\"panel\"><figcaption><bdi>%s, %s</bdi></figcaption>\n",
		 s->shape, s->where);
	chart_open(&c, arena_print(p->arena,
				   "Time over the number of entries, %s, %s; the values are in "
				   "the table",
				   s->shape, s->where));
	for (size_t line = 0; line < f->n; line++)
		put_size_line(f, &c, s, line, kinds[line]);
	chart_close(&c);
	fputs("</figure>\n", p->to);
}

static void put_sizes(const struct page *p)
{
	struct page_figure f = {.p = p};
	struct sizes *all = NULL;
	const size_t n = sizes_make(p->arena, p->result, &p->groups, &all);
	size_t *order = arena_alloc(p->arena, (p->groups.n_kinds + 1) * sizeof(*order));
	if (!n || !order)
		return;
	groups_rank(&p->groups, order);
	f.panels_left_out = n - MIN(n, (size_t)PANELS_MAX);
	for (size_t i = 0; i < p->groups.n_kinds; i++)
		f.left_out += line_of(&f, p->groups.kinds[order[i]]) == LINES_MOST;
	page_begin_section(p, "sizes", "Over the size of the tree");
	fputs("<p class=\"note\">Medians with their intervals; both axes are logarithmic.</p>\n"
	      "<div class=\"panels\">\n",
	      p->to);
	for (size_t i = 0; i < MIN(n, (size_t)PANELS_MAX); i++)
		put_size_panel(&f, &all[i], order);
	put_legend(&f);
	page_end_section(p);
}

void page_put_figures(const struct page *p)
{
	if (!p->groups.n)
		return;
	put_scaling(p);
	put_sizes(p);
	put_tails(p);
}
