/* Writes the data of line plots with a panel for each group. */
#include "reports/plots/kinds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum {
	PANELS_MAX = 12,
	GROUP_MAX_CHARS = 32,
	LINES_MOST = 8,       /* that can be distinguished in one panel */
	LINES_OF_SEVERAL = 6, /* in small panels */
	LINES_TOGETHER = 4,   /* of scaling; if there are more, each has a panel, */
	SPLIT_MAX_CHARS = 25, /* and a name that fits above that panel */
	SAMPLES_LEAST = 10,   /* fewer mean little: the rule for percentiles, too (latency.h) */
};

struct panels {
	struct plots *p;
	FILE *data;
	size_t *groups; /* groups that have something to show, one for each panel */
	size_t n, n_groups;
	const char **names; /* of the lines, whole, and cut to fit */
	const char **cut;
	size_t *kinds;              /* of the lines: the column in the grid of groups */
	size_t n_lines, n_left_out; /* lines that are drawn, and lines without room */
	size_t blocks;
	bool is_split; /* of one group: each line has a panel */
};

static bool is_several(const struct panels *s)
{
	return s->p->groups.n > 1;
}

/* Whether a cell has something to show. */
typedef bool shows_fn(const struct cell_result *cell);

static void find_groups(struct panels *s, shows_fn *shows)
{
	const struct groups *g = &s->p->groups;
	for (size_t i = 0; i < g->n; i++) {
		bool any = false;
		for (size_t kind = 0; kind < g->n_kinds; kind++)
			any |= shows(groups_cell(g, i, kind));
		if (any)
			s->groups[s->n_groups++] = i;
	}
	s->n = MIN(s->n_groups, PANELS_MAX);
}

static bool panels_open(struct panels *s, struct plots *p, FILE *data, shows_fn *shows)
{
	const size_t n = p->groups.n_kinds + 1;
	*s = (struct panels){
		.p = p,
		.data = data,
		.groups = arena_alloc(p->arena, (p->groups.n + 1) * sizeof(*s->groups)),
		.names = arena_alloc(p->arena, n * sizeof(*s->names)),
		.cut = arena_alloc(p->arena, n * sizeof(*s->cut)),
		.kinds = arena_alloc(p->arena, n * sizeof(*s->kinds)),
	};
	if (!s->groups || !s->names || !s->cut || !s->kinds)
		return false;
	find_groups(s, shows);
	return true;
}

static void cut_names(struct panels *s)
{
	for (size_t i = 0; i < s->n_lines; i++)
		s->cut[i] = s->names[i];
	labels_fit(s->p->arena, s->cut, s->n_lines, s->is_split ? SPLIT_MAX_CHARS : KEY_MAX_CHARS);
}

/* The last panel's name has the number of panels that are missing. */
static const char *group_name(struct panels *s, size_t panel)
{
	const char *name = s->p->groups.names[s->groups[panel]];
	if (panel + 1 < s->n || s->n == s->n_groups)
		return name;
	return arena_print(s->p->arena, "%s (%s not drawn)", text_shorten(s->p->arena, name, 10),
			   COUNTED(s->n_groups - s->n, "more group"));
}

/* The columns that identify a block: panel, line, and their names. */
static void put_block_columns(struct panels *s, size_t panel, size_t line)
{
	fprintf(s->data, "\t%zu\t%zu\t", panel + 1, line + 1);
	drawing_words(s->p->arena, s->data, s->cut[line], KEY_MAX_CHARS);
	fputc('\t', s->data);
	drawing_words(s->p->arena, s->data, is_several(s) ? group_name(s, panel) : " ",
		      GROUP_MAX_CHARS);
}

/* The same values as the last columns of a line. */
static void put_place(struct panels *s, size_t panel, size_t line)
{
	put_block_columns(s, panel, line);
	fprintf(s->data, "\t%zu\n", s->n_left_out);
}

static void begin_block(struct panels *s)
{
	fputs(s->blocks++ ? "\n\n" : "", s->data);
}

/* --- scaling.tsv ----------------------------------------------------------------------------- */

static bool has_speedup(const struct cell_result *cell)
{
	return cell && cell->jobs > 1 && estimate_has_median(&cell->scaling);
}

