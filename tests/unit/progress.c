#include "engine/base/progress.h"

#include "engine/base/util.h"
#include "tests/test.h"

enum { STEPS = 100, SLOW = 20, LAST = 5 };

/* Steps of which some take longer; what is told of the time left must be right within a half. */
static unsigned tell(uint64_t (*step_ns)(unsigned i))
{
	struct pace pace = {0};
	uint64_t spent = 0, all = 0, left;
	unsigned told = 0;
	for (unsigned i = 0; i < STEPS; i++)
		all += step_ns(i);
	for (unsigned i = 0; i < STEPS; i++) {
		spent += step_ns(i);
		if (!pace_left(&pace, spent, i + 1, STEPS, &left))
			continue;
		told++;
		uint64_t real = all - spent;
		if (i + LAST < STEPS && 2 * MAX(left, real) > 3 * MIN(left, real))
			fail_msg("after %u steps %llu are told, %llu are left", i + 1,
				 (unsigned long long)left, (unsigned long long)real);
	}
	return told;
}

static uint64_t steady(unsigned i)
{
	(void)i;
	return 1000;
}

static uint64_t slow_first(unsigned i)
{
	return i == 0 ? SLOW * 1000 : 1000;
}

static uint64_t slow_while_priming(unsigned i)
{
	return i < 3 ? SLOW * 1000 : 1000;
}

static uint64_t by_turns(unsigned i)
{
	return i % 4 ? 1000 : 3000;
}

static void a_steady_pace_is_estimated_from_the_eighth_step(void **state)
{
	(void)state;
	assert_int_equal(tell(steady), STEPS - 8);
}

static void a_slow_beginning_is_not_taken_for_the_pace(void **state)
{
	(void)state;
	assert_true(tell(slow_first) > STEPS / 4);
	assert_int_equal(tell(slow_while_priming), 0);
}

static void steps_may_differ(void **state)
{
	(void)state;
	assert_true(tell(by_turns) > STEPS / 2);
}

static void no_steps_have_no_estimate(void **state)
{
	struct pace pace = {0};
	uint64_t left;
	(void)state;
	assert_false(pace_left(&pace, 1000, 0, 100, &left));
	assert_false(pace_left(&pace, 2000, 0, 0, &left));
	assert_false(pace_left(&pace, 3000, 7, 100, &left));
	assert_true(pace_left(&pace, 6000, 14, 100, &left));
	assert_false(pace_left(&pace, 6000, 100, 100, &left));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_pace_is_estimated_from_the_eighth_step),
		cmocka_unit_test(a_slow_beginning_is_not_taken_for_the_pace),
		cmocka_unit_test(steps_may_differ),
		cmocka_unit_test(no_steps_have_no_estimate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
