/*
 * The results of crossover as text: a table for each series, then a sentence for each.
 */
#include <errno.h>
#include <stdio.h>

#include "engine/base/text.h"
#include "engine/cmd/crossover/job.h"
#include "engine/cmd/line/terminal.h"
#include "reports/words/format.h"
#include "reports/words/text_table.h"

/* --- Sentences -------------------------------------------------------------------------------- */

static const char *words(const struct crossover_job *j, double x)
{
	return axis_words(&j->axis, j->arena, x);
}

static const char *number(const struct crossover_job *j, double x)
{
	return axis_number(&j->axis, j->arena, x);
}

/*
 * If the ends of the interval are consecutive numbers, B is faster from the second one on, or up to
 * the first. Two digits are enough, unless the rounded number is outside a narrow interval.
 */
static uint64_t change_at(const struct winner_change *c, bool is_up_to)
{
	if (c->hi - c->lo == 1 && is_up_to)
		return c->lo;
	if (c->hi - c->lo <= 1 || !c->has_at)
		return c->hi;
	const uint64_t rounded = stats_two_digits(c->at);
	return rounded >= c->lo && rounded <= c->hi ? rounded : (uint64_t)c->at;
}

/* "480 entries (99 %: 320 to 700)" */
static const char *change_words(const struct crossover_job *j, const struct winner_change *c,
				bool is_up_to)
{
	const char *interval;
	if (!c->has_lo) {
		interval = c->has_at && c->at > (double)c->lo ? number(j, c->at) : NULL;
		return arena_print(j->arena, "%s at the latest%s%s%s", words(j, (double)c->hi),
				   interval ? " (about " : "", interval ? interval : "",
				   interval ? "; where A wins is not known)" : "");
	}
	interval =
		arena_print(j->arena, "(%d %%: %s to %s)", format_confidence(CROSSOVER_CONFIDENCE),
			    number(j, (double)c->lo), number(j, (double)c->hi));
	if (!interval)
		return NULL;
	return arena_print(j->arena, "%s %s", words(j, (double)change_at(c, is_up_to)), interval);
}

static const char *ratio_words(const struct crossover_job *j, const struct estimate *ratio)
{
	return ratio->known ? arena_print(j->arena, "%.2f (%.2f to %.2f)", ratio->median, ratio->lo,
					  ratio->hi)
			    : arena_print(j->arena, "%.2f", ratio->median);
}

/* "10 entries, where it takes 3.20 (3.11 to 3.31) times as long as lstat"; in a title "10 entries".
 */
static const char *end_words(const struct crossover_job *j, const struct axis_point *point,
			     bool in_title)
{
	if (in_title)
		return words(j, (double)point->x);
	return arena_print(j->arena, "%s, where it takes %s times as long as %s",
			   words(j, (double)point->x), ratio_words(j, &point->ratio), j->a_name);
}

/* The first or last point with a known winner, which must exist. */
static const struct axis_point *known_end(const struct series *series, bool last)
{
	const struct bisect *b = &series->search.bisect;
	const struct axis_point *end = NULL;
	for (size_t i = 0; i < b->n && (last || !end); i++) {
		const enum winner winner = b->points[i].winner;
		if (winner == WINNER_A || winner == WINNER_B)
			end = search_point(&series->search, b->points[i].x);
	}
	return end;
}

static const char *constant_words(const struct crossover_job *j, const struct series *series,
				  const char *on)
{
	const char *where =
		series->search.crossing.kind == CROSSING_ALWAYS ? "everywhere" : "nowhere";
	const struct axis_point *from = known_end(series, false), *to = known_end(series, true);
	const bool in_title = !*on; /* after the filesystem and state */
	if (from == to)
		return arena_print(j->arena, "%s pays %s%s as far as it is known: at %s", j->b_name,
				   where, on, end_words(j, from, in_title));
	return arena_print(
		j->arena, in_title ? "%s pays %s%s, from %s to %s" : "%s pays %s%s, from %s, to %s",
		j->b_name, where, on, end_words(j, from, in_title), end_words(j, to, in_title));
}

/* "from 480 entries (..), no longer from 9,000 entries (..), again from .." */
static const char *several_words(const struct crossover_job *j, const struct series *series,
				 const char *on)
{
	const struct crossing *c = &series->search.crossing;
	const char *text = NULL;
	for (size_t i = 0; i < c->n; i++) {
		const struct winner_change *change = &c->changes[i];
		text = arena_print(j->arena, "%s%s%s %s", text ? text : "", text ? ", " : "",
				   i == 0 && change->to_b ? "from"
				   : i == 0               ? "up to"
				   : change->to_b         ? "again from"
							  : "no longer from",
				   change_words(j, change, i == 0 && !change->to_b));
	}
	return arena_print(j->arena, "%s pays%s, %s", j->b_name, on, text);
}

