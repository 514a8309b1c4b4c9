#include "engine/crossover/bisect.h"

#include <math.h>

#include "engine/base/stats.h"
#include "engine/base/util.h"

enum { QUARTERS = 4 };

static bool is_decided(const struct bisect_point *point)
{
	return point->winner == WINNER_A || point->winner == WINNER_B;
}

/* Width on a logarithmic scale. */
static double width(uint64_t from, uint64_t to)
{
	return log((double)to) - log((double)from);
}

/*
 * The middle of a stretch on a logarithmic scale, rounded to two digits if that is still inside.
 * False: there is no whole number inside, or the stretch is narrow.
 */
static bool find_middle(const struct bisect *b, uint64_t lo, uint64_t hi, uint64_t *x)
{
	if (hi - lo < 2 || width(lo, hi) <= log(b->resolution))
		return false;
	const double middle = sqrt((double)lo) * sqrt((double)hi);
	uint64_t near = stats_two_digits(middle);
	if (near <= lo || near >= hi)
		near = (uint64_t)llround(middle);
	*x = MIN(MAX(near, lo + 1), hi - 1);
	return true;
}

/* The nearest known winner at or before point i, and after it, if any. */
static enum winner winner_before(const struct bisect *b, size_t i)
{
	for (size_t k = i + 1; k > 0; k--) {
		if (is_decided(&b->points[k - 1]))
			return b->points[k - 1].winner;
	}
	return WINNER_OPEN;
}

static enum winner winner_behind(const struct bisect *b, size_t i)
{
	for (size_t k = i + 1; k < b->n; k++) {
		if (is_decided(&b->points[k]))
			return b->points[k].winner;
	}
	return WINNER_OPEN;
}

enum stretch {
	STRETCH_SAME,  /* the same winner on both sides, so a change inside is of no interest */
	STRETCH_HALF,  /* A wins on its left, or B on its right, and no winner is known on the other
			  side */
	STRETCH_WHOLE, /* different winners */
	STRETCH_OPEN,  /* between points that are open themselves, so halving it is useless */
};

/* Classifies the stretch from point i to the next one. */
static enum stretch stretch_of(const struct bisect *b, size_t i)
{
	const enum winner before = winner_before(b, i), behind = winner_behind(b, i);
	if (before == behind || (before == WINNER_OPEN && behind == WINNER_A) ||
	    (before == WINNER_B && behind == WINNER_OPEN))
		return STRETCH_SAME;
	if (!is_decided(&b->points[i]) && !is_decided(&b->points[i + 1]))
		return STRETCH_OPEN;
	return before == WINNER_OPEN || behind == WINNER_OPEN ? STRETCH_HALF : STRETCH_WHOLE;
}

/* The middle of the widest stretch of that kind that is wider than `least`. */
static bool find_widest(const struct bisect *b, enum stretch kind, double least, uint64_t *x)
{
	bool found = false;
	for (size_t i = 0; i + 1 < b->n; i++) {
		const uint64_t lo = b->points[i].x, hi = b->points[i + 1].x;
		uint64_t middle;
		if (stretch_of(b, i) != kind || width(lo, hi) <= least ||
		    !find_middle(b, lo, hi, &middle))
			continue;
		found = true;
		least = width(lo, hi);
		*x = middle;
	}
	return found;
}

/* A little more than a quarter, because points are rounded. */
static double widest_unseen(const struct bisect *b)
{
	return width(b->from, b->to) / QUARTERS * 1.1;
}

bool bisect_next(const struct bisect *b, uint64_t *x)
{
	if (b->n == BISECT_POINTS_MAX)
		return false;
	if (b->n == 0 || b->points[0].x != b->from) {
		*x = b->from;
		return true;
	}
	if (b->points[b->n - 1].x != b->to) {
		*x = b->to;
		return true;
	}
	return find_widest(b, STRETCH_WHOLE, 0, x) || find_widest(b, STRETCH_HALF, 0, x) ||
	       find_widest(b, STRETCH_SAME, widest_unseen(b), x) ||
	       find_widest(b, STRETCH_OPEN, widest_unseen(b), x);
}

