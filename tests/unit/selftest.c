/* When a selftest fails: by the chance of what it found, not by a number that somebody chose. */
#include "engine/cmd/selftest.c"
#include "tests/test.h"

static struct selftest_command options;

static struct test found(uint64_t runs, uint64_t flagged, bool by_gate)
{
	options.selftest.runs = runs;
	return (struct test){.options = &options, .flagged = flagged, .by_gate = by_gate};
}

static const char *against(uint64_t runs, uint64_t flagged, bool by_gate)
{
	const struct test t = found(runs, flagged, by_gate);
	return objection(&t);
}

/* Intervals of 99 %: one of twelve misses in 11 % of all tests, two of twelve in 0.6 %. */
static void chance_decides_of_runs(void **state)
{
	(void)state;
	assert_null(against(12, 0, false));
	assert_null(against(12, 1, false));
	assert_string_equal(against(12, 2, false), "more than chance explains");
	assert_null(against(100, 4, false));
	assert_string_equal(against(100, 5, false), "more than chance explains");
}

/* The gate errs in one of 10,000: one of twelve is too many already. */
static void chance_decides_of_gates(void **state)
{
	(void)state;
	assert_null(against(12, 0, true));
	assert_string_equal(against(12, 1, true), "more than chance explains");
	struct test t = found(12, 0, true);
	t.unknown = 5;
	assert_null(objection(&t));
	t.unknown = 6;
	assert_string_equal(objection(&t), "too many could not be decided");
}

static void nineteen_of_twenty_slowdowns_are_found(void **state)
{
	(void)state;
	struct test t = found(20, 19, true);
	t.inject = true;
	t.pct = 5;
	assert_null(objection(&t));
	t.flagged = 18;
	assert_string_equal(objection(&t), "too few were found");
	t.pct = 0;
	assert_string_equal(objection(&t), "more than chance explains");
}

static void the_chance_is_that_of_so_many_or_more(void **state)
{
	struct test t = found(12, 0, false);
	(void)state;
	assert_float_equal(chance_of(&t), 1, 0);
	t.flagged = 1;
	assert_float_equal(chance_of(&t), 0.1136, 0.0001);
	t.flagged = 2;
	assert_float_equal(chance_of(&t), 0.0062, 0.0001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_decides_of_runs),
		cmocka_unit_test(chance_decides_of_gates),
		cmocka_unit_test(nineteen_of_twenty_slowdowns_are_found),
		cmocka_unit_test(the_chance_is_that_of_so_many_or_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