/* "names of 12, 20 and 24 bytes": the points that are picked; NULL: none. */
static const char *list_words(const struct crossover_job *j, const struct series *series,
			      bool (*is_picked)(const struct series *series, size_t i))
{
	const size_t n = series->search.bisect.n;
	const char *text = NULL;
	size_t last = n;
	for (size_t i = 0; i < n; i++)
		last = is_picked(series, i) ? i : last;
	for (size_t i = 0; i < last && last < n; i++) {
		if (is_picked(series, i))
			text = arena_print(j->arena, "%s%s%s", text ? text : j->axis.before,
					   text ? ", " : "",
					   number(j, (double)series->search.bisect.points[i].x));
	}
	if (last == n)
		return NULL;
	const double x = (double)series->search.bisect.points[last].x;
	if (!text)
		return words(j, x);
	return arena_print(j->arena, "%s and %s", text,
			   j->axis.is_time ? number(j, x)
					   : format_counted(j->arena, (uint64_t)x, j->axis.unit));
}

static bool has_figure(const struct series *series, size_t i)
{
	return series->search.bisect.points[i].winner != WINNER_UNKNOWN;
}

/* "No difference" is concluded only if every interval contains 1. */
static const char *why_unknown(const struct crossover_job *j, const struct series *series)
{
	const char *why = series->search.n ? NULL : "there was no time";
	bool has_intervals = true, has_figures = false;
	for (size_t i = 0; i < series->search.n; i++) {
		const struct axis_point *point = &series->search.points[i];
		why = why ? why : point->reason;
		has_figures |= point->winner != WINNER_UNKNOWN;
		has_intervals &= point->winner == WINNER_UNKNOWN || point->ratio.known;
	}
	if (has_figures && has_intervals)
		return NULL;
	if (has_figures || !why)
		return j->is_interrupted ? "too few rounds for an interval"
					 : "too few rounds for an interval; raise --max-time";
	return why;
}

static const char *unknown_words(const struct crossover_job *j, const struct series *series,
				 const char *on)
{
	const char *why = why_unknown(j, series);
	if (why)
		return arena_print(j->arena, "Where %s pays%s is not known: %s", j->b_name, on,
				   format_text(j->arena, why));
	return arena_print(j->arena, "No difference between %s and %s was measured%s, at %s",
			   j->a_name, j->b_name, on, list_words(j, series, has_figure));
}

/* `on`: " on ext4, warm", or "" if this is said elsewhere. */
static const char *answer_words(const struct crossover_job *j, const struct series *series,
				const char *on)
{
	const struct crossing *c = &series->search.crossing;
	switch (c->kind) {
	case CROSSING_ALWAYS:
	case CROSSING_NEVER:
		return constant_words(j, series, on);
	case CROSSING_FROM:
	case CROSSING_UP_TO:
		return arena_print(j->arena, "%s pays %s %s%s", j->b_name,
				   c->kind == CROSSING_FROM ? "from" : "up to",
				   change_words(j, &c->changes[0], c->kind == CROSSING_UP_TO), on);
	case CROSSING_SEVERAL:
		return several_words(j, series, on);
	case CROSSING_UNKNOWN:
		break;
	}
	return unknown_words(j, series, on);
}

/* Whether x is in an interval that the sentence gives for a change. */
static bool is_told(const struct series *series, uint64_t x)
{
	for (size_t i = 0; i < series->search.crossing.n; i++) {
		const struct winner_change *c = &series->search.crossing.changes[i];
		if (x >= c->lo && x <= c->hi)
			return true;
	}
	return series->search.crossing.kind == CROSSING_UNKNOWN;
}

static bool is_open(const struct series *series, size_t i)
{
	const struct bisect_point *point = &series->search.bisect.points[i];
	return point->winner != WINNER_A && point->winner != WINNER_B && !is_told(series, point->x);
}

/* " It is not known which is faster at 2,000, 3,500 and 10,000 entries." */
static const char *open_words(const struct crossover_job *j, const struct series *series)
{
	const char *text = list_words(j, series, is_open);
	return text ? arena_print(j->arena, " It is not known which is faster at %s.", text) : "";
}

