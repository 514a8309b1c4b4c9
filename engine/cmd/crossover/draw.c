/*
 * The results of crossover as a plot.
 */
#include <errno.h>
#include <inttypes.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/crossover/job.h"
#include "engine/cmd/line/terminal.h"
#include "reports/plots/bands.h"
#include "reports/words/format.h"

/* What a panel has space for; the rest is cut off. */
enum { TITLE_MAX_CHARS = 104 };

/* Times are drawn in s. */
static double drawn_x(const struct crossover_job *j, double x)
{
	return j->axis.is_time ? x / 1e9 : x;
}

static int add_points(const struct crossover_job *j, const struct series *from,
		      struct bands_series *to)
{
	struct bands_point *points = arena_alloc(j->arena, (from->search.n + 1) * sizeof(*points));
	to->points = points;
	for (size_t i = 0; points && i < from->search.bisect.n; i++) {
		const struct axis_point *point =
			search_point(&from->search, from->search.bisect.points[i].x);
		if (point->winner == WINNER_UNKNOWN)
			continue;
		points[to->n++] = (struct bands_point){drawn_x(j, (double)point->x), point->a,
						       point->b, point->ratio};
	}
	return points ? 0 : -ENOMEM;
}

/* Draws the first crossing; others are in the title. */
static int add_series(const struct crossover_job *j, const struct series *from,
		      struct bands_series *to)
{
	const struct winner_change *change = &from->search.crossing.changes[0];
	const char *title = arena_print(j->arena, "%s: %s", from->where, from->answer);
	*to = (struct bands_series){
		.title = title ? text_cut(j->arena, title, TITLE_MAX_CHARS - 2, TITLE_MAX_CHARS)
			       : NULL};
	if (from->search.crossing.n && change->has_at)
		to->at = drawn_x(j, change->at);
	if (from->search.crossing.n && change->has_at && change->has_lo) {
		to->lo = drawn_x(j, (double)change->lo);
		to->hi = drawn_x(j, (double)change->hi);
	}
	return add_points(j, from, to);
}

/* The number of pairs of passes of the ratios. */
static const char *pairs_words(const struct crossover_job *j)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (size_t i = 0; i < j->n; i++) {
		for (size_t k = 0; k < j->series[i].search.n; k++) {
			const struct axis_point *point = &j->series[i].search.points[k];
			if (point->winner == WINNER_UNKNOWN)
				continue;
			least = MIN(least, point->pairs);
			most = MAX(most, point->pairs);
		}
	}
	const char *range = least < most ? arena_print(j->arena, "%s to ", GROUPED(least)) : "";
	return arena_print(j->arena, "n = %s%s of passes at each point", range ? range : "",
			   COUNTED(most, "pair"));
}

int crossover_draw(const struct crossover_job *j, const struct outdir *out, uint64_t until_ns,
		   struct err *err)
{
	struct bands_series *series = arena_alloc(j->arena, j->n * sizeof(*series));
	const struct bands bands = {
		.a = j->a_name,
		.b = j->b_name,
		.along = j->axis.label,
		.is_time = j->axis.is_time,
		.facts =
			{
				arena_print(j->arena,
					    "%s against %s over %s; tree: %s; seed %" PRIu64,
					    j->b_name, j->a_name, j->axis.name,
					    format_text(j->arena, j->words[0]), j->seed),
				arena_print(j->arena, "%s: %s, Linux %s; statmark %s",
					    format_text(j->arena, j->host.hostname),
					    format_text(j->arena, j->host.cpu),
					    format_text(j->arena, j->host.kernel),
					    format_text(j->arena, j->tool.version)),
				pairs_words(j),
				"dashed: where the medians cross; shaded: from the last point "
				"where "
				"one surely wins to the first where the other does",
			},
		.whiskers =
			arena_print(j->arena, "%d %% interval, of ratios for all points together",
				    format_confidence(CROSSOVER_CONFIDENCE)),
		.series = series,
		.n = j->n,
	};
	const struct drawing_terms terms = {stderr, j->options.output.gp_dir, &cmd_stop, until_ns,
					    j->options.output.theme == THEME_DARK};
	int error = series ? 0 : -ENOMEM;
	for (size_t i = 0; i < j->n && !error; i++)
		error = add_series(j, &j->series[i], &series[i]);
	return error ? error : bands_draw(&bands, out, &terms, err);
}