/* The cells of a group with that label and a known speed-up, by jobs. */
static size_t cells_of(struct panels *s, size_t panel, const char *label)
{
	struct plots *p = s->p;
	size_t n = 0;
	for (size_t i = 0; i < p->groups.n_kinds; i++) {
		const struct cell_result *cell = groups_cell(&p->groups, s->groups[panel], i);
		if (!cell || !estimate_has_median(&cell->scaling) ||
		    strcmp(label_plain(p->arena, cell), label) != 0)
			continue;
		size_t at = n++;
		for (; at && p->cells[at - 1]->jobs > cell->jobs; at--)
			p->cells[at] = p->cells[at - 1];
		p->cells[at] = cell;
	}
	return n;
}

static bool is_line(const struct panels *s, const char *label)
{
	for (size_t i = 0; i < s->n_lines; i++) {
		if (strcmp(s->names[i], label) == 0)
			return true;
	}
	return false;
}

/* The label of a kind that is measured with one job and with more in some panel; or NULL. */
static const char *scaling_label(struct panels *s, size_t kind)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct cell_result *cell = groups_cell(&s->p->groups, s->groups[i], kind);
		const char *label = cell ? label_plain(s->p->arena, cell) : NULL;
		if (label && cells_of(s, i, label) > 1)
			return label;
	}
	return NULL;
}

/* Chooses the fastest, of one group or of several. */
static void find_scaling_lines(struct panels *s)
{
	size_t *order = s->kinds;
	groups_rank(&s->p->groups, order);
	for (size_t i = 0; i < s->p->groups.n_kinds; i++) {
		const char *label = scaling_label(s, order[i]);
		if (label && !is_line(s, label))
			s->names[s->n_lines++] = label;
	}
	s->is_split = !is_several(s) && s->n_lines > LINES_TOGETHER;
	cut_names(s);
}

/*
 * The text shown when the pointer is on it: "statx, 2 jobs: 1.81 times one job's rate (1.73 to
 * 1.93; n = 74)".
 */
static void put_scaling_tip(struct panels *s, const struct cell_result *cell, size_t line)
{
	const struct estimate *e = &cell->scaling;
	const char *range =
		cell->jobs == 1
			? ""
			: arena_print(s->p->arena, " (%s%s to %s; n = %" PRIu32 ")",
				      e->known ? "" : "seen: ", format_fixed(s->p->arena, e->lo, 2),
				      format_fixed(s->p->arena, e->hi, 2), e->n);
	const char *tip = arena_print(s->p->arena, "%s, %s: %s times one job's rate%s",
				      s->cut[line], COUNTED(cell->jobs, "job"),
				      format_fixed(s->p->arena, e->median, 2), range);
	drawing_words(s->p->arena, s->data, tip, LINE_MAX_CHARS);
}

/* The columns after the figures. A line that has its own panel is named by the panel. */
static void put_scaling_place(struct panels *s, size_t panel, size_t line, size_t shown,
			      const struct cell_result *cell)
{
	const char *what = "a panel for each strategy", *group = " ";
	if (shown < s->n_lines)
		what = arena_print(s->p->arena, "the %zu fastest of %s", shown,
				   GROUPED(s->n_lines));
	if (s->is_split)
		group = s->cut[line];
	else if (is_several(s))
		group = group_name(s, panel);
	fprintf(s->data, "\t%zu\t%zu\t", s->is_split ? line + 1 : panel + 1,
		s->is_split ? 1 : line + 1);
	drawing_words(s->p->arena, s->data, s->is_split ? what : s->cut[line], 2 * KEY_MAX_CHARS);
	fputc('\t', s->data);
	drawing_words(s->p->arena, s->data, group, GROUP_MAX_CHARS);
	fprintf(s->data, "\t%d\t", s->is_split);
	if (cell)
		put_scaling_tip(s, cell, line);
	fprintf(s->data, "%s\t%zu\n", cell ? "" : " ", s->n_left_out);
}

static void put_scaling(struct panels *s, size_t panel, size_t line, size_t shown)
{
	const size_t n = cells_of(s, panel, s->names[line]);
	begin_block(s);
	/* One number of jobs makes no line. */
	for (size_t i = 0; n > 1 && i < n; i++) {
		const struct estimate *e = &s->p->cells[i]->scaling;
		fprintf(s->data, "%" PRIu32 "\t%.10g\t%.10g\t%.10g\t%" PRIu32, s->p->cells[i]->jobs,
			e->median, e->lo, e->hi, e->n);
		put_scaling_place(s, panel, line, shown, s->p->cells[i]);
	}
	if (n > 1)
		return;
	fputs("NaN\tNaN\tNaN\tNaN\t0", s->data);
	put_scaling_place(s, panel, line, shown, NULL);
}

