/* The rule from input to verdict: every way through it, and what lies on each border. */
#include "engine/base/verdict.h"

#include <math.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

static struct estimate interval(double lo, double median, double hi)
{
	return (struct estimate){
		.known = true, .lo = lo, .median = median, .hi = hi, .confidence = 0.99, .n = 30};
}

#define TERMS .tolerance = 0.01, .limit = 0.05

static const struct row {
	const char *what;
	double lo, hi;
	enum verdict verdict;
} rows[] = {
	{"nothing", 0.999, 1.001, VERDICT_OK},
	{"wholly above", 1.02, 1.03, VERDICT_REGRESSED},
	{"above, ending where a pass would", 1.02, 1.049, VERDICT_REGRESSED},
	{"just above", 1.01 + 0x1p-52, 1.02, VERDICT_REGRESSED},
	{"beginning on the tolerance", 1.01, 1.02, VERDICT_OK},
	{"small and certain", 1.005, 1.009, VERDICT_OK},
	{"wholly below", 0.95, 0.98, VERDICT_IMPROVED},
	{"just below", 0.95, 1 / 1.01 - 0x1p-53, VERDICT_IMPROVED},
	{"ending on the mirrored tolerance", 0.95, 1 / 1.01, VERDICT_OK},
	{"faster, perhaps by nothing", 0.90, 0.999, VERDICT_OK},
	{"wide but below the limit", 0.5, 1.05 - 0x1p-52, VERDICT_OK},
	{"ending on the limit", 1.0, 1.05, VERDICT_INCONCLUSIVE},
	{"across both", 0.9, 1.2, VERDICT_INCONCLUSIVE},
	{"above nothing, not above the tolerance", 1.005, 1.2, VERDICT_INCONCLUSIVE},
};

static void intervals_become_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct verdict_input e = {
			.ratio = interval(rows[i].lo, (rows[i].lo + rows[i].hi) / 2, rows[i].hi),
			TERMS};
		if (verdict_of(&e) != rows[i].verdict)
			fail_msg("%s: %s, should be %s", rows[i].what, verdict_name(verdict_of(&e)),
				 verdict_name(rows[i].verdict));
	}
}

static const struct order {
	struct verdict_input input;
	enum verdict verdict;
} orders[] = {
	{{.invalid = "x", .incomparable = "x", .identical = true, .no_verdict = "x"},
	 VERDICT_INVALID},
	{{.incomparable = "x", .identical = true, .no_verdict = "x"}, VERDICT_INCOMPARABLE},
	{{.identical = true, .no_verdict = "x"}, VERDICT_IDENTICAL},
	{{.no_verdict = "x"}, VERDICT_INCONCLUSIVE},
	{{.invalid = NULL}, VERDICT_REGRESSED},
};

/* What rules a comparison out is asked before any interval is looked at. */
static void reasons_come_before_intervals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct verdict_input e = orders[i].input;
		e.tolerance = 0.01;
		e.limit = 0.05;
		e.ratio = interval(2, 2, 2);
		assert_int_equal(verdict_of(&e), orders[i].verdict);
	}
}

static void no_interval_no_verdict(void **state)
{
	const struct verdict_input e = {.ratio = {.reason = "too few"}, TERMS};
	(void)state;
	assert_int_equal(verdict_of(&e), VERDICT_INCONCLUSIVE);
}

/* NaN compares as false with everything: it must never look like a pass. */
static void nan_is_inconclusive(void **state)
{
	const struct verdict_input e = {.ratio = interval(NAN, NAN, NAN), TERMS};
	(void)state;
	assert_int_equal(verdict_of(&e), VERDICT_INCONCLUSIVE);
}

static void exchanging_the_sides_exchanges_the_verdicts(void **state)
{
	struct rng rng = {7};
	unsigned seen[VERDICTS] = {0};
	(void)state;
	for (int i = 0; i < 10000; i++) {
		double lo = exp(((double)rng_below(&rng, 2000) - 1000) / 10000);
		double hi = lo * exp((double)rng_below(&rng, 1000) / 10000);
		struct verdict_input ahead = {.ratio = interval(lo, sqrt(lo * hi), hi), TERMS};
		struct verdict_input back = {.ratio = interval(1 / hi, 1 / sqrt(lo * hi), 1 / lo),
					     TERMS};
		enum verdict a = verdict_of(&ahead), b = verdict_of(&back);
		seen[a]++;
		assert_int_equal(a == VERDICT_REGRESSED, b == VERDICT_IMPROVED);
		assert_int_equal(a == VERDICT_IMPROVED, b == VERDICT_REGRESSED);
	}
	assert_true(seen[VERDICT_REGRESSED] && seen[VERDICT_IMPROVED] && seen[VERDICT_OK] &&
		    seen[VERDICT_INCONCLUSIVE]);
}

/* What could have been seen is seen: an interval of the same width there is a regression. */
static void the_smallest_effect_is_the_limit_of_detection(void **state)
{
	const struct estimate here = interval(0.97, 1.0, 1.04);
	double seen = verdict_seen(&here, 0.01);
	(void)state;
	for (int side = -1; side <= 1; side += 2) {
		double there = (1 + seen) * (1 + side * 1e-9);
		const struct verdict_input e = {
			.ratio = interval(0.97 * there, there, 1.04 * there), TERMS};
		assert_int_equal(verdict_of(&e) == VERDICT_REGRESSED, side > 0);
	}
	assert_true(fabs(seen - (1.01 / 0.97 - 1)) < 1e-12);
	assert_true(verdict_seen(&(struct estimate){.median = 1, .lo = 1}, 0.01) == 0);
	assert_true(verdict_seen(&(struct estimate){.known = true}, 0.01) == 0);
}

static void counts_are_exact(void **state)
{
	(void)state;
	assert_int_equal(verdict_of_counts(20000, 20000), VERDICT_OK);
	assert_int_equal(verdict_of_counts(20000, 20001), VERDICT_REGRESSED);
	assert_int_equal(verdict_of_counts(20000, 19999), VERDICT_IMPROVED);
}

static void a_regression_counts_most_and_names_are_whole(void **state)
{
	static const enum verdict order[VERDICTS] = {
		VERDICT_REGRESSED, VERDICT_INVALID, VERDICT_INCOMPARABLE, VERDICT_INCONCLUSIVE,
		VERDICT_IMPROVED,  VERDICT_OK,      VERDICT_IDENTICAL};
	(void)state;
	for (int i = 1; i < VERDICTS; i++)
		assert_true(verdict_severity(order[i - 1]) < verdict_severity(order[i]));
	for (unsigned i = 0; i < VERDICTS; i++)
		assert_non_null(verdict_name(i));
	assert_null(verdict_name(VERDICTS));
}

static void the_error_is_divided_among_all_intervals(void **state)
{
	(void)state;
	assert_true(fabs(verdict_confidence(0.01, 1) - 0.99) < 1e-12);
	assert_true(fabs(verdict_confidence(0.01, 20) - 0.9995) < 1e-12);
	assert_true(fabs(verdict_confidence(0.01, 0) - 0.99) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_become_verdicts),
		cmocka_unit_test(reasons_come_before_intervals),
		cmocka_unit_test(no_interval_no_verdict),
		cmocka_unit_test(nan_is_inconclusive),
		cmocka_unit_test(exchanging_the_sides_exchanges_the_verdicts),
		cmocka_unit_test(the_smallest_effect_is_the_limit_of_detection),
		cmocka_unit_test(counts_are_exact),
		cmocka_unit_test(a_regression_counts_most_and_names_are_whole),
		cmocka_unit_test(the_error_is_divided_among_all_intervals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
