#include "reports/history/trend.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/verdict/judgement.h"
#include "reports/words/format.h"

enum { MILLION = 1000000, ERROR_PPM = 10000 };

static int64_t to_log(double ratio)
{
	return (int64_t)llround(log(ratio) * MILLION);
}

static double from_log(int64_t value)
{
	return exp((double)value / MILLION);
}

static bool is_wanted(const struct store_series *s, const struct trend_terms *terms)
{
	return !terms->cells || fnmatch(terms->cells, s->cell, 0) == 0;
}

/* Finds the levels from the changes. Returns the 90th percentile of the distances to them. */
static double find_levels(const struct trend *t, const int64_t *values, double *levels,
			  int64_t *distances)
{
	int64_t level = t->n_changes ? t->changes[0].before : change_median(values, t->n);
	for (size_t i = 0, next = 0; i < t->n; i++) {
		if (next < t->n_changes && t->changes[next].at == i)
			level = t->changes[next++].after;
		levels[i] = from_log(level);
		distances[i] = llabs(values[i] - level);
	}
	return t->n ? from_log(change_rank(distances, t->n, (9 * t->n - 1) / 10)) - 1 : 0;
}

static int analyse(struct trend *t, const struct trend_terms *terms, uint32_t error_ppm,
		   struct arena *arena)
{
	const struct change_terms how = {
		.seed = terms->seed,
		.error_ppm = error_ppm,
		.magnitude = to_log(1 + terms->magnitude),
	};
	int64_t *values = arena_alloc(arena, (2 * t->n + 1) * sizeof(*values));
	double *levels = arena_alloc(arena, (t->n + 1) * sizeof(*levels));
	if (!values || !levels)
		return -ENOMEM;
	for (size_t i = 0; i < t->n; i++)
		values[i] = to_log(t->points[i].ratio);
	int error = change_find(values, t->n, &how, t->changes, &t->n_changes);
	t->levels = levels;
	if (!error)
		t->noise = find_levels(t, values, levels, values + t->n);
	return error;
}

/* The points of all selected series. */
static int load(struct trends *trends, struct store *store, const struct trend_terms *terms,
		struct err *err)
{
	struct store_series *series;
	size_t n;
	int error = store_list(store, trends->arena, &series, &n, &trends->runs, err);
	if (error)
		return error;
	trends->all = arena_alloc(trends->arena, (n + 1) * sizeof(*trends->all));
	if (!trends->all)
		return -ENOMEM;
	for (size_t i = 0; i < n && !error; i++) {
		struct trend *t = &trends->all[trends->n];
		struct store_point *points;
		if (!is_wanted(&series[i], terms))
			continue;
		error = store_points(store, series[i].id, terms->window, trends->arena, &points,
				     &t->n, err);
		t->series = &series[i];
		t->points = points;
		trends->n += !error;
		trends->n_short += t->n < 2 * CHANGE_PART_MIN;
	}
	return error;
}

/* Marks the runs that have a point of this series. Points and runs are in the same order. */
static void mark_runs(const struct trend *t, const struct store_origin *runs, size_t n,
		      bool *is_met)
{
	for (size_t i = 0, k = 0; i < n && k < t->n; i++) {
		const bool same = strcmp(runs[i].run, t->points[k].run) == 0;
		is_met[i] |= same;
		k += same;
	}
}

static int load_origins(struct trends *trends, struct store *store, struct err *err)
{
	struct store_origin *runs = NULL;
	size_t n = 0;
	int error = store_origins(store, trends->arena, &runs, &n, err);
	bool *is_met = error ? NULL : arena_alloc(trends->arena, n + 1);
	if (!is_met)
		return error ? error : -ENOMEM;
	for (size_t i = 0; i < trends->n; i++)
		mark_runs(&trends->all[i], runs, n, is_met);
	for (size_t i = 0; i < n; i++) {
		if (is_met[i])
			runs[trends->n_origins++] = runs[i];
	}
	trends->origins = runs;
	return 0;
}

int trends_load(struct trends *trends, struct store *store, const struct trend_terms *terms,
		struct err *err)
{
	*trends = (struct trends){.arena = arena_new()};
	int error = trends->arena ? load(trends, store, terms, err) : -ENOMEM;
	if (!error)
		error = load_origins(trends, store, err);
	const size_t looked_at = trends->n - trends->n_short;
	const uint32_t error_ppm = (uint32_t)(ERROR_PPM / MAX(looked_at, 1));
	for (size_t i = 0; i < trends->n && !error; i++)
		error = analyse(&trends->all[i], terms, error_ppm, trends->arena);
	if (error) {
		trends_release(trends);
		return err_errno(err, error, "cannot analyse the history");
	}
	return 0;
}

