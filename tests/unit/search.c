/* The search along an axis: what it measures in the time that there is, by a script. */
#include "engine/crossover/search.h"

#include <errno.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "tests/test.h"

enum { TO = 100000, CHANGE = 20 };

struct script {
	struct search search;
	double ns;        /* per entry, of A and of B */
	uint64_t fails;   /* the x where a point is not OK, */
	enum status how;  /* with this status, */
	int error;        /* or with this error; x 0: none fails */
	uint64_t most_ns; /* the longest that a point was given, */
	uint64_t most_x;  /* and the largest x */
};

static int measure(void *arg, uint64_t x, uint64_t until_ns, struct axis_point *point,
		   struct err *err)
{
	struct script *script = arg;
	const uint64_t now = clock_ns();
	(void)err;
	script->most_x = MAX(script->most_x, x);
	script->most_ns = MAX(script->most_ns, until_ns - MIN(now, until_ns));
	*point = (struct axis_point){.x = x, .entries = x, .status = STATUS_OK};
	point->a.median = point->b.median = script->ns;
	point->ratio.median = x < CHANGE ? 2 : 0.5;
	point->winner = x < CHANGE ? WINNER_A : WINNER_B;
	if (x != script->fails)
		return 0;
	point->status = script->how;
	point->winner = WINNER_UNKNOWN;
	return script->error;
}

static int search_for(struct script *script, uint64_t seconds)
{
	struct err err = {0};
	struct search *s = &script->search;
	s->to = TO;
	s->bisect = (struct bisect){.from = 1, .to = TO, .resolution = 1.2};
	return search_run(s, clock_ns() + seconds * NS_PER_SECOND, measure, script, &err);
}

static void the_change_is_found(void **state)
{
	struct script script = {.ns = 1};
	const struct search *s = &script.search;
	(void)state;
	assert_int_equal(search_for(&script, 100), 0);
	assert_int_equal(s->crossing.kind, CROSSING_FROM);
	assert_true(s->crossing.is_narrow);
	assert_true(s->crossing.changes[0].lo < CHANGE && s->crossing.changes[0].hi >= CHANGE);
	assert_false(s->shortened || s->is_late);
	assert_int_equal(search_point(s, TO)->winner, WINNER_B);
	assert_null(search_point(s, TO - 1));
}

/* Many points are to come, but the first gets a quarter of the time. */
static void the_first_point_gets_a_quarter_of_the_time(void **state)
{
	struct script script = {.ns = 1, .fails = 1, .how = STATUS_FAILED};
	(void)state;
	assert_int_equal(search_for(&script, 1000), 0);
	assert_in_range(script.most_ns, 200 * NS_PER_SECOND, 250 * NS_PER_SECOND);
}

/* 60 passes of 10 ms per entry fit into 50 s with 83 entries at most. */
static void the_upper_end_is_one_that_can_be_reached(void **state)
{
	struct script script = {.ns = 1e7};
	const struct search *s = &script.search;
	(void)state;
	script.search.grows = true;
	assert_int_equal(search_for(&script, 100), 0);
	assert_true(s->shortened);
	assert_in_range(s->bisect.to, CHANGE, 83);
	assert_int_equal(script.most_x, s->bisect.to);
	assert_int_equal(s->crossing.kind, CROSSING_FROM);
	script = (struct script){.ns = 1e7};
	assert_int_equal(search_for(&script, 100), 0);
	assert_int_equal(script.most_x, TO);
}

static void what_cannot_run_is_not_tried_again(void **state)
{
	static const enum status ends[] = {STATUS_FAILED, STATUS_SKIPPED};
	struct script script;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		script = (struct script){.ns = 1, .fails = 1, .how = ends[i]};
		assert_int_equal(search_for(&script, 100), 0);
		assert_int_equal(script.search.n, 1);
		assert_int_equal(script.search.crossing.kind, CROSSING_UNKNOWN);
	}
	script = (struct script){.ns = 1, .fails = 1, .how = STATUS_INVALID};
	assert_int_equal(search_for(&script, 100), 0);
	assert_true(script.search.n > 1);
}

static void an_interrupted_point_is_kept_and_a_failed_one_is_not(void **state)
{
	struct script script = {.ns = 1, .fails = TO, .error = -EINTR};
	(void)state;
	assert_int_equal(search_for(&script, 100), -EINTR);
	assert_int_equal(script.search.n, 2);
	assert_int_equal(script.search.crossing.kind, CROSSING_NEVER);
	script = (struct script){.ns = 1, .fails = TO, .error = -ENOMEM};
	assert_int_equal(search_for(&script, 100), -ENOMEM);
	assert_int_equal(script.search.n, 1);
}

static void without_time_there_is_one_point(void **state)
{
	struct script script = {.ns = 1};
	(void)state;
	assert_int_equal(search_for(&script, 0), 0);
	assert_int_equal(script.search.n, 1);
	assert_true(script.search.is_late);
	assert_false(script.search.crossing.is_narrow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_change_is_found),
		cmocka_unit_test(the_first_point_gets_a_quarter_of_the_time),
		cmocka_unit_test(the_upper_end_is_one_that_can_be_reached),
		cmocka_unit_test(what_cannot_run_is_not_tried_again),
		cmocka_unit_test(an_interrupted_point_is_kept_and_a_failed_one_is_not),
		cmocka_unit_test(without_time_there_is_one_point),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
