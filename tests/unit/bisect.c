/* The search for a crossing, with measurements by a script instead of by the clock. */
#include "engine/crossover/bisect.h"

#include <math.h>

#include "tests/test.h"

/* What the script answers at x: the ratio, and how near to 1 nobody is sure. */
struct script {
	double (*ratio)(double x);
	double unsure;       /* open where the ratio is within this factor of 1 */
	unsigned places_max; /* the budget ends then; 0: never */
	uint64_t broken;     /* no figures there */
};

/* B wins from 500 on. */
static double from_500(double x)
{
	return pow(500 / x, 0.3);
}

static double up_to_500(double x)
{
	return 1 / from_500(x);
}

static double never(double x)
{
	return 1.3 + 1 / x;
}

static double always(double x)
{
	return 1 / never(x);
}

static double equal(double x)
{
	(void)x;
	return 1;
}

/* B wins from 20 to 5,000 only. */
static double in_between(double x)
{
	return x < 20 ? 1.5 : x < 5000 ? 0.6 : 1.4;
}

static enum winner who(const struct script *s, uint64_t x)
{
	const double ratio = s->ratio((double)x);
	if (x == s->broken)
		return WINNER_UNKNOWN;
	if (ratio < s->unsure && ratio > 1 / s->unsure)
		return WINNER_OPEN;
	return ratio < 1 ? WINNER_B : WINNER_A;
}

static struct bisect begin(uint64_t from, uint64_t to)
{
	return (struct bisect){.from = from, .to = to, .resolution = 1.25};
}

/* Never the same place twice, never outside, in the end an answer. */
static void play(struct bisect *b, const struct script *s, struct crossing *c)
{
	uint64_t x;
	for (unsigned n = 0; (!s->places_max || n < s->places_max) && bisect_next(b, &x); n++) {
		const enum winner winner = who(s, x);
		assert_true(x >= b->from && x <= b->to);
		for (size_t i = 0; i < b->n; i++)
			assert_true(b->points[i].x != x);
		assert_true(bisect_left(b) >= 1);
		const double ratio = winner == WINNER_UNKNOWN ? 0 : s->ratio((double)x);
		bisect_add(b, (struct bisect_point){x, winner, ratio});
		assert_true(b->n < BISECT_POINTS_MAX);
	}
	bisect_answer(b, c);
}

static void a_crossing_is_found_in_a_narrow_interval(void **state)
{
	const struct script s = {.ratio = from_500, .unsure = 1};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_FROM);
	assert_true(c.is_narrow);
	assert_int_equal(c.n, 1);
	assert_true(c.changes[0].to_b && c.changes[0].has_lo && c.changes[0].has_at);
	assert_true(c.changes[0].lo <= 500 && c.changes[0].hi >= 500);
	assert_true((double)c.changes[0].hi <= 1.25 * (double)c.changes[0].lo);
	assert_true(fabs(c.changes[0].at - 500) < 1);
	assert_true(b.n < 14);
}

static void a_crossing_from_b_to_a_is_found(void **state)
{
	const struct script s = {.ratio = up_to_500, .unsure = 1};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_UP_TO);
	assert_false(c.changes[0].to_b);
	assert_true(c.changes[0].lo <= 500 && c.changes[0].hi >= 500);
	assert_true(fabs(c.changes[0].at - 500) < 1);
}

/* Within a factor of 1.1 nobody is sure: x from 364 to 687. The answer is as wide, not much wider.
 */
static void noise_makes_the_interval_wider(void **state)
{
	const struct script s = {.ratio = from_500, .unsure = 1.1};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_FROM);
	assert_true(c.changes[0].lo <= 364 && c.changes[0].hi >= 687);
	assert_true((double)c.changes[0].lo >= 364 / 1.3 && (double)c.changes[0].hi <= 687 * 1.3);
	assert_true(fabs(c.changes[0].at - 500) < 1);
	assert_true(c.is_narrow);
	assert_true(b.n < 18); /* what lies between two open places is of no interest */
}

static void never_and_always_are_results(void **state)
{
	const struct script n = {.ratio = never, .unsure = 1}, a = {.ratio = always, .unsure = 1};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &n, &c);
	assert_int_equal(c.kind, CROSSING_NEVER);
	assert_int_equal(c.n, 0);
	assert_true(b.n >= 5 && b.n <= 6);
	b = begin(1, 100000);
	play(&b, &a, &c);
	assert_int_equal(c.kind, CROSSING_ALWAYS);
}

static void equal_everywhere_is_not_known(void **state)
{
	const struct script s = {.ratio = equal, .unsure = 1.01};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_UNKNOWN);
	assert_true(b.n <= 6);
}

/* Both ends agree, and yet there is something between them. */
static void two_crossings_are_both_found(void **state)
{
	const struct script s = {.ratio = in_between, .unsure = 1};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_SEVERAL);
	assert_int_equal(c.n, 2);
	assert_true(c.changes[0].to_b && !c.changes[1].to_b);
	assert_true(c.changes[0].lo < 20 && c.changes[0].hi >= 20);
	assert_true(c.changes[1].lo < 5000 && c.changes[1].hi >= 5000);
}