/* Notes: what is compared, why it ends there, and what was left out. */
static const char *notes_words(const struct crossover_job *j, const struct series *series)
{
	const char *text = open_words(j, series);
	if (series->unlike)
		text = arena_print(j->arena, " Not like for like: %s.%s", series->unlike, text);
	if (series->search.shortened)
		text = arena_print(
			j->arena, "%s Beyond %s, up to %s, there was no time to measure.", text,
			words(j, (double)series->search.bisect.to), words(j, (double)j->to));
	if (series->search.is_late && !series->search.crossing.is_narrow)
		text = arena_print(j->arena,
				   "%s The time was up before the interval was as narrow as "
				   "--resolution, or before the whole axis was measured.",
				   text);
	return text;
}

bool crossover_word(const struct crossover_job *j, struct series *series)
{
	const char *on = arena_print(j->arena, " on %s", series->where);
	const char *answer = on ? answer_words(j, series, on) : NULL;
	const char *notes = notes_words(j, series);
	series->answer = answer_words(j, series, "");
	series->sentence = answer && notes ? arena_print(j->arena, "%s.%s", answer, notes) : NULL;
	return series->answer && series->sentence;
}

/* --- Tables ----------------------------------------------------------------------------------- */

enum { COLUMNS = 8 };

static const char *interval_words(const struct crossover_job *j, const struct estimate *e)
{
	return e->known ? arena_print(j->arena, "%.3f to %.3f", e->lo, e->hi) : NULL;
}

static const char *winner_words(const struct crossover_job *j, const struct axis_point *point)
{
	if (point->winner == WINNER_OPEN)
		return point->ratio.known ? "open" : "not known";
	return point->winner == WINNER_A ? j->a_name : j->b_name;
}

static int add_row(const struct crossover_job *j, struct text_table *grid,
		   const struct axis_point *point)
{
	const char *cells[COLUMNS] = {
		number(j, (double)point->x),
		format_duration(j->arena, point->a.median),
		format_duration(j->arena, point->b.median),
		arena_print(j->arena, "%.3f", point->ratio.median),
		interval_words(j, &point->ratio),
		format_count(j->arena, point->rounds),
		format_count(j->arena, point->pairs),
		winner_words(j, point),
	};
	return text_table_add(grid, cells);
}

/* Prints the reasons for points without figures. */
static void show_reasons(const struct crossover_job *j, const struct series *series)
{
	for (size_t i = 0; i < series->search.bisect.n; i++) {
		const struct axis_point *point =
			search_point(&series->search, series->search.bisect.points[i].x);
		const char *text = arena_print(j->arena, "%s: %s", words(j, (double)point->x),
					       format_text(j->arena, point->reason));
		if (point->winner != WINNER_UNKNOWN)
			continue;
		wrap_print(stdout, or_unknown(text), 0, 2, (size_t)cmd_width(stdout));
		puts("");
	}
}

static int show_series(const struct crossover_job *j, const struct series *series)
{
	const struct text_table_column columns[COLUMNS] = {
		{j->axis.title, 0}, {j->a_name, 2}, {j->b_name, 2}, {"B/A", 0},
		{"interval", 1},    {"rounds", 4},  {"pairs", 3},   {"faster", 0},
	};
	struct text_table grid = {
		.arena = j->arena, .columns = columns, .n_columns = COLUMNS, .has_path = true};
	int error = 0;
	printf("%s; time per entry\n\n", series->where);
	for (size_t i = 0; i < series->search.bisect.n && !error; i++) {
		const struct axis_point *point =
			search_point(&series->search, series->search.bisect.points[i].x);
		if (point->winner != WINNER_UNKNOWN)
			error = add_row(j, &grid, point);
	}
	if (!error && grid.n_rows)
		text_table_print(stdout, &grid, (size_t)cmd_width(stdout));
	show_reasons(j, series);
	puts("");
	text_table_free(&grid);
	return error;
}

int crossover_show(const struct crossover_job *j)
{
	int error = 0;
	for (size_t i = 0; i < j->n && !error; i++) {
		if (j->series[i].search.n)
			error = show_series(j, &j->series[i]);
	}
	for (size_t i = 0; i < j->n && !error; i++) {
		if (!j->series[i].sentence)
			continue;
		fputs("- ", stdout);
		wrap_print(stdout, j->series[i].sentence, 2, 2, (size_t)cmd_width(stdout));
		puts("");
	}
	return error;
}
