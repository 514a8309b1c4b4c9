/*
 * The results of crossover as a plot.
 */
#include <errno.h>
#include <inttypes.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/crossover/search.h"
#include "engine/cmd/line/terminal.h"
#include "reports/plots/bands.h"
#include "reports/words/format.h"

/* What a panel has space for; the rest is cut off. */
enum { TITLE_MAX_CHARS = 104 };

/* Times are drawn in s. */
static double drawn_x(const struct search *s, double x)
{
	return s->axis.is_time ? x / 1e9 : x;
}

static int add_points(const struct search *s, const struct series *from, struct bands_series *to)
{
	struct bands_point *points = arena_alloc(s->arena, (from->n + 1) * sizeof(*points));
	to->points = points;
	for (size_t i = 0; points && i < from->bisect.n; i++) {
		const struct axis_point *point = series_point(from, from->bisect.points[i].x);
		if (point->winner == WINNER_UNKNOWN)
			continue;
		points[to->n++] = (struct bands_point){drawn_x(s, (double)point->x), point->a,
						       point->b, point->ratio};
	}
	return points ? 0 : -ENOMEM;
}

/* Draws the first crossing; others are in the title. */
static int add_series(const struct search *s, const struct series *from, struct bands_series *to)
{
	const struct winner_change *change = &from->crossing.changes[0];
	const char *title = arena_print(s->arena, "%s: %s", from->where, from->answer);
	*to = (struct bands_series){
		.title = title ? text_cut(s->arena, title, TITLE_MAX_CHARS - 2, TITLE_MAX_CHARS)
			       : NULL};
	if (from->crossing.n && change->has_at)
		to->at = drawn_x(s, change->at);
	if (from->crossing.n && change->has_at && change->has_lo) {
		to->lo = drawn_x(s, (double)change->lo);
		to->hi = drawn_x(s, (double)change->hi);
	}
	return add_points(s, from, to);
}

/* The number of pairs of passes of the ratios. */
static const char *pairs_words(const struct search *s)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (size_t i = 0; i < s->n; i++) {
		for (size_t k = 0; k < s->series[i].n; k++) {
			const struct axis_point *point = &s->series[i].points[k];
			if (point->winner == WINNER_UNKNOWN)
				continue;
			least = MIN(least, point->pairs);
			most = MAX(most, point->pairs);
		}
	}
	const char *range = least < most ? arena_print(s->arena, "%s to ", GROUPED(least)) : "";
	return arena_print(s->arena, "n = %s%s of passes at each point", range ? range : "",
			   COUNTED(most, "pair"));
}

int search_draw(const struct search *s, const struct outdir *out, uint64_t until_ns,
		struct err *err)
{
	struct bands_series *series = arena_alloc(s->arena, s->n * sizeof(*series));
	const struct bands bands = {
		.a = s->a_name,
		.b = s->b_name,
		.along = s->axis.label,
		.is_time = s->axis.is_time,
		.facts =
			{
				arena_print(s->arena,
					    "%s against %s over %s; tree: %s; seed %" PRIu64,
					    s->b_name, s->a_name, s->axis.name,
					    format_text(s->arena, s->words[0]), s->seed),
				arena_print(s->arena, "%s: %s, Linux %s; statmark %s",
					    format_text(s->arena, s->host.hostname),
					    format_text(s->arena, s->host.cpu),
					    format_text(s->arena, s->host.kernel),
					    format_text(s->arena, s->tool.version)),
				pairs_words(s),
				"dashed: where the medians cross; shaded: from the last point "
				"where "
				"one surely wins to the first where the other does",
			},
		.whiskers =
			arena_print(s->arena, "%d %% interval, of ratios for all points together",
				    format_confidence(CROSSOVER_CONFIDENCE)),
		.series = series,
		.n = s->n,
	};
	const struct drawing_terms terms = {stderr, s->options.output.gp_dir, &cmd_stop, until_ns,
					    s->options.output.theme == THEME_DARK};
	int error = series ? 0 : -ENOMEM;
	for (size_t i = 0; i < s->n && !error; i++)
		error = add_series(s, &s->series[i], &series[i]);
	return error ? error : bands_draw(&bands, out, &terms, err);
}
