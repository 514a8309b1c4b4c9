#include "reports/plots/plots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/plots/columns.h"
#include "reports/plots/drawing.h"
#include "reports/plots/heat_map.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

/* What one plot shows: writes its data, or returns why there is nothing to draw. */
struct plot {
	const char *name;
	const char *(*write)(struct plots *p, FILE *data);
};

/* --- about.tsv: facts that all plots show; common.gp knows the order ---------------------------
 */

static void put_about(struct plots *p, FILE *data, double number, const char *words)
{
	fprintf(data, "fact\t%.10g\t", number);
	put_words(p, data, words, LINE_MAX_CHARS);
	fputc('\n', data);
}

/* Adds a word to a list "a, b" that does not have it yet. */
static const char *add_word(struct plots *p, const char *list, const char *word)
{
	if (!list)
		return word;
	return arena_print(p->arena, "%s, %s", list, word);
}

static bool is_first(const struct result *r, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (same_text(r->fs[k].type, r->fs[i].type))
			return false;
	}
	return true;
}

/* Of several filesystems their kinds. */
static const char *where_words(struct plots *p)
{
	const struct result *r = p->result;
	const char *fs = NULL;
	if (r->n_fs == 1)
		fs = format_fs(p->arena, &r->fs[0]);
	for (size_t i = 0; r->n_fs > 1 && i < r->n_fs; i++) {
		if (is_first(r, i))
			fs = add_word(p, fs, format_text(p->arena, r->fs[i].type));
	}
	return arena_print(p->arena, "%s; %s", fs ? fs : "?", format_state(p->arena, r));
}

/* "6 trees: flat,1k; flat,10k; .." */
static const char *tree_words(struct plots *p)
{
	const struct result *r = p->result;
	const char *all = NULL;
	if (r->n_trees == 1)
		return format_tree(p->arena, &r->trees[0]);
	for (size_t i = 0; i < r->n_trees; i++) {
		const struct tree_facts *tree = &r->trees[i];
		const char *name = format_text(p->arena, tree->label ? tree->label : tree->name);
		all = arena_print(p->arena, "%s%s%s%s", all ? all : "", all ? "; " : ": ", name,
				  tree->sample.of_entries ? " in part" : "");
	}
	return arena_print(p->arena, "%s%s", COUNTED(r->n_trees, "tree"), all ? all : "");
}

static const char *host_words(struct plots *p)
{
	return arena_print(p->arena, "%s; statmark %s", format_host(p->arena, p->result),
			   format_text(p->arena, p->result->tool.version));
}

/* How many passes the figures rest on. */
static const char *passes_words(struct plots *p)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct estimate *e = &p->cells[i]->ns_per_entry;
		least = estimate_has_median(e) ? MIN(least, e->n) : least;
		most = estimate_has_median(e) ? MAX(most, e->n) : most;
	}
	const char *n = least < most ? arena_print(p->arena, "%s to %s", GROUPED(least),
						   COUNTED(most, "pass"))
				     : arena_copy(p->arena, COUNTED(most, "pass"));
	return arena_print(p->arena, "n = %s of each cell; rounds: %s", n,
			   format_rounds(p->arena, p->result));
}

/* What the whiskers of a plot are: of few rounds there is no interval. */
static const char *whiskers_words(struct plots *p, bool of_ratio)
{
	size_t known = 0, seen = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct cell_result *cell = p->cells[i];
		const struct estimate *e = of_ratio ? &cell->ratio : &cell->ns_per_entry;
		if (of_ratio && cell->is_baseline)
			continue; /* is not drawn */
		known += e->known;
		seen += e->seen;
	}
	if (seen && !known)
		return "range of few rounds, no interval";
	return arena_print(p->arena, "%d%% interval%s", format_common_confidence(p->result),
			   seen ? "; of few rounds their range" : "");
}