void trends_release(struct trends *trends)
{
	arena_free(trends->arena);
	*trends = (struct trends){.n = 0};
}

double trend_ratio(const struct change *change)
{
	return from_log(change->after - change->before);
}

const char *trend_name(const struct trend *t, struct arena *arena)
{
	return or_unknown(
		arena_print(arena, "%s on %s, %s, %s", format_text(arena, t->series->cell),
			    format_text(arena, t->series->tree), format_text(arena, t->series->fs),
			    format_text(arena, t->series->hostname)));
}

const char *trend_range(const struct trend *t, const struct change *change, struct arena *arena)
{
	const struct store_point *old = &t->points[change->at - 1], *new = &t->points[change->at];
	const char *kernel = "", *commits;
	if (!old->commit || !new->commit)
		commits = arena_print(arena, "run %s to run %s", format_text(arena, old->run),
				      format_text(arena, new->run));
	else if (same_text(old->commit, new->commit))
		commits = arena_print(arena, "within commit %s", format_text(arena, new->commit));
	else
		commits = arena_print(arena, "commits %s..%s", format_text(arena, old->commit),
				      format_text(arena, new->commit));
	if (!same_text(old->kernel, new->kernel))
		kernel = or_unknown(arena_print(arena, ", kernel %s to %s",
						format_text(arena, old->kernel),
						format_text(arena, new->kernel)));
	return or_unknown(arena_print(arena, "%s%s", or_unknown(commits), kernel));
}

/* What several series have in common. */
const char *trend_conditions(const struct store_series *s, struct arena *arena)
{
	const char *text = arena_print(
		arena, "%s (%s) on %s, %s cache, %s, pinned %s; %s (%s); time over that of %s",
		format_text(arena, s->tree), format_text(arena, s->digest),
		format_text(arena, s->fs), format_text(arena, s->cache),
		format_text(arena, s->place), format_text(arena, s->pin),
		format_text(arena, s->hostname), format_text(arena, s->fingerprint),
		format_text(arena, s->baseline));
	return or_unknown(text);
}

bool trend_same_conditions(const struct store_series *a, const struct store_series *b)
{
	return strcmp(a->fingerprint, b->fingerprint) == 0 && strcmp(a->tree, b->tree) == 0 &&
	       strcmp(a->digest, b->digest) == 0 && strcmp(a->place, b->place) == 0 &&
	       strcmp(a->fs, b->fs) == 0 && strcmp(a->cache, b->cache) == 0 &&
	       strcmp(a->pin, b->pin) == 0 && strcmp(a->baseline, b->baseline) == 0;
}

const char *trend_day(const char *started, struct arena *arena)
{
	const char *text = arena_print(arena, "%.10s", started);
	return format_text(arena, text);
}

const char *trend_change_words(const struct trend *t, const struct change *change,
			       struct arena *arena)
{
	return or_unknown(arena_print(arena, "%s since %s: %s (%.3f to %.3f, p = %.4f)",
				      judgement_change(arena, trend_ratio(change)),
				      trend_day(t->points[change->at].started, arena),
				      trend_range(t, change, arena), t->levels[change->at - 1],
				      t->levels[change->at], (double)change->p_ppm / 1e6));
}

const char *trend_point_words(const struct store_point *point, struct arena *arena)
{
	return or_unknown(
		arena_print(arena, "%s%s%s: %.3f of the baseline's time (%.3f to %.3f)%s%s",
			    trend_day(point->started, arena), point->commit ? ", commit " : "",
			    point->commit ? format_text(arena, point->commit) : "", point->ratio,
			    point->lo, point->hi, point->seed ? ", seed " : "",
			    point->seed ? format_text(arena, point->seed) : ""));
}

const struct trend *trend_nth(const struct trends *trends, size_t wanted)
{
	for (int changed = 1; changed >= 0; changed--) {
		for (size_t i = 0; i < trends->n; i++) {
			const struct trend *t = &trends->all[i];
			if (t->n == 0 || (t->n_changes > 0) != changed)
				continue;
			if (wanted-- == 0)
				return t;
		}
	}
	return NULL;
}

const struct change *trend_change_at(const struct trend *t, size_t i)
{
	for (size_t k = 0; k < t->n_changes; k++) {
		if (t->changes[k].at == i)
			return &t->changes[k];
	}
	return NULL;
}

/* How the rows of a table are printed: the first day is omitted if there are few columns. */
struct trend_table {
	FILE *to;
	struct arena *arena;
	size_t name_width, columns;
	bool utf8, has_from;
};

