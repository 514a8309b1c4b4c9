/* What a gate makes of its intervals: the control decides whether the others can be believed. */
#include "engine/gate/comparison.h"

#include <math.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "tests/test.h"

static const struct comparison usual = {.tolerance = 0.01, .limit = 0.05};

static struct estimate interval(double lo, double hi)
{
	return (struct estimate){.known = true,
				 .lo = lo,
				 .median = sqrt(lo * hi),
				 .hi = hi,
				 .confidence = 0.99,
				 .n = 30};
}

/* The second of two cells of a class, whose first has the control; head is at 1.10 to 1.12. */
static struct verdict_input weigh_beside(const struct comparison *comparison,
					 struct estimate control)
{
	const struct gate_cell cells[] = {
		{.class = 3, .has_control = true, .control = control},
		{.class = 3, .ratio = interval(1.10, 1.12)},
	};
	return comparison_verdict_input(comparison, cells, 2, &cells[1]);
}

static enum verdict verdict_beside(struct estimate control)
{
	const struct verdict_input input = weigh_beside(&usual, control);
	return verdict_of(&input);
}

static void a_good_control_lets_the_verdict_stand(void **state)
{
	(void)state;
	assert_int_equal(verdict_beside(interval(0.995, 1.005)), VERDICT_REGRESSED);
}

static void a_control_unlike_base_makes_its_class_invalid(void **state)
{
	const struct verdict_input slow = weigh_beside(&usual, interval(1.011, 1.02));
	(void)state;
	assert_non_null(slow.invalid);
	assert_non_null(strstr(slow.invalid, "the control"));
	assert_int_equal(verdict_beside(interval(1.011, 1.02)), VERDICT_INVALID);
	assert_int_equal(verdict_beside(interval(0.97, 0.989)), VERDICT_INVALID);
	assert_int_equal(verdict_beside(interval(1.009, 1.02)), VERDICT_REGRESSED);
}

static void a_control_of_another_class_is_ignored(void **state)
{
	const struct gate_cell cells[] = {
		{.class = 2, .has_control = true, .control = interval(1.5, 1.6)},
		{.class = 3, .ratio = interval(1.10, 1.12)},
	};
	const struct verdict_input input = comparison_verdict_input(&usual, cells, 2, &cells[1]);
	(void)state;
	assert_int_equal(verdict_of(&input), VERDICT_REGRESSED);
}

static void an_unknown_control_leaves_no_verdict(void **state)
{
	(void)state;
	assert_int_equal(verdict_beside((struct estimate){.reason = "too few"}),
			 VERDICT_INCONCLUSIVE);
}

/* The largest of 1 %, what the control may be off by, and --tolerance. */
static void the_largest_tolerance_counts(void **state)
{
	const struct comparison wide = {.tolerance = 0.15, .limit = 0.2};
	const struct comparison none = {.limit = 0.05};
	(void)state;
	assert_true(fabs(weigh_beside(&none, interval(1, 1)).tolerance - 0.01) < 1e-12);
	assert_true(fabs(weigh_beside(&usual, interval(0.99, 1.2)).tolerance - 0.2) < 1e-12);
	assert_true(fabs(weigh_beside(&usual, interval(0.8, 1.1)).tolerance - 0.25) < 1e-12);
	assert_true(fabs(weigh_beside(&wide, interval(0.99, 1.03)).tolerance - 0.15) < 1e-12);
	assert_true(fabs(weigh_beside(&wide, interval(1, 1)).limit - 0.2) < 1e-12);
	assert_int_equal(verdict_beside(interval(0.99, 1.2)), VERDICT_INCONCLUSIVE);
}

static void a_failure_comes_before_the_control(void **state)
{
	const struct gate_cell cell = {
		.invalid = "a wrong answer", .has_control = true, .control = interval(2, 3)};
	const struct verdict_input input = comparison_verdict_input(&usual, &cell, 1, &cell);
	(void)state;
	assert_string_equal(input.invalid, "a wrong answer");
	assert_int_equal(verdict_of(&input), VERDICT_INVALID);
}

/* Also of those whose strategy only their worker knows. */
static void the_largest_number_of_jobs_decides_how_many_cpus(void **state)
{
	static const struct {
		const char *base, *head, *jobs;
		unsigned want;
	} rows[] = {
		{"lstat", "fstatat/j3", NULL, 3},
		{"lstat", "plugin:./a.so:mine/j3", NULL, 3},
		{"plugin:./a.so:mine", "plugin:./b.so:mine", "4", 4},
		{"lstat", "bin:./old:plugin:./a.so:mine/j3", NULL, 3},
		{"lstat", "bin:./old:unheard-of/j3", NULL, 3},
		{"exec:true", "exec[jobs=3]:true", NULL, 3},
		{"exec:true", "bin:./old:exec:true", "5", 5},
	};
	struct arena *arena = arena_new();
	struct topology *topology = NULL;
	(void)state;
	assert_int_equal(topology_open(&topology, NULL, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct comparison_arms arms = {.base = rows[i].base,
						     .head = rows[i].head,
						     .stage = -1,
						     .jobs = rows[i].jobs};
		struct comparison comparison = {
			.strategies = strategies, .topology = topology, .arena = arena};
		assert_int_equal(comparison_cells(&comparison, &arms, NULL), 0);
		assert_int_equal(comparison.jobs, rows[i].want);
	}
	topology_close(topology);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_control_lets_the_verdict_stand),
		cmocka_unit_test(a_control_unlike_base_makes_its_class_invalid),
		cmocka_unit_test(a_control_of_another_class_is_ignored),
		cmocka_unit_test(an_unknown_control_leaves_no_verdict),
		cmocka_unit_test(the_largest_tolerance_counts),
		cmocka_unit_test(a_failure_comes_before_the_control),
		cmocka_unit_test(the_largest_number_of_jobs_decides_how_many_cpus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
