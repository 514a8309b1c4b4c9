/* The counts of the two sides of a cell: which differ, and whether there are any. */
#include "engine/gate/counts.h"

#include <stdio.h>

#include "engine/base/util.h"
#include "tests/test.h"

/* Both sides have the arm "lstat" and no counts. */
static struct gate_cell cell_of_one_strategy(void)
{
	return (struct gate_cell){.base = {"base", "lstat"}, .head = {"head", "lstat"}};
}

static void add(struct worker_counts *counts, const char *name, uint64_t count)
{
	struct worker_count *row = &counts->rows[counts->n++];
	assert_true(counts->n <= COUNTS_MAX);
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->count = count;
}

static void add_to_both(struct gate_cell *cell, const char *name, uint64_t base, uint64_t head)
{
	add(&cell->counts[0], name, base);
	add(&cell->counts[1], name, head);
}

static void is_pair(const struct count_pair *pair, const char *name, bool is_calls, uint64_t base,
		    uint64_t head)
{
	assert_string_equal(pair->name, name);
	assert_int_equal(pair->is_calls, is_calls);
	assert_int_equal(pair->base, base);
	assert_int_equal(pair->head, head);
}

static void equal_counts_are_the_sum_of_all_calls(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add_to_both(&cell, "entries", 1000, 1000);
	add_to_both(&cell, "errors", 7, 7);
	add_to_both(&cell, "lstat", 900, 900);
	add_to_both(&cell, "open", 30, 30);
	assert_int_equal(counts_compare(&cell, pairs), 1);
	is_pair(&pairs[0], "calls", true, 930, 930);
}

static void a_count_that_differs_is_stored_in_place_of_the_sum(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add_to_both(&cell, "open", 30, 30);
	add_to_both(&cell, "lstat", 900, 901);
	assert_int_equal(counts_compare(&cell, pairs), 1);
	is_pair(&pairs[0], "lstat", true, 900, 901);
	assert_ptr_equal(pairs[0].name, cell.counts[0].rows[1].name);
}

static void entries_and_errors_are_no_calls(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add_to_both(&cell, "entries", 1000, 999);
	add_to_both(&cell, "errors", 0, 1);
	add_to_both(&cell, "lstat", 1000, 1000);
	assert_int_equal(counts_compare(&cell, pairs), 2);
	is_pair(&pairs[0], "entries", false, 1000, 999);
	is_pair(&pairs[1], "errors", false, 0, 1);
}

/* Rows are found by their names, and base's come first. */
static void the_order_of_rows_does_not_matter(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add(&cell.counts[0], "open", 1);
	add(&cell.counts[0], "lstat", 2);
	add(&cell.counts[0], "close", 3);
	add(&cell.counts[1], "close", 30);
	add(&cell.counts[1], "open", 1);
	add(&cell.counts[1], "lstat", 20);
	assert_int_equal(counts_compare(&cell, pairs), 2);
	is_pair(&pairs[0], "lstat", true, 2, 20);
	is_pair(&pairs[1], "close", true, 3, 30);
}

static void a_call_of_one_side_only_is_zero_on_the_other(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add_to_both(&cell, "lstat", 10, 10);
	add(&cell.counts[0], "open", 3);
	add(&cell.counts[1], "openat2", 4);
	assert_int_equal(counts_compare(&cell, pairs), 2);
	is_pair(&pairs[0], "open", true, 3, 0);
	is_pair(&pairs[1], "openat2", true, 0, 4);
	assert_ptr_equal(pairs[1].name, cell.counts[1].rows[1].name);
}

static void a_call_that_was_never_made_equals_one_that_is_not_listed(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add_to_both(&cell, "lstat", 10, 10);
	add(&cell.counts[1], "open", 0);
	assert_int_equal(counts_compare(&cell, pairs), 1);
	is_pair(&pairs[0], "calls", true, 10, 10);
}

/* A side without calls does not count them: of its entries and errors only there are counts. */
static void calls_that_one_side_does_not_count_are_left_out(void **state)
{
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	for (int s = 0; s < 2; s++) {
		struct gate_cell cell = cell_of_one_strategy();
		add_to_both(&cell, "entries", 1000, 1000);
		add(&cell.counts[s], "lstat", 1000);
		assert_int_equal(counts_compare(&cell, pairs), 0);
		cell.counts[1].rows[0].count = 998;
		assert_int_equal(counts_compare(&cell, pairs), 1);
		is_pair(&pairs[0], "entries", false, 1000, 998);
	}
}