static unsigned halvings(double wide, double narrow)
{
	return wide > narrow ? (unsigned)ceil(log2(wide / narrow)) : 0;
}

unsigned bisect_left(const struct bisect *b)
{
	const double narrow = log(b->resolution);
	unsigned left = 0;
	if (b->n < 2)
		return 2 - (unsigned)b->n + halvings(width(b->from, b->to), narrow) + 1;
	for (size_t i = 0; i + 1 < b->n; i++) {
		const double wide = width(b->points[i].x, b->points[i + 1].x);
		const enum stretch kind = stretch_of(b, i);
		const bool is_halved = kind == STRETCH_WHOLE || kind == STRETCH_HALF;
		left += is_halved ? halvings(wide, narrow) : wide > widest_unseen(b);
	}
	return MAX(left, 1);
}

void bisect_add(struct bisect *b, struct bisect_point point)
{
	size_t at = b->n;
	if (b->n == BISECT_POINTS_MAX)
		return;
	for (; at && b->points[at - 1].x > point.x; at--)
		b->points[at] = b->points[at - 1];
	b->points[at] = point;
	b->n++;
}

void bisect_set_end(struct bisect *b, uint64_t to)
{
	b->to = to;
}

/* --- Results ---------------------------------------------------------------------------------- */

/* The point where the medians cross 1, among the points [p, q]. */
static bool find_crossing(const struct bisect *b, size_t p, size_t q, double *at)
{
	const struct bisect_point *last = NULL;
	for (size_t i = p; i <= q; i++) {
		const struct bisect_point *point = &b->points[i];
		if (!(point->ratio > 0))
			continue;
		if (last && (last->ratio < 1) != (point->ratio < 1)) {
			*at = stats_crossing((double)last->x, last->ratio, (double)point->x,
					     point->ratio);
			return true;
		}
		last = point;
	}
	return false;
}

static void add_change(const struct bisect *b, struct crossing *c, bool has_lo, size_t p, size_t q)
{
	if (c->n == BISECT_CHANGES_MAX)
		return;
	struct winner_change *change = &c->changes[c->n++];
	*change = (struct winner_change){
		.to_b = b->points[q].winner == WINNER_B,
		.has_lo = has_lo,
		.lo = b->points[p].x,
		.hi = b->points[q].x,
	};
	change->has_at = find_crossing(b, p, q, &change->at);
}

static enum crossing_kind kind_of(const struct crossing *c, enum winner last)
{
	if (last == WINNER_OPEN)
		return CROSSING_UNKNOWN;
	if (c->n == 0)
		return last == WINNER_B ? CROSSING_ALWAYS : CROSSING_NEVER;
	if (c->n > 1)
		return CROSSING_SEVERAL;
	return c->changes[0].to_b ? CROSSING_FROM : CROSSING_UP_TO;
}

/*
 * If A wins at the first decided point, nothing has changed there, even if points before it are
 * open. If B wins there, it is not known to win from the first point on.
 */
void bisect_answer(const struct bisect *b, struct crossing *c)
{
	enum winner last = WINNER_OPEN;
	size_t where = 0;
	uint64_t x;
	*c = (struct crossing){.is_narrow = !bisect_next(b, &x)};
	for (size_t i = 0; i < b->n; i++) {
		const enum winner winner = b->points[i].winner;
		if (!is_decided(&b->points[i]))
			continue;
		if (last != WINNER_OPEN && winner != last)
			add_change(b, c, true, where, i);
		else if (last == WINNER_OPEN && winner == WINNER_B && i > 0)
			add_change(b, c, false, 0, i);
		last = winner;
		where = i;
	}
	c->kind = kind_of(c, last);
}

const char *winner_name(enum winner winner)
{
	static const char *const names[] = {"open", "a", "b", "unknown"};
	return names[winner];
}

const char *crossing_name(enum crossing_kind kind)
{
	static const char *const names[] = {"unknown", "always", "never",
					    "from",    "up-to",  "several"};
	return names[kind];
}