/* At no step does an early end say what is not so. */
static void the_budget_may_end_at_every_step(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 20; n++) {
		const struct script s = {.ratio = from_500, .unsure = 1.1, .places_max = n + 1};
		struct bisect b = begin(1, 100000);
		struct crossing c;
		if (n)
			play(&b, &s, &c);
		else
			bisect_answer(&b, &c);
		if (n == 0)
			assert_int_equal(c.kind, CROSSING_UNKNOWN);
		for (size_t i = 0; i < c.n; i++)
			assert_true(c.changes[i].lo < 500 && c.changes[i].hi > 500);
		assert_true(c.n <= 1);
		assert_true(n > 3 || !c.is_narrow);
	}
}

/* Where the near end is open, A need not win anywhere. */
static void an_undecided_near_end_gives_no_lower_bound(void **state)
{
	const struct script s = {.ratio = from_500, .unsure = 1.1};
	struct bisect b = begin(400, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_FROM);
	assert_false(c.changes[0].has_lo);
	assert_true(c.changes[0].hi >= 687 && (double)c.changes[0].hi <= 687 * 1.3);
}

static void points_without_figures_are_skipped(void **state)
{
	const struct script s = {.ratio = from_500, .unsure = 1, .broken = 320};
	struct bisect b = begin(1, 100000);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	bool was_there = false;
	for (size_t i = 0; i < b.n; i++)
		was_there |= b.points[i].winner == WINNER_UNKNOWN;
	assert_true(was_there);
	assert_int_equal(c.kind, CROSSING_FROM);
	assert_true(c.changes[0].lo < 500 && c.changes[0].hi > 500);
	assert_true(c.changes[0].has_at && fabs(c.changes[0].at - 500) < 1);
}

static void medians_cross_between_points_with_figures(void **state)
{
	struct bisect b = begin(100, 1000);
	struct crossing c;
	(void)state;
	bisect_add(&b, (struct bisect_point){1000, WINNER_B, 0.5});
	bisect_add(&b, (struct bisect_point){100, WINNER_A, 2});
	bisect_add(&b, (struct bisect_point){480, WINNER_UNKNOWN, 0});
	bisect_answer(&b, &c);
	assert_true(c.changes[0].has_at && fabs(c.changes[0].at - sqrt(100.0 * 1000)) < 1);
}

/* Two digits are too few where both ends have the same. */
static void the_interval_is_halved_between_near_numbers(void **state)
{
	const struct script s = {.ratio = from_500, .unsure = 1};
	struct bisect b = {.from = 461, .to = 589, .resolution = 1.01};
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_true(c.changes[0].lo <= 500 && c.changes[0].hi >= 500);
	uint64_t x;
	b = (struct bisect){.from = 1010, .to = 1040, .resolution = 1.001};
	bisect_add(&b, (struct bisect_point){1010, WINNER_A, 2});
	bisect_add(&b, (struct bisect_point){1040, WINNER_B, 0.5});
	assert_true(bisect_next(&b, &x));
	assert_int_equal(x, 1025);
}

/* Whole numbers have an end: 2 and 3 jobs have nothing between them. */
static void small_numbers_end_the_search(void **state)
{
	const struct script s = {.ratio = in_between, .unsure = 1};
	struct bisect b = {.from = 18, .to = 21, .resolution = 1.01};
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.changes[0].lo, 19);
	assert_int_equal(c.changes[0].hi, 20);
	assert_true(c.is_narrow);
	b = (struct bisect){.from = 1, .to = 2, .resolution = 1.01};
	play(&b, &s, &c);
	assert_int_equal(b.n, 2);
}

static void the_far_end_can_be_raised(void **state)
{
	const struct script s = {.ratio = from_500, .unsure = 1};
	struct bisect b = begin(1, 100);
	struct crossing c;
	(void)state;
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_NEVER);
	bisect_set_end(&b, 100000);
	play(&b, &s, &c);
	assert_int_equal(c.kind, CROSSING_FROM);
	assert_true(c.changes[0].lo <= 500 && c.changes[0].hi >= 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crossing_is_found_in_a_narrow_interval),
		cmocka_unit_test(a_crossing_from_b_to_a_is_found),
		cmocka_unit_test(noise_makes_the_interval_wider),
		cmocka_unit_test(never_and_always_are_results),
		cmocka_unit_test(equal_everywhere_is_not_known),
		cmocka_unit_test(two_crossings_are_both_found),
		cmocka_unit_test(the_budget_may_end_at_every_step),
		cmocka_unit_test(an_undecided_near_end_gives_no_lower_bound),
		cmocka_unit_test(points_without_figures_are_skipped),
		cmocka_unit_test(medians_cross_between_points_with_figures),
		cmocka_unit_test(the_interval_is_halved_between_near_numbers),
		cmocka_unit_test(small_numbers_end_the_search),
		cmocka_unit_test(the_far_end_can_be_raised),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