static const char *write_about(struct plots *p, FILE *data)
{
	const struct cell_result *floor = result_floor(p->result);
	const struct cell_result *baseline = result_baseline(p->result);
	bool known = floor && floor->ns_per_entry.known;
	double cost = known ? floor->ns_per_entry.median : 0;
	const char *floor_words =
		known ? arena_print(p->arena, "floor %s%.2f: the harness itself",
				    cost < 0.005 ? "under " : "", cost < 0.005 ? 0.01 : cost)
		      : "floor not known";
	const char *base = baseline ? format_cell(p->arena, p->result, baseline) : "baseline";
	fputs("what\tnumber\twords\n", data);
	put_about(p, data, cost, floor_words);
	fputs("fact\t1\t", data);
	put_words(p, data, base, NAME_MAX_CHARS);
	fputc('\n', data);
	put_about(p, data, format_common_confidence(p->result), "confidence");
	put_about(p, data, 0, tree_words(p));
	put_about(p, data, 0, where_words(p));
	put_about(p, data, 0, host_words(p));
	put_about(p, data, 0, passes_words(p));
	put_about(p, data, 0, whiskers_words(p, false));
	put_about(p, data, 0, whiskers_words(p, true));
	return NULL;
}

/* --- ns-per-entry.tsv --------------------------------------------------------------------------
 */

static int by_cost(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	const bool has_x = estimate_has_median(&x->ns_per_entry);
	if (has_x != estimate_has_median(&y->ns_per_entry))
		return has_x ? -1 : 1;
	if (x->ns_per_entry.median != y->ns_per_entry.median)
		return x->ns_per_entry.median < y->ns_per_entry.median ? -1 : 1;
	return x < y ? -1 : x > y;
}

static const char *write_costs(struct plots *p, FILE *data)
{
	size_t known = 0;
	const char *mark = " (baseline)";
	qsort(p->cells, p->n, sizeof(struct cell_result *), by_cost);
	name_cells(p, NAME_MAX_CHARS - strlen(mark));
	fputs("row\tcell\tkind\tmedian\tlo\thi\tn\twords\n", data);
	for (size_t i = 0; i < p->n; i++) {
		const struct cell_result *cell = p->cells[i];
		const struct estimate *e = &cell->ns_per_entry;
		const char *name = p->names[i];
		const bool drawn = estimate_has_median(e);
		known += drawn;
		if (cell->is_baseline)
			name = arena_print(p->arena, "%s%s", name, mark);
		fprintf(data, "%zu\t", i + 1);
		put_words(p, data, name, NAME_MAX_CHARS);
		fprintf(data, "\t%d", !drawn ? 2 : !cell->is_baseline);
		put_estimate(data, e);
		put_words(p, data, drawn ? figure(p, e, 1) : why_not(p, cell), WORDS_MAX_CHARS);
		fputc('\n', data);
	}
	return known ? NULL : "no cell has a figure";
}

/* --- ratio.tsv ---------------------------------------------------------------------------------
 */

static int by_ratio(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	if (x->ratio.median != y->ratio.median)
		return x->ratio.median < y->ratio.median ? -1 : 1;
	return x < y ? -1 : x > y;
}

static const char *write_ratios(struct plots *p, FILE *data)
{
	size_t row = 0;
	qsort(p->cells, p->n, sizeof(struct cell_result *), by_ratio);
	name_cells(p, NAME_MAX_CHARS);
	fputs("row\tcell\tverdict\tmedian\tlo\thi\tn\twords\n", data);
	for (size_t i = 0; i < p->n; i++) {
		const struct estimate *e = &p->cells[i]->ratio;
		if (!estimate_has_median(e) || p->cells[i]->is_baseline)
			continue;
		fprintf(data, "%zu\t", ++row);
		put_words(p, data, p->names[i], NAME_MAX_CHARS);
		fprintf(data, "\t%d", e->seen ? 0 : e->hi < 1 ? -1 : e->lo > 1);
		put_estimate(data, e);
		put_words(p, data, figure(p, e, 3), WORDS_MAX_CHARS);
		fputc('\n', data);
	}
	return row ? NULL : "no cell has a ratio to the baseline";
}