static void counts_without_calls_have_no_sum(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	add_to_both(&cell, "entries", 1000, 1000);
	assert_int_equal(counts_compare(&cell, pairs), 0);
}

static void nothing_is_stored_if_a_side_has_no_counts(void **state)
{
	struct count_pair pairs[COUNT_PAIRS_MAX];
	struct gate_cell none = cell_of_one_strategy();
	(void)state;
	assert_int_equal(counts_compare(&none, pairs), 0);
	for (int s = 0; s < 2; s++) {
		struct gate_cell cell = cell_of_one_strategy();
		add(&cell.counts[s], "entries", 1000);
		add(&cell.counts[s], "lstat", 1000);
		assert_int_equal(counts_compare(&cell, pairs), 0);
	}
}

/* What two strategies count differs by design. */
static void counts_of_two_strategies_are_not_compared(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	cell.head.text = "statx";
	add_to_both(&cell, "lstat", 10, 20);
	assert_int_equal(counts_compare(&cell, pairs), 0);
}

/* The programs, and with them their paths, are what is compared. */
static void one_strategy_of_two_programs_is_one_strategy(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	char text[] = "lstat";
	(void)state;
	cell.head = (struct gate_arm){"/elsewhere/statmark", text};
	add_to_both(&cell, "lstat", 10, 20);
	assert_int_equal(counts_compare(&cell, pairs), 1);
}

static void all_rows_of_both_sides_fit(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	struct count_pair pairs[COUNT_PAIRS_MAX];
	(void)state;
	for (int i = 0; i < COUNTS_MAX; i++) {
		char name[16];
		snprintf(name, sizeof(name), "base%d", i);
		add(&cell.counts[0], name, 1);
		snprintf(name, sizeof(name), "head%d", i);
		add(&cell.counts[1], name, 2);
	}
	assert_int_equal(counts_compare(&cell, pairs), COUNT_PAIRS_MAX);
	is_pair(&pairs[COUNTS_MAX - 1], "base63", true, 1, 0);
	is_pair(&pairs[COUNT_PAIRS_MAX - 1], "head63", true, 0, 2);
}

static void counts_are_missing_if_a_side_of_a_measured_cell_has_none(void **state)
{
	struct gate_cell cell = cell_of_one_strategy();
	(void)state;
	assert_true(counts_are_missing(&cell));
	add(&cell.counts[0], "entries", 1);
	assert_true(counts_are_missing(&cell));
	add(&cell.counts[1], "entries", 1);
	assert_false(counts_are_missing(&cell));
	cell.counts[0].n = 0;
	assert_true(counts_are_missing(&cell));
}

static void a_cell_that_was_not_measured_misses_no_counts(void **state)
{
	struct gate_cell cells[5];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		cells[i] = cell_of_one_strategy();
		assert_true(counts_are_missing(&cells[i]));
	}
	cells[0].skip = true;
	cells[1].identical = true;
	cells[2].invalid = "cannot start";
	cells[3].incomparable = "other trees";
	cells[4].head.text = "statx";
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		if (counts_are_missing(&cells[i]))
			fail_msg("cell %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_counts_are_the_sum_of_all_calls),
		cmocka_unit_test(a_count_that_differs_is_stored_in_place_of_the_sum),
		cmocka_unit_test(entries_and_errors_are_no_calls),
		cmocka_unit_test(the_order_of_rows_does_not_matter),
		cmocka_unit_test(a_call_of_one_side_only_is_zero_on_the_other),
		cmocka_unit_test(a_call_that_was_never_made_equals_one_that_is_not_listed),
		cmocka_unit_test(calls_that_one_side_does_not_count_are_left_out),
		cmocka_unit_test(counts_without_calls_have_no_sum),
		cmocka_unit_test(nothing_is_stored_if_a_side_has_no_counts),
		cmocka_unit_test(counts_of_two_strategies_are_not_compared),
		cmocka_unit_test(one_strategy_of_two_programs_is_one_strategy),
		cmocka_unit_test(all_rows_of_both_sides_fit),
		cmocka_unit_test(counts_are_missing_if_a_side_of_a_measured_cell_has_none),
		cmocka_unit_test(a_cell_that_was_not_measured_misses_no_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