const char *panels_write_scaling(struct plots *p, FILE *data)
{
	struct panels s;
	if (!panels_open(&s, p, data, has_speedup))
		return "memory ran out";
	find_scaling_lines(&s);
	const size_t most = s.is_split ? PANELS_MAX : LINES_OF_SEVERAL;
	const size_t shown = MIN(s.n_lines, most);
	s.n_left_out = s.is_split ? 0 : s.n_lines - shown; /* if split, `words` names the line */
	fputs("# jobs\tspeedup\tlo\thi\tn\tpanel\tline\tcell\tgroup\tsplit", data);
	fputs("\twords\tleft_out\n", data);
	for (size_t panel = 0; panel < s.n; panel++) {
		for (size_t line = 0; line < shown; line++)
			put_scaling(&s, panel, line, shown);
	}
	return s.n_lines ? NULL : "no cell was measured with one job and with more (-j 1,2)";
}

/* --- decisions.tsv --------------------------------------------------------------------------- */

static bool has_decisions(const struct cell_result *cell)
{
	return cell && cell->n_decisions > 0;
}

static void find_decision_lines(struct panels *s)
{
	const struct groups *g = &s->p->groups;
	for (size_t kind = 0; kind < g->n_kinds; kind++) {
		bool any = false;
		for (size_t i = 0; i < s->n; i++)
			any |= has_decisions(groups_cell(g, s->groups[i], kind));
		if (any && s->n_lines == LINES_OF_SEVERAL)
			s->n_left_out++;
		if (!any || s->n_lines == LINES_OF_SEVERAL)
			continue;
		s->kinds[s->n_lines] = kind;
		s->names[s->n_lines++] = g->kinds[kind];
	}
	cut_names(s);
}

/* The end of the last pass; 0: unknown. */
static uint64_t end_of_pass(const struct cell_result *cell)
{
	return cell->n_passes ? cell->passes[cell->n_passes - 1].wall_ns : 0;
}

/*
 * Entries of the last pass divided by its time; in a fetch an entry is a call. 0: unknown, or a
 * walk.
 */
static double mean_rate(const struct cell_result *cell)
{
	const uint64_t ns = end_of_pass(cell);
	return cell->stage == STAGE_FETCH && ns ? (double)cell->entries * NS_PER_SECOND / (double)ns
						: 0;
}

/* A step of a line; words: the text shown when the pointer is on it, after the line's name. */
static void put_step(struct panels *s, size_t panel, size_t line, const struct decision_fact *d,
		     double mean, const char *words)
{
	struct arena *arena = s->p->arena;
	const char *rate = d->rate ? arena_print(arena, "%" PRIu64, d->rate) : "NaN";
	fprintf(s->data, "%" PRIu64 "\t%" PRIu32 "\t%s", d->at_ns, d->threads, rate ? rate : "NaN");
	put_block_columns(s, panel, line);
	fputc('\t', s->data);
	drawing_words(s->p->arena, s->data, arena_print(arena, "%s, %s", s->cut[line], words),
		      HOVER_MAX_CHARS);
	if (mean > 0)
		fprintf(s->data, "\t%.10g\t%zu\n", mean, s->n_left_out);
	else
		fprintf(s->data, "\tNaN\t%zu\n", s->n_left_out);
}

/* "at 1.50 ms: from 1 to 4 threads, 1,000 calls per second until then" */
static const char *decision_words(struct panels *s, const struct decision_fact *d)
{
	struct arena *arena = s->p->arena;
	const char *rate =
		d->rate ? arena_print(arena, ", %s per second until then", COUNTED(d->rate, "call"))
			: "";
	return arena_print(arena, "at %s: from %" PRIu32 " to %s%s",
			   format_duration(arena, (double)d->at_ns), d->before,
			   COUNTED(d->threads, "thread"), rate);
}