/* --- scaling.tsv -------------------------------------------------------------------------------
 */

static int by_label_and_jobs(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	int labels = strcmp(x->label, y->label);
	if (labels)
		return labels;
	if (x->scaling.known != y->scaling.known)
		return x->scaling.known ? -1 : 1;
	return (x->jobs > y->jobs) - (x->jobs < y->jobs);
}

static void put_scaling(FILE *data, const struct cell_result *cell)
{
	const struct estimate *e = &cell->scaling;
	fprintf(data, "%" PRIu32 "\t%.10g\t%.10g\t%.10g\t%" PRIu32 "\n", cell->jobs, e->median,
		e->lo, e->hi, e->n);
}

static const char *write_scaling(struct plots *p, FILE *data)
{
	size_t series = 0;
	qsort(p->cells, p->n, sizeof(struct cell_result *), by_label_and_jobs);
	for (size_t i = 0; i < p->n; i++)
		p->names[i] = label_in(p->arena, p->result, p->cells[i]);
	labels_fit(p->arena, p->names, p->n, KEY_MAX_CHARS);
	for (size_t i = 0, end; i < p->n; i = end) {
		const struct cell_result *first = p->cells[i];
		const char *first_name = p->names[i];
		size_t known = i;
		for (end = i; end < p->n && strcmp(first->label, p->cells[end]->label) == 0; end++)
			known += p->cells[end]->scaling.known;
		if (known - i < 2)
			continue;
		fputs(series++ ? "\n\njobs\t" : "jobs\t", data);
		put_words(p, data, first_name, KEY_MAX_CHARS);
		fputs("\tlo\thi\tn\n", data);
		for (; i < known; i++)
			put_scaling(data, p->cells[i]);
	}
	return series ? NULL : "no cell was measured with one job and with more (-j 1,2)";
}

/* --- latency.tsv -------------------------------------------------------------------------------
 */

enum {
	LINES_MOST = 8, /* that can be told apart */
	SAMPLES_LEAST =
		10, /* fewer are drawn as luck: the same rule as for percentiles (latency.h) */
};

