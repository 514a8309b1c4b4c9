#include "engine/base/rng.h"

#include "tests/test.h"

/* Published outputs of SplitMix64 for the seed 1234567 (Rosetta Code, and Vigna's splitmix64.c). */
static void gives_the_published_sequence(void **state)
{
	(void)state;
	static const uint64_t golden[] = {
		UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
		UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
		UINT64_C(16408922859458223821),
	};
	struct rng rng = {.state = 1234567};
	for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++)
		assert_int_equal(rng_next(&rng), golden[i]);
}

static void same_seed_same_numbers(void **state)
{
	(void)state;
	struct rng a = {.state = 7}, b = {.state = 7}, other = {.state = 8};
	unsigned differ = 0;
	for (int i = 0; i < 100; i++) {
		uint64_t number = rng_next(&a);
		assert_int_equal(number, rng_next(&b));
		differ += number != rng_next(&other);
	}
	assert_int_equal(differ, 100);
}

static void below_is_less_than_the_bound(void **state)
{
	(void)state;
	struct rng rng = {.state = 1};
	const uint64_t bounds[] = {1, 2, 3, 10, UINT64_C(1) << 40, UINT64_MAX};
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		for (int n = 0; n < 1000; n++)
			assert_true(rng_below(&rng, bounds[i]) < bounds[i]);
	}
}

/* 60,000 throws of a die: each face within 6 standard deviations (91) of 10,000. */
static void below_is_uniform(void **state)
{
	(void)state;
	struct rng rng = {.state = 42};
	unsigned faces[6] = {0};
	for (int n = 0; n < 60000; n++)
		faces[rng_below(&rng, 6)]++;
	for (int i = 0; i < 6; i++)
		assert_in_range(faces[i], 10000 - 6 * 91, 10000 + 6 * 91);
}

/* Trees depend on it: one step per number, whatever the bound. */
static void below_takes_one_step(void **state)
{
	(void)state;
	struct rng a = {.state = 99}, b = {.state = 99};
	rng_below(&a, 3);
	rng_below(&a, UINT64_MAX);
	rng_next(&b);
	rng_next(&b);
	assert_int_equal(a.state, b.state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_published_sequence),
		cmocka_unit_test(same_seed_same_numbers),
		cmocka_unit_test(below_is_less_than_the_bound),
		cmocka_unit_test(below_is_uniform),
		cmocka_unit_test(below_takes_one_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
