/* Whether this machine has counters or not, what is said about them is true. */
#include "engine/measure/watch/counters.h"

#include <errno.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static void missing_counters_have_a_reason(void **state)
{
	struct counters counters;
	struct counts before, after;
	uint64_t totals[COUNTERS] = {0};
	struct arena *arena = arena_new();
	(void)state;
	counters_open(&counters, counter_events);
	counters_read(&counters, &before);
	for (volatile int i = 0; i < 100000; i++)
		;
	counters_read(&counters, &after);
	counters_add(&counters, &before, &after, totals);
	for (enum counter i = 0; i < COUNTERS; i++) {
		const char *why = counters_why(&counters, i, arena);
		assert_int_equal(why == NULL, counters.fds[i] >= 0);
		if (why) {
			assert_int_equal(strncmp(why, "not supported here: ", 20), 0);
			assert_int_equal(totals[i], COUNT_UNKNOWN);
		}
	}
	if (counters.fds[COUNTER_CYCLES] >= 0)
		assert_true(totals[COUNTER_CYCLES] > 0);
	counters_close(&counters);
	arena_free(arena);
}

static void every_refusal_has_a_message(void **state)
{
	static const int errors[] = {ENOENT, EACCES, EPERM, ENOSYS, EOPNOTSUPP, EMFILE};
	struct counters counters = {.leader = -1};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		counters.errors[0] = -errors[i];
		const char *why = counters_why(&counters, 0, arena);
		assert_non_null(why);
		assert_int_equal(strncmp(why, "not supported here: ", 20), 0);
	}
	arena_free(arena);
}

static void shared_counters_are_extrapolated(void **state)
{
	const struct counters counters = {.fds = {3, -1, 5, 6}, .leader = 3};
	const struct counts before = {{100, 0, 0, 0}, 1000, 500};
	const struct counts after = {{150, 0, 7, 0}, 3000, 1000};
	const struct counts idle = {{150, 0, 7, 0}, 4000, 1000};
	uint64_t totals[COUNTERS] = {10, 0, 0, 0};
	(void)state;
	counters_add(&counters, &before, &after, totals);
	assert_int_equal(totals[0], 10 + 50 * 4);
	assert_int_equal(totals[1], COUNT_UNKNOWN);
	assert_int_equal(totals[2], 28);
	counters_add(&counters, &after, &idle, totals); /* never ran: nothing is known */
	assert_int_equal(totals[0], COUNT_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_counters_have_a_reason),
		cmocka_unit_test(every_refusal_has_a_message),
		cmocka_unit_test(shared_counters_are_extrapolated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