/* The baseline, then cells that answer as much as it does, with as many jobs, the fastest first. */
static int by_latency(const void *a, const void *b)
{
	const struct cell_result *x = *(const struct cell_result *const *)a;
	const struct cell_result *y = *(const struct cell_result *const *)b;
	if (x->is_baseline != y->is_baseline)
		return x->is_baseline ? -1 : 1;
	if (x->is_rival != y->is_rival)
		return x->is_rival ? -1 : 1;
	if (x->jobs != y->jobs)
		return x->jobs < y->jobs ? -1 : 1;
	if (x->latency.p50 != y->latency.p50)
		return x->latency.p50 < y->latency.p50 ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* From the shortest time to the longest: the share of samples that took at least as long. */
static void put_tail(FILE *data, const struct latency_facts *l)
{
	uint64_t left = l->samples;
	for (size_t i = 0; i < l->n_histogram; i++) {
		const struct latency_bucket *b = &l->histogram[i];
		double share = (double)left / (double)l->samples;
		uint64_t after = left - MIN(b->count, left);
		fprintf(data, "%" PRIu64 "\t", MAX(b->ns, 1)); /* a coarse clock may say 0 */
		fprintf(data, left >= SAMPLES_LEAST ? "%.10g\t" : "NaN\t", share);
		fprintf(data, after < SAMPLES_LEAST ? "%.10g\n" : "NaN\n", share);
		left = after;
	}
}

static const char *write_latencies(struct plots *p, FILE *data)
{
	size_t series = 0;
	qsort(p->cells, p->n, sizeof(struct cell_result *), by_latency);
	name_cells(p, KEY_MAX_CHARS);
	for (size_t i = 0; i < p->n && series < LINES_MOST; i++) {
		const struct cell_result *cell = p->cells[i];
		if (cell->latency.samples < SAMPLES_LEAST || !cell->latency.n_histogram)
			continue; /* luck alone, and of that gnuplot can make no plot */
		fputs(series++ ? "\n\nns\t" : "ns\t", data);
		put_words(p, data, p->names[i], KEY_MAX_CHARS);
		fputs("\tluck\n", data);
		put_tail(data, &cell->latency);
	}
	return series ? NULL : "no cell has ten entries that were timed by themselves";
}

/* --- Files -------------------------------------------------------------------------------------
 */

static const struct plot plots[] = {
	{"ns-per-entry", write_costs}, {"ratio", write_ratios},      {"scaling", write_scaling},
	{"latency", write_latencies},  {"heat-map", heat_map_write},
};

/* about.tsv comes first: the scripts read it. */
static const struct plot about = {"about", write_about};

static const char *write_plot(void *arg, const char *name, FILE *data)
{
	const struct plot *plot = &about;
	for (size_t i = 0; i < ARRAY_LEN(plots); i++) {
		if (strcmp(plots[i].name, name) == 0)
			plot = &plots[i];
	}
	return plot->write(arg, data);
}

static int collect_cells(struct plots *p)
{
	p->cells = arena_alloc(p->arena, (p->result->n_cells + 1) * sizeof(*p->cells));
	for (size_t i = 0; p->cells && i < p->result->n_cells; i++) {
		if (!p->result->cells[i].is_floor)
			p->cells[p->n++] = &p->result->cells[i];
	}
	p->names = arena_alloc(p->arena, (p->n + 1) * sizeof(*p->names));
	return p->cells && p->names && groups_make(p->arena, p->result, &p->groups) ? 0 : -ENOMEM;
}

int plots_draw(const struct result *result, const struct outdir *out, FILE *log,
	       const volatile int *stop, uint64_t until_ns, struct err *err)
{
	const char *names[ARRAY_LEN(plots) + 1];
	struct plots p = {.result = result, .arena = arena_new()};
	const struct drawing drawing = {
		.out = out,
		.about = about.name,
		.names = names,
		.n = ARRAY_LEN(plots),
		.write = write_plot,
		.arg = &p,
		.again = "statmark report RUN.json",
		.log = log,
		.stop = stop,
		.until_ns = until_ns,
	};
	for (size_t i = 0; i < ARRAY_LEN(plots); i++)
		names[i] = plots[i].name;
	int error = p.arena ? collect_cells(&p) : -ENOMEM;
	if (!error)
		error = drawing_make(&drawing, err);
	if (error)
		err_errno(err, error, "plots"); /* unless there are words already */
	arena_free(p.arena);
	return error;
}

static uint64_t written_at(int at, const char *dir, const char *name, const char *kind)
{
	char path[512];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s.%s", dir, name, kind);
	if (n < 0 || (size_t)n >= sizeof(path) || fstatat(at, path, &st, 0))
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * NS_PER_SECOND + (uint64_t)st.st_mtim.tv_nsec;
}

/*
 * about.tsv is the first file of a drawing, and each picture is written when it is whole. Where
 * there was no time for all, the others are taken to need as long as those.
 */
uint64_t plots_took(int at, const char *name)
{
	char data[256];
	uint64_t last = 0, wanted = 0, there = 0;
	if (snprintf(data, sizeof(data), "%s/plots", name) >= (int)sizeof(data))
		return 0;
	const uint64_t first = written_at(at, data, about.name, "tsv");
	for (size_t i = 0; i < ARRAY_LEN(plots); i++) {
		const uint64_t drawn = written_at(at, name, plots[i].name, "png");
		wanted += written_at(at, data, plots[i].name, "gp") > 0;
		there += drawn > 0;
		last = MAX(last, drawn);
	}
	return first && there && last > first ? (last - first) * MAX(wanted, there) / there : 0;
}