static void put_table_head(const struct trend_table *t)
{
	fprintf(t->to, "\n  %-*s  points  %s%-10s    last   level  noise\n", (int)t->name_width,
		"cell", t->has_from ? "from       " : "", "to");
}

static void put_row(const struct trend_table *table, const struct trend *t)
{
	struct arena *arena = table->arena;
	const struct store_point *last = &t->points[t->n - 1];
	const char *name = format_text(arena, t->series->cell);
	fputs("  ", table->to);
	pad_print(table->to, name, -(int)table->name_width);
	fprintf(table->to, "  %6zu  %s%s%s  %6.3f  %6.3f  %s%.1f %%\n", t->n,
		table->has_from ? trend_day(t->points[0].started, arena) : "",
		table->has_from ? " " : "", trend_day(last->started, arena), last->ratio,
		t->levels[t->n - 1], format_plus_minus(table->utf8), 100 * t->noise);
	for (size_t i = 0; i < t->n_changes; i++) {
		fputs("    ", table->to);
		wrap_print(table->to, trend_change_words(t, &t->changes[i], arena), 4, 6,
			   table->columns);
		fputc('\n', table->to);
	}
}

static size_t widest_name(const struct trends *trends, struct arena *arena)
{
	size_t width = strlen("cell");
	for (size_t i = 0; i < trends->n; i++) {
		const char *name = format_text(arena, trends->all[i].series->cell);
		width = MAX(width, text_width(name));
	}
	return width;
}

int trend_table(FILE *to, const struct trends *trends, const char *path, int columns, bool utf8)
{
	enum { BESIDE_NAME = 58 }; /* columns of a whole row except the name */
	struct arena *arena = arena_new();
	if (!arena)
		return -ENOMEM;
	const size_t width = widest_name(trends, arena);
	const struct trend_table table = {
		.to = to,
		.arena = arena,
		.name_width = width,
		.columns = (size_t)columns,
		.utf8 = utf8,
		.has_from = width + BESIDE_NAME <= (size_t)columns,
	};
	fprintf(to, "%s: %s, %s\n", format_text(arena, path), COUNTED(trends->runs, "run"),
		COUNTED(trends->n, "series"));
	for (size_t i = 0; i < trends->n; i++) {
		const struct trend *t = &trends->all[i];
		if (i == 0 || !trend_same_conditions(t->series, trends->all[i - 1].series)) {
			fputc('\n', to);
			wrap_print(to, trend_conditions(t->series, arena), 0, 0, table.columns);
			put_table_head(&table);
		}
		if (t->n)
			put_row(&table, t);
	}
	arena_free(arena);
	return 0;
}

size_t trend_slower(const struct trends *trends)
{
	size_t slower = 0;
	for (size_t i = 0; i < trends->n; i++) {
		for (size_t k = 0; k < trends->all[i].n_changes; k++)
			slower += trend_ratio(&trends->all[i].changes[k]) > 1;
	}
	return slower;
}

const char *trend_summary(const struct trends *trends, struct arena *arena)
{
	size_t found = 0;
	for (size_t i = 0; i < trends->n; i++)
		found += trends->all[i].n_changes;
	const char *words = arena_print(arena, "%s, %s, %s to slower", COUNTED(trends->n, "series"),
					COUNTED(found, "change"), GROUPED(trend_slower(trends)));
	if (words && trends->n_short)
		words = arena_print(arena, "%s; %s not checked, with fewer than %d points", words,
				    GROUPED(trends->n_short), 2 * CHANGE_PART_MIN);
	return or_unknown(words);
}

static void put_change_line(FILE *to, const char *line, int columns)
{
	if (columns)
		wrap_print(to, line, 0, 2, (size_t)columns);
	else
		fputs(line, to);
	fputc('\n', to);
}

int trend_report(FILE *to, const struct trends *trends, int columns)
{
	struct arena *arena = arena_new();
	if (!arena)
		return -ENOMEM;
	for (size_t i = 0; i < trends->n; i++) {
		const struct trend *t = &trends->all[i];
		for (size_t k = 0; k < t->n_changes; k++) {
			const bool up = trend_ratio(&t->changes[k]) > 1;
			const char *line = arena_print(
				arena, "%s  %s: %s", up ? "SLOWER" : "FASTER", trend_name(t, arena),
				trend_change_words(t, &t->changes[k], arena));
			put_change_line(to, or_unknown(line), columns);
		}
	}
	fprintf(to, "%s\n", trend_summary(trends, arena));
	arena_free(arena);
	return 0;
}
