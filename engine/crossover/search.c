#include "engine/crossover/search.h"

#include <errno.h>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/base/util.h"

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

const struct axis_point *search_point(const struct search *s, uint64_t x)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->points[i].x == x)
			return &s->points[i];
	}
	return NULL;
}

static uint64_t time_left(uint64_t until_ns)
{
	const uint64_t now = clock_ns();
	return until_ns - MIN(now, until_ns);
}

/* Whether to go on: what cannot run at one point cannot run at the next. */
static bool goes_on(const struct search *s)
{
	const struct axis_point *last = &s->points[s->n - 1];
	return last->status != STATUS_FAILED && last->status != STATUS_SKIPPED;
}

/* The point with figures and the largest x; NULL: none so far. */
static const struct axis_point *farthest(const struct search *s)
{
	const struct axis_point *far = NULL;
	for (size_t i = 0; i < s->n; i++) {
		const struct axis_point *point = &s->points[i];
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
static bool keep_within_reach(struct search *s, uint64_t left_ns)
{
	const struct axis_point *far = farthest(s);
	struct bisect *b = &s->bisect;
	if (!s->grows || !far || search_point(s, b->to))
		return false;
	const double passes = PASSES_OF_A * far->a.median + PASSES_OF_B * far->b.median;
	const double reach =
		(double)far->x * ((double)left_ns / 2) / (passes * (double)far->entries);
	const uint64_t to = reach < (double)s->to ? stats_two_digits(reach) : s->to;
	if ((double)to <= (double)far->x * b->resolution)
		return false;
	s->shortened = (double)to * b->resolution < (double)s->to;
	bisect_set_end(b, s->shortened ? to : s->to);
	return true;
}

/* The next point, which may be beyond the former upper end. */
static bool find_next(struct search *s, uint64_t left_ns, uint64_t *x)
{
	struct bisect *b = &s->bisect;
	if (s->n)
		keep_within_reach(s, left_ns);
	if (bisect_next(b, x))
		return true;
	if (!s->shortened)
		return false;
	bisect_set_end(b, s->to);
	if (keep_within_reach(s, left_ns))
		return bisect_next(b, x);
	bisect_set_end(b, b->points[b->n - 1].x);
	return false;
}

/* The duration of the fastest point with figures; 0: none so far. */
static uint64_t quickest_ns(const struct search *s)
{
	uint64_t least = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct axis_point *point = &s->points[i];
		if (point->winner != WINNER_UNKNOWN && (!least || point->spent_ns < least))
			least = point->spent_ns;
	}
	return least;
}

/* At least what one point needs, because less gives no figures. */
static uint64_t share_of(const struct search *s, uint64_t left_ns)
{
	const uint64_t share = left_ns / MIN(bisect_left(&s->bisect), SHARES_MOST);
	return MIN(MAX(share, quickest_ns(s) * 3 / 2), left_ns);
}

struct point_source {
	search_measure_fn *measure;
	void *arg;
	uint64_t until_ns; /* end of the search */
};

static int add_point(struct search *s, const struct point_source *m, uint64_t x, uint64_t left_ns,
		     struct err *err)
{
	struct axis_point *point = &s->points[s->n];
	int error = m->measure(m->arg, x, clock_ns() + share_of(s, left_ns), point, err);
	if (error && error != -EINTR)
		return error;
	const double ratio = point->winner == WINNER_UNKNOWN ? 0 : point->ratio.median;
	bisect_add(&s->bisect, (struct bisect_point){x, point->winner, ratio});
	s->n++;
	return error;
}

static int add_points(struct search *s, const struct point_source *m, struct err *err)
{
	uint64_t x;
	int error = 0;
	while (!error && find_next(s, time_left(m->until_ns), &x)) {
		const uint64_t left = time_left(m->until_ns);
		if (left < MAX(POINT_LEAST, quickest_ns(s) / 2) && s->n) {
			s->is_late = true;
			break;
		}
		error = add_point(s, m, x, left, err);
		if (error || !goes_on(s))
			break;
	}
	return error;
}

int search_run(struct search *s, uint64_t until_ns, search_measure_fn *measure, void *arg,
	       struct err *err)
{
	const struct point_source m = {measure, arg, until_ns};
	int error = add_points(s, &m, err);
	bisect_answer(&s->bisect, &s->crossing);
	return error;
}
