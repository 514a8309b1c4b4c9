/*
 * Each series is searched in its share of the time; each point gets a share of what is left of
 * that.
 */
#include "engine/cmd/crossover/search.h"

#include <errno.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/host/host.h"
#include "reports/words/format.h"

/*
 * No point is begun with less time left than this, or than half of the duration of the fastest
 * point.
 */
#define POINT_LEAST (NS_PER_SECOND / 20)

/* The least duration of a point, in passes of A and of B: reference, priming, and rounds. */
enum { PASSES_OF_A = 40, PASSES_OF_B = 20 };

/*
 * A point gets an equal share of the remaining time among all points to come, but at least a
 * quarter: most points are certain long before, and a point that stays open is worth more than many
 * that are not measured.
 */
enum { SHARES_MOST = 4 };

const struct axis_point *series_point(const struct series *series, uint64_t x)
{
	for (size_t i = 0; i < series->n; i++) {
		if (series->points[i].x == x)
			return &series->points[i];
	}
	return NULL;
}

/* Without a tree: the filesystem of the directory in which it would be, or of one above. */
static int read_fs(struct search *s, struct series *series)
{
	const bool is_read = s->words[0] && subject_is_directory(s->words[0]);
	char *path = arena_copy(s->arena, is_read ? s->words[0] : s->options.tree.dir);
	if (!path)
		return -ENOMEM;
	int error = fs_read(&series->fs, path, s->arena, NULL);
	for (char *slash; error && (slash = strrchr(path, '/')) && slash > path;) {
		*slash = '\0';
		error = fs_read(&series->fs, path, s->arena, NULL);
	}
	error = error ? fs_read(&series->fs, *path == '/' ? "/" : ".", s->arena, NULL) : 0;
	return error == -ENOMEM ? error : 0;
}

/* "ext4, warm" */
static int name_series(struct search *s, struct series *series)
{
	if (!series->spec && !series->fs.type && read_fs(s, series))
		return -ENOMEM;
	const char *fs = series->spec      ? lab_spec_label(series->spec)
			 : series->fs.type ? series->fs.type
					   : "an unknown filesystem";
	series->where = arena_print(s->arena, "%s, %s", format_text(s->arena, fs),
				    cache_state_name(series->state));
	return series->where ? 0 : -ENOMEM;
}

static uint64_t time_left(uint64_t until_ns)
{
	const uint64_t now = clock_ns();
	return until_ns - MIN(now, until_ns);
}

/* Whether to go on: what cannot run at one point cannot run at the next. */
static bool goes_on(const struct series *series)
{
	const struct axis_point *last = &series->points[series->n - 1];
	return last->status != STATUS_FAILED && last->status != STATUS_SKIPPED;
}

/* The point with figures and the largest x; NULL: none so far. */
static const struct axis_point *farthest(const struct series *series)
{
	const struct axis_point *far = NULL;
	for (size_t i = 0; i < series->n; i++) {
		const struct axis_point *point = &series->points[i];
		if (point->winner != WINNER_UNKNOWN && (!far || point->x > far->x))
			far = point;
	}
	return far;
}

/*
 * If passes take longer with larger x, the upper end must be near enough to be measured in half of
 * the time, estimated from the passes at the largest point so far. Fixed costs make this estimate
 * too small; it is better from a larger point. True: the end was moved.
 */
static bool keep_within_reach(const struct search *s, struct series *series, uint64_t left_ns)
{
	const struct axis_point *far = farthest(series);
	struct bisect *b = &series->bisect;
	if (!s->axis.grows || !far || series_point(series, b->to))
		return false;
	const double passes = PASSES_OF_A * far->a.median + PASSES_OF_B * far->b.median;
	const double reach =
		(double)far->x * ((double)left_ns / 2) / (passes * (double)far->entries);
	const uint64_t to = reach < (double)s->to ? stats_two_digits(reach) : s->to;
	if ((double)to <= (double)far->x * s->resolution)
		return false;
	series->shortened = (double)to * s->resolution < (double)s->to;
	bisect_set_end(b, series->shortened ? to : s->to);
	return true;
}

/* The next point, which may be beyond the former upper end. */
static bool find_next(const struct search *s, struct series *series, uint64_t left_ns, uint64_t *x)
{
	struct bisect *b = &series->bisect;
	if (series->n)
		keep_within_reach(s, series, left_ns);
	if (bisect_next(b, x))
		return true;
	if (!series->shortened)
		return false;
	bisect_set_end(b, s->to);
	if (keep_within_reach(s, series, left_ns))
		return bisect_next(b, x);
	bisect_set_end(b, b->points[b->n - 1].x);
	return false;
}

/* The duration of the fastest point with figures; 0: none so far. */
static uint64_t quickest_ns(const struct series *series)
{
	uint64_t least = 0;
	for (size_t i = 0; i < series->n; i++) {
		const struct axis_point *point = &series->points[i];
		if (point->winner != WINNER_UNKNOWN && (!least || point->spent_ns < least))
			least = point->spent_ns;
	}
	return least;
}

/* At least what one point needs, because less gives no figures. */
static uint64_t share_of(const struct series *series, uint64_t left_ns)
{
	const uint64_t share = left_ns / MIN(bisect_left(&series->bisect), SHARES_MOST);
	return MIN(MAX(share, quickest_ns(series) * 3 / 2), left_ns);
}

static int add_point(struct search *s, struct series *series, struct axes *open, uint64_t x,
		     uint64_t left_ns, struct err *err)
{
	struct axis_point *point = &series->points[series->n];
	const uint64_t until_ns = clock_ns() + share_of(series, left_ns);
	int error = point_measure(s, series, open, x, until_ns, point, err);
	if (error && error != -EINTR)
		return error;
	const double ratio = point->winner == WINNER_UNKNOWN ? 0 : point->ratio.median;
	bisect_add(&series->bisect, (struct bisect_point){x, point->winner, ratio});
	series->n++;
	return error;
}

static int search_points(struct search *s, struct series *series, struct axes *open,
			 uint64_t until_ns, struct err *err)
{
	uint64_t x;
	int error = 0;
	while (!error && find_next(s, series, time_left(until_ns), &x)) {
		const uint64_t left = time_left(until_ns);
		if (left < MAX(POINT_LEAST, quickest_ns(series) / 2) && series->n) {
			series->is_late = true;
			break;
		}
		error = add_point(s, series, open, x, left, err);
		if (error || !goes_on(series))
			break;
	}
	return error;
}

static int search_series(struct search *s, struct series *series, uint64_t until_ns,
			 struct err *err)
{
	struct axes open = {0};
	int error = search_points(s, series, &open, until_ns, err);
	axes_close(&open);
	if (name_series(s, series))
		error = -ENOMEM;
	if (error && error != -EINTR)
		return error;
	s->is_interrupted |= error == -EINTR;
	bisect_answer(&series->bisect, &series->crossing);
	return search_word(s, series) ? error : -ENOMEM;
}

int search_run(struct search *s, struct err *err)
{
	int error = 0;
	for (size_t i = 0; i < s->n && !error; i++) {
		const uint64_t now = clock_ns();
		error = search_series(s, &s->series[i], now + time_left(s->until_ns) / (s->n - i),
				      err);
	}
	s->is_interrupted = error == -EINTR;
	for (size_t i = 0; i < s->n && s->is_interrupted; i++) {
		if (!s->series[i].sentence && name_series(s, &s->series[i]))
			return -ENOMEM;
	}
	return s->is_interrupted ? 0 : error;
}
