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
#include "reports/plots/kinds.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

/* A plot: a function that writes its data, or returns why there is nothing to draw. */
struct plot {
	const char *name;
	const char *(*write)(struct plots *p, FILE *data);
};

/* --- about.tsv: facts that all plots show; common.gp knows the order ---------------------------
 */

static void put_about(struct plots *p, FILE *data, double number, const char *words)
{
	fprintf(data, "fact\t%.10g\t", number);
	drawing_words(p->arena, data, words, LINE_MAX_CHARS);
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

/* The kinds of all filesystems: "ext4, xfs". */
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

/* "6 trees: flat,1k; flat,10k; .."; of one tree on several filesystems its name. */
static const char *tree_words(struct plots *p)
{
	const struct result *r = p->result;
	const char *all = NULL;
	const struct tree_facts *only = result_only_tree(r);
	if (only)
		return format_tree(p->arena, only);
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

/* The number of passes behind the figures. */
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

/* What the whiskers mean. A few rounds have no interval. */
static const char *whiskers_words(struct plots *p, bool of_ratio)
{
	size_t known = 0, seen = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct cell_result *cell = p->cells[i];
		const struct estimate *e = of_ratio ? &cell->ratio : &cell->ns_per_entry;
		if (of_ratio && cell->is_baseline)
			continue; /* not drawn */
		known += e->known;
		seen += e->seen;
	}
	if (seen && !known)
		return "range of few rounds, no interval";
	return arena_print(p->arena, "%d %% interval%s", format_common_confidence(p->result),
			   seen ? "; of few rounds their range" : "");
}

/* The cost of the harness. With several groups the highest, which no bar exceeds. */
static double floor_cost(struct plots *p, bool *known)
{
	double most = 0;
	*known = false;
	for (size_t i = 0; i < p->result->n_cells; i++) {
		const struct cell_result *cell = &p->result->cells[i];
		if (!cell->is_floor || !cell->ns_per_entry.known)
			continue;
		if (!*known || cell->ns_per_entry.median > most)
			most = cell->ns_per_entry.median;
		*known = true;
		if (p->groups.n < 2)
			break;
	}
	return most;
}

static const char *floor_words(struct plots *p, double cost, bool known)
{
	const bool several = p->groups.n > 1, tiny = cost < 0.005;
	if (!known)
		return "floor not known";
	return arena_print(p->arena, "floor %s%.2f: the harness itself",
			   tiny      ? "under "
			   : several ? "up to "
				     : "",
			   tiny ? 0.01 : cost);
}

/* What ratio 1 means. */
static const char *baseline_words(struct plots *p)
{
	const struct groups *g = &p->groups;
	const struct cell_result *baseline = result_baseline(p->result);
	if (!baseline)
		return "baseline";
	for (size_t i = 1; i < g->n; i++) {
		if (strcmp(label_plain(p->arena, g->baselines[i]), label_plain(p->arena, baseline)))
			return "each group's baseline";
	}
	if (g->n < 2)
		return format_cell(p->arena, p->result, baseline);
	return arena_print(p->arena, "%s of each group", label_plain(p->arena, baseline));
}

static const char *write_about(struct plots *p, FILE *data)
{
	bool known;
	const double cost = floor_cost(p, &known);
	fputs("what\tnumber\twords\n", data);
	put_about(p, data, cost, floor_words(p, cost, known));
	fputs("fact\t1\t", data);
	drawing_words(p->arena, data, baseline_words(p), NAME_MAX_CHARS);
	fputc('\n', data);
	put_about(p, data, format_common_confidence(p->result), "confidence");
	put_about(p, data, 0, tree_words(p));
	put_about(p, data, 0, where_words(p));
	put_about(p, data, p->result->host.n_allowed, host_words(p));
	put_about(p, data, 0, passes_words(p));
	put_about(p, data, 0, whiskers_words(p, false));
	put_about(p, data, 0, whiskers_words(p, true));
	return NULL;
}

/* --- Files -------------------------------------------------------------------------------------
 */

static const struct plot plots[] = {
	{"ns-per-entry", rows_write_costs},    {"ratio", rows_write_ratios},
	{"scaling", panels_write_scaling},     {"latency", panels_write_latencies},
	{"heat-map", heat_map_write},          {"sizes", size_plot_write},
	{"decisions", panels_write_decisions}, {"passes", pass_plot_write},
	{"cold-and-warm", cache_plot_write},
};

/* about.tsv is written first: the scripts read it. */
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

int plots_draw(const struct result *result, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err)
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
		.terms = terms,
	};
	for (size_t i = 0; i < ARRAY_LEN(plots); i++)
		names[i] = plots[i].name;
	int error = p.arena ? collect_cells(&p) : -ENOMEM;
	if (!error)
		error = drawing_make(&drawing, err);
	if (error)
		err_errno(err, error, "cannot draw plots"); /* unless there is a message already */
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
 * about.tsv is the first file of a drawing, and each picture is written when it is complete. If
 * there was no time for all plots, the others are assumed to take as long on average.
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