static void put_decisions(struct panels *s, size_t panel, size_t line)
{
	const struct cell_result *cell =
		groups_cell(&s->p->groups, s->groups[panel], s->kinds[line]);
	struct arena *arena = s->p->arena;
	begin_block(s);
	if (!has_decisions(cell)) {
		fputs("NaN\tNaN\tNaN", s->data);
		put_block_columns(s, panel, line);
		fprintf(s->data, "\t \tNaN\t%zu\n", s->n_left_out);
		return;
	}
	const double mean = mean_rate(cell);
	const char *mean_words = mean > 0
					 ? arena_print(arena, "; %s per second over the whole pass",
						       COUNTED((uint64_t)(mean + 0.5), "call"))
					 : "";
	const struct decision_fact *d = cell->decisions;
	const struct decision_fact first = {.threads = d->before};
	put_step(s, panel, line, &first, mean,
		 arena_print(arena, "at the start: %s", COUNTED(first.threads, "thread")));
	for (size_t i = 0; i < cell->n_decisions; i++, d++)
		put_step(s, panel, line, d, mean, decision_words(s, d));
	const struct decision_fact last = {.at_ns = MAX(end_of_pass(cell), d[-1].at_ns),
					   .threads = d[-1].threads};
	put_step(s, panel, line, &last, mean,
		 arena_print(arena, "at the end, %s: %s%s",
			     format_duration(arena, (double)last.at_ns),
			     COUNTED(last.threads, "thread"), mean_words));
}

const char *panels_write_decisions(struct plots *p, FILE *data)
{
	struct panels s;
	if (!panels_open(&s, p, data, has_decisions))
		return "memory ran out";
	find_decision_lines(&s);
	fputs("# ns\tthreads\tcalls_per_s\tpanel\tline\tcell\tgroup\twords\tmean\tleft_out\n",
	      data);
	for (size_t panel = 0; panel < s.n; panel++) {
		for (size_t line = 0; line < s.n_lines; line++)
			put_decisions(&s, panel, line);
	}
	return s.n_lines ? NULL : "";
}

/* --- latency.tsv ----------------------------------------------------------------------------- */

static bool has_tail(const struct cell_result *cell)
{
	return cell && cell->latency.samples >= SAMPLES_LEAST && cell->latency.n_histogram;
}

struct candidate {
	size_t kind;
	const struct cell_result *cell; /* of the first panel that has the line */
	double order;
};

/* The baseline first, then cells that return at least as much, with as many jobs, fastest first. */
static int by_latency(const void *a, const void *b)
{
	const struct candidate *c = a, *d = b;
	const struct cell_result *x = c->cell, *y = d->cell;
	if (x->is_baseline != y->is_baseline)
		return x->is_baseline ? -1 : 1;
	if (x->is_rival != y->is_rival)
		return x->is_rival ? -1 : 1;
	if (x->jobs != y->jobs)
		return x->jobs < y->jobs ? -1 : 1;
	if (c->order != d->order)
		return c->order < d->order ? -1 : 1;
	return (c->kind > d->kind) - (c->kind < d->kind);
}

static bool find_candidate(struct panels *s, size_t kind, size_t rank, struct candidate *c)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct cell_result *cell = groups_cell(&s->p->groups, s->groups[i], kind);
		if (!has_tail(cell))
			continue;
		*c = (struct candidate){kind, cell,
					is_several(s) ? (double)rank : (double)cell->latency.p50};
		return true;
	}
	return false;
}

static void find_latency_lines(struct panels *s)
{
	const struct groups *g = &s->p->groups;
	const size_t most = is_several(s) ? LINES_OF_SEVERAL : LINES_MOST;
	struct candidate *all = arena_alloc(s->p->arena, (g->n_kinds + 1) * sizeof(*all));
	size_t n = 0;
	groups_rank(g, s->kinds);
	for (size_t i = 0; all && i < g->n_kinds; i++)
		n += find_candidate(s, s->kinds[i], i, &all[n]);
	if (n)
		qsort(all, n, sizeof(*all), by_latency);
	for (size_t i = 0; i < n; i++) {
		s->kinds[i] = all[i].kind;
		s->names[i] = g->kinds[all[i].kind];
	}
	s->n_lines = n;
	cut_names(s); /* among all lines, so that every cut name is unique */
	s->n_lines = MIN(n, most);
	s->n_left_out = n - s->n_lines;
}

struct percentile {
	const char *name;
	uint64_t ns; /* COUNT_UNKNOWN: withheld */
};

/* Whether the time is in this bucket and not in an earlier one. */
static bool is_in(uint64_t ns, const struct latency_facts *l, size_t bucket)
{
	return ns <= l->histogram[bucket].ns && (!bucket || ns > l->histogram[bucket - 1].ns);
}

/*
 * "lstat: 99 % of 10,387 entries took at most 4.11 µs", if the bucket contains a percentile of the
 * document; here: the number of samples from the bucket on.
 */
