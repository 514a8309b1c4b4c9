#include "engine/base/stats.h"

#include <math.h>

#include "engine/base/util.h"
#include "tests/test.h"

static void assert_near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		fail_msg("%.9f is not %.9f", got, want);
}

/* From the closed forms: P(X = 0) = (1 - p)^n, and halves of symmetric cases. */
static void sums_are_right(void **state)
{
	(void)state;
	assert_near(binomial_at_most(0, 10, 0.5), 1.0 / 1024, 1e-12);
	assert_near(binomial_at_most(4, 9, 0.5), 0.5, 1e-12);
	assert_near(binomial_at_most(1, 3, 0.2), 0.896, 1e-12);
	assert_near(binomial_at_most(3, 3, 0.2), 1, 0);
	assert_near(binomial_at_most(0, 5, 0), 1, 0);
	assert_near(binomial_at_most(4, 5, 1), 0, 0);
	assert_near(binomial_at_most(500, 1001, 0.5), 0.5, 1e-9);
}

/* None of n: 1 - 0.05^(1/n), the rule of three. The others by halving in exact
 * rational arithmetic. */
static void bounds_are_those_of_the_tables(void **state)
{
	static const struct {
		uint64_t k, n;
		double lower, upper;
	} rows[] = {
		{0, 40, 0, 0.072158},         {0, 20, 0, 0.139108},          {0, 100, 0, 0.029513},
		{1, 20, 0.002561, 0.216106},  {19, 20, 0.783894, 0.997439},  {20, 20, 0.860892, 1},
		{3, 100, 0.008226, 0.075711}, {95, 100, 0.897747, 0.980094},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_near(binomial_lower(rows[i].k, rows[i].n, 0.95), rows[i].lower, 2e-6);
		assert_near(binomial_upper(rows[i].k, rows[i].n, 0.95), rows[i].upper, 2e-6);
	}
}

static void bounds_enclose_what_was_seen(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 60; n++) {
		for (uint64_t k = 0; k <= n; k++) {
			double seen = (double)k / (double)n;
			double lower = binomial_lower(k, n, 0.95);
			double upper = binomial_upper(k, n, 0.95);
			assert_true(0 <= lower && lower <= seen && seen <= upper && upper <= 1);
			if (k < n)
				assert_near(binomial_at_most(k, n, upper), 0.05, 1e-9);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_right),
		cmocka_unit_test(bounds_are_those_of_the_tables),
		cmocka_unit_test(bounds_enclose_what_was_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
