#include "reports/history/trend.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "reports/words/format.h"

enum { MILLION = 1000000, ERROR_PPM = 10000 };

static const char *or_unknown(const char *text)
{
	return text ? text : "?";
}

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

/* Levels from the changes; returns the nine-tenths quantile of the distances to them. */
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

/* The points of all series that are wanted. */
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

int trends_load(struct trends *trends, struct store *store, const struct trend_terms *terms,
		struct err *err)
{
	*trends = (struct trends){.arena = arena_new()};
	int error = trends->arena ? load(trends, store, terms, err) : -ENOMEM;
	const size_t looked_at = trends->n - trends->n_short;
	const uint32_t error_ppm = (uint32_t)(ERROR_PPM / MAX(looked_at, 1));
	for (size_t i = 0; i < trends->n && !error; i++)
		error = analyse(&trends->all[i], terms, MAX(error_ppm, 1), trends->arena);
	if (error) {
		trends_release(trends);
		return err_errno(err, error, "looking at the history");
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

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

const char *trend_range(const struct trend *t, const struct change *change, struct arena *arena)
{
	const struct store_point *old = &t->points[change->at - 1], *new = &t->points[change->at];
	const char *kernel = "", *commits;
	if (!old->commit || !new->commit)
		commits = arena_print(arena, "run %s to run %s", format_text(arena, old->run),
				      format_text(arena, new->run));
	else if (same(old->commit, new->commit))
		commits = arena_print(arena, "within commit %s", format_text(arena, new->commit));
	else
		commits = arena_print(arena, "commits %s..%s", format_text(arena, old->commit),
				      format_text(arena, new->commit));
	if (!same(old->kernel, new->kernel))
		kernel = or_unknown(arena_print(arena, ", kernel %s to %s",
						format_text(arena, old->kernel),
						format_text(arena, new->kernel)));
	return or_unknown(arena_print(arena, "%s%s", or_unknown(commits), kernel));
}