static const char *latency_tip(struct panels *s, size_t line, const struct latency_facts *l,
			       size_t bucket, uint64_t here)
{
	const struct percentile percentiles[] = {
		{"half", l->p50}, {"90 %", l->p90}, {"99 %", l->p99}, {"99.9 %", l->p999}};
	for (size_t i = 0; i < ARRAY_LEN(percentiles) && here >= SAMPLES_LEAST; i++) {
		const struct percentile *p = &percentiles[i];
		if (p->ns != COUNT_UNKNOWN && is_in(p->ns, l, bucket))
			return arena_print(s->p->arena,
					   "%s: %s of %s entries took at most %s \302\265s",
					   s->cut[line], p->name, GROUPED(l->samples),
					   format_fixed(s->p->arena, (double)p->ns / 1000, 2));
	}
	return NULL;
}

/* "n = 9,987 to 10,387 single entries of each cell; rounds: 20 in 3.1 s, seed 7". */
static const char *samples_words(struct panels *s)
{
	const struct groups *g = &s->p->groups;
	uint64_t least = UINT64_MAX, most = 0;
	for (size_t panel = 0; panel < s->n; panel++) {
		for (size_t i = 0; i < s->n_lines; i++) {
			const struct cell_result *cell =
				groups_cell(g, s->groups[panel], s->kinds[i]);
			if (!has_tail(cell))
				continue;
			least = MIN(least, cell->latency.samples);
			most = MAX(most, cell->latency.samples);
		}
	}
	const char *from = least < most ? arena_print(s->p->arena, "%s to ", GROUPED(least)) : "";
	return arena_print(s->p->arena, "n = %s%s single entries of each cell; rounds: %s", from,
			   GROUPED(most), format_rounds(s->p->arena, s->p->result));
}

/* The two columns of words in front of those of put_place. */
static void put_latency_words(struct panels *s, const char *tip, const char *samples)
{
	fputc('\t', s->data);
	drawing_words(s->p->arena, s->data, tip ? tip : " ", LINE_MAX_CHARS);
	fputc('\t', s->data);
	drawing_words(s->p->arena, s->data, samples, LINE_MAX_CHARS);
}

/* From the shortest time to the longest: the share of samples that took at least that long. */
static void put_tail(struct panels *s, size_t panel, size_t line, const struct latency_facts *l,
		     const char *samples)
{
	uint64_t left = l->samples;
	double last = 0;
	for (size_t i = 0; i < l->n_histogram; i++) {
		const struct latency_bucket *b = &l->histogram[i];
		const double share = (double)left / (double)l->samples;
		const uint64_t here = left, after = left - MIN(b->count, left);
		const uint64_t ns = MAX(b->ns, 1); /* a coarse clock may return 0 */
		const bool is_near = is_several(s) && i + 1 < l->n_histogram &&
				     after >= SAMPLES_LEAST && (double)ns < last * 1.02;
		left = after;
		const char *tip = latency_tip(s, line, l, i, here);
		if (is_near && !tip)
			continue; /* closer than the width of a line */
		last = (double)ns;
		fprintf(s->data, "%" PRIu64 "\t", ns);
		fprintf(s->data, here >= SAMPLES_LEAST ? "%.10g\t" : "NaN\t", share);
		fprintf(s->data, after < SAMPLES_LEAST ? "%.10g" : "NaN", share);
		put_latency_words(s, tip, samples);
		put_place(s, panel, line);
	}
}

const char *panels_write_latencies(struct plots *p, FILE *data)
{
	struct panels s;
	if (!panels_open(&s, p, data, has_tail))
		return "memory ran out";
	find_latency_lines(&s);
	const char *samples = samples_words(&s);
	fputs("# ns\tshare\tluck\thover\tsamples\tpanel\tline\tcell\tgroup\tleft_out\n", data);
	for (size_t panel = 0; panel < s.n; panel++) {
		for (size_t line = 0; line < s.n_lines; line++) {
			const struct cell_result *cell =
				groups_cell(&p->groups, s.groups[panel], s.kinds[line]);
			begin_block(&s);
			if (has_tail(cell)) {
				put_tail(&s, panel, line, &cell->latency, samples);
				continue;
			}
			fputs("NaN\tNaN\tNaN", data);
			put_latency_words(&s, NULL, samples);
			put_place(&s, panel, line);
		}
	}
	return s.n_lines ? NULL : "no cell has ten entries that were timed by themselves";
}
