/* Which side is faster at one point, after each round: on passes made by hand. */
#include "engine/crossover/point.h"

#include "tests/test.h"
#include "tests/unit/with_cells.h"

enum { FIRST_TEST = 16, ROUNDS_OF_ALL_TESTS = 610 };

/* Rounds of B that take percent of A's time, in turns with those that take `other`. */
static struct point_cells measured(struct result *r, unsigned percent, unsigned other)
{
	const struct point_cells cells = {add_cell(r, "a/j1"), add_cell(r, "b/j1")};
	for (uint32_t i = 0; i < ROUNDS_OF_ALL_TESTS; i++) {
		add_pass((struct cell_result *)cells.a, i, 1000 * ENTRIES);
		add_pass((struct cell_result *)cells.b, i,
			 (uint64_t)(i % 2 ? other : percent) * 10 * ENTRIES);
	}
	return cells;
}

/* The rounds after which it is enough. */
static size_t rounds_until_enough(struct axis_point *point, const struct point_cells *cells)
{
	struct cell_result a = *cells->a, b = *cells->b;
	const struct point_cells so_far = {&a, &b};
	bool is_enough = false;
	for (a.n_passes = b.n_passes = 0; !is_enough && a.n_passes < ROUNDS_OF_ALL_TESTS;) {
		a.n_passes = ++b.n_passes;
		assert_int_equal(point_test(point, &so_far, &is_enough), 0);
	}
	assert_true(is_enough);
	return a.n_passes;
}

static void agreeing_rounds_are_enough_at_the_first_test(void **state)
{
	const struct point_cells faster = measured(*state, 80, 81);
	struct axis_point point = {.x = 1};
	assert_int_equal(rounds_until_enough(&point, &faster), FIRST_TEST);
	assert_int_equal(point.winner, WINNER_B);
	const struct point_cells slower = measured(*state, 125, 126);
	point = (struct axis_point){.x = 1};
	assert_int_equal(rounds_until_enough(&point, &slower), FIRST_TEST);
	assert_int_equal(point.winner, WINNER_A);
	assert_true(point.ratio.confidence > 1 - (1 - CROSSOVER_CONFIDENCE) / 300);
}

static void ten_tests_decide_or_leave_it_open(void **state)
{
	const struct point_cells cells = measured(*state, 80, 125);
	struct axis_point point = {.x = 1};
	assert_int_equal(rounds_until_enough(&point, &cells), 609);
	assert_int_equal(point.tests, 10);
	assert_int_equal(point.winner, WINNER_OPEN);
}

/* A later test could be wrong, too, and it is not among those that the confidence allows for. */
static void a_certain_winner_is_not_tested_again(void **state)
{
	struct result *r = *state;
	const struct point_cells cells = measured(r, 80, 125);
	struct axis_point point = {.winner = WINNER_B, .ratio = {.known = true, .median = 0.7}};
	assert_int_equal(point_finish(&point, &cells, ROUNDS_OF_ALL_TESTS, r->arena), 0);
	assert_int_equal(point.winner, WINNER_B);
	assert_float_equal(point.ratio.median, 0.7, 0);
	point.winner = WINNER_OPEN;
	assert_int_equal(point_finish(&point, &cells, ROUNDS_OF_ALL_TESTS, r->arena), 0);
	assert_int_equal(point.pairs, ROUNDS_OF_ALL_TESTS);
	assert_true(point.ratio.lo < 1 && point.ratio.hi > 1);
}

static void a_cell_without_figures_is_the_reason(void **state)
{
	struct result *r = *state;
	struct point_cells cells = measured(r, 80, 81);
	struct axis_point point = {.x = 1};
	((struct cell_result *)cells.b)->status = STATUS_SKIPPED;
	((struct cell_result *)cells.b)->label = "b";
	((struct cell_result *)cells.b)->reason = "needs root";
	assert_int_equal(point_finish(&point, &cells, 1, r->arena), 0);
	assert_int_equal(point.winner, WINNER_UNKNOWN);
	assert_int_equal(point.status, STATUS_SKIPPED);
	assert_string_equal(point.reason, "b: needs root");
	struct cell_result none = *cells.a;
	none.n_passes = 0;
	cells.b = &none;
	point = (struct axis_point){.x = 1};
	assert_int_equal(point_finish(&point, &cells, 1, r->arena), 0);
	assert_int_equal(point.winner, WINNER_UNKNOWN);
	assert_string_equal(point.reason, "no whole round of both was measured");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_cells_set_up, with_cells_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(agreeing_rounds_are_enough_at_the_first_test),
		TEST(ten_tests_decide_or_leave_it_open),
		TEST(a_certain_winner_is_not_tested_again),
		TEST(a_cell_without_figures_is_the_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
