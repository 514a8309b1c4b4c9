/* When a selftest fails: by the chance of what it found, not by a number that somebody chose. */
#include "engine/gate/error_rate.h"

#include "tests/test.h"

static struct error_rate found(uint64_t runs, uint64_t flagged, bool by_gate)
{
	return (struct error_rate){.runs = runs, .flagged = flagged, .by_gate = by_gate};
}

static const char *against(uint64_t runs, uint64_t flagged, bool by_gate)
{
	const struct error_rate t = found(runs, flagged, by_gate);
	return error_rate_objection(&t);
}

/* Intervals of 99 %: one of twelve misses in 11 % of all tests, two of twelve in 0.6 %. */
static void chance_limits_flagged_runs(void **state)
{
	(void)state;
	assert_null(against(12, 0, false));
	assert_null(against(12, 1, false));
	assert_string_equal(against(12, 2, false), "more than chance explains");
	assert_null(against(100, 4, false));
	assert_string_equal(against(100, 5, false), "more than chance explains");
}

/* The gate errs in one of 10,000: one of twelve is too many already. */
static void chance_limits_flagged_gates(void **state)
{
	(void)state;
	assert_null(against(12, 0, true));
	assert_string_equal(against(12, 1, true), "more than chance explains");
}

static void an_undecided_test_does_not_pass(void **state)
{
	(void)state;
	for (int by_gate = 0; by_gate < 2; by_gate++) {
		struct error_rate t = found(12, 0, by_gate);
		t.undecided = 5;
		assert_null(error_rate_objection(&t));
		t.undecided = 6;
		assert_string_equal(error_rate_objection(&t), "too many could not be decided");
	}
}

/* Identical code is said to be found the same only by those that said so. */
static void rates_are_of_decided_comparisons(void **state)
{
	struct error_rate t = found(12, 1, false);
	(void)state;
	assert_int_equal(error_rate_tries(&t), 12);
	t.undecided = 4;
	assert_int_equal(error_rate_tries(&t), 8);
	assert_float_equal(error_rate_chance(&t), 0.0773, 0.0001);
	t.is_slowdown = true;
	assert_int_equal(error_rate_tries(&t), 12); /* a slowdown that was not found */
}

static bool flags(bool inject, enum verdict verdict)
{
	const struct error_rate t = {.is_slowdown = inject};
	const struct estimate ratio = {0};
	const struct rated o = rated_by_verdict(&t, verdict, &ratio);
	assert_true(!o.flagged || !o.undecided);
	return o.flagged;
}

static bool is_undecided(enum verdict verdict)
{
	const struct error_rate t = {0};
	const struct estimate ratio = {0};
	const struct rated o = rated_by_verdict(&t, verdict, &ratio);
	return o.undecided;
}

/* A gate with its sides exchanged finds every slowdown, as a gain. */
static void a_slowdown_is_found_by_its_verdict(void **state)
{
	(void)state;
	assert_true(flags(true, VERDICT_REGRESSED));
	assert_false(flags(true, VERDICT_IMPROVED));
	assert_false(flags(true, VERDICT_INCONCLUSIVE));
	assert_true(flags(false, VERDICT_REGRESSED));
	assert_true(flags(false, VERDICT_IMPROVED));
	assert_false(flags(false, VERDICT_OK));
	assert_true(is_undecided(VERDICT_INCONCLUSIVE));
	assert_true(is_undecided(VERDICT_INVALID));
	assert_false(is_undecided(VERDICT_OK));
	assert_false(is_undecided(VERDICT_IMPROVED));
}

static bool differs(bool inject, bool known, double lo, double hi)
{
	const struct error_rate t = {.is_slowdown = inject};
	const struct estimate ratio = {.known = known, .lo = lo, .median = lo, .hi = hi};
	const struct rated o = rated_by_interval(&t, &ratio);
	assert_int_equal(o.undecided, !known);
	return o.flagged;
}

static void a_run_finds_what_its_interval_excludes(void **state)
{
	(void)state;
	for (int inject = 0; inject < 2; inject++) {
		assert_true(differs(inject, true, 1.001, 1.1));
		assert_false(differs(inject, true, 0.9, 1.1));
		assert_false(differs(inject, false, 1.001, 1.1));
		assert_int_equal(differs(inject, true, 0.9, 0.99), !inject);
	}
}

static void nineteen_of_twenty_slowdowns_are_found(void **state)
{
	(void)state;
	struct error_rate t = found(20, 19, true);
	t.is_slowdown = true;
	assert_null(error_rate_objection(&t));
	t.flagged = 18;
	assert_string_equal(error_rate_objection(&t), "too few were found");
	t.is_slowdown = false;
	assert_string_equal(error_rate_objection(&t), "more than chance explains");
}

static void the_chance_is_that_of_so_many_or_more(void **state)
{
	struct error_rate t = found(12, 0, false);
	(void)state;
	assert_float_equal(error_rate_chance(&t), 1, 0);
	t.flagged = 1;
	assert_float_equal(error_rate_chance(&t), 0.1136, 0.0001);
	t.flagged = 2;
	assert_float_equal(error_rate_chance(&t), 0.0062, 0.0001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chance_limits_flagged_runs),
		cmocka_unit_test(chance_limits_flagged_gates),
		cmocka_unit_test(an_undecided_test_does_not_pass),
		cmocka_unit_test(rates_are_of_decided_comparisons),
		cmocka_unit_test(a_slowdown_is_found_by_its_verdict),
		cmocka_unit_test(a_run_finds_what_its_interval_excludes),
		cmocka_unit_test(nineteen_of_twenty_slowdowns_are_found),
		cmocka_unit_test(the_chance_is_that_of_so_many_or_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
