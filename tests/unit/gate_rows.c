/* Counts of calls: exact where both builds could count, silent where one could not. */
#include "engine/cmd/parts/gate_rows.h"

#include <string.h>

#include "tests/test.h"

enum { KEPT = 100 };

static const struct worker_counts plain = {2, {{"entries", KEPT}, {"errors", 0}}};
static const struct worker_counts counted = {
	4, {{"entries", KEPT}, {"errors", 0}, {"openat", 7}, {"statx", KEPT}}};
static const struct worker_counts more = {
	4, {{"entries", KEPT}, {"errors", 0}, {"openat", 8}, {"statx", KEPT}}};

static struct judgement *judge(const struct worker_counts *base, const struct worker_counts *head)
{
	static struct gate_cell cell; /* large */
	struct judgement *j = judgement_new("gate");
	assert_non_null(j);
	cell = (struct gate_cell){
		.label = "walk", .base = {.text = "fts"}, .head = {.text = "fts"}};
	cell.counts[0] = *base;
	cell.counts[1] = *head;
	assert_int_equal(gate_rows_counts(j, &cell), 0);
	return j;
}

static void equal_counts_are_one_row(void **state)
{
	struct judgement *j = judge(&counted, &counted);
	(void)state;
	assert_int_equal(j->n_rows, 1);
	assert_string_equal(j->rows[0].metric, "calls");
	assert_int_equal(j->rows[0].verdict, VERDICT_OK);
	judgement_free(j);
}

static void one_call_more_is_a_regression(void **state)
{
	struct judgement *j = judge(&counted, &more);
	(void)state;
	assert_int_equal(j->n_rows, 1);
	assert_string_equal(j->rows[0].metric, "openat");
	assert_int_equal(j->rows[0].verdict, VERDICT_REGRESSED);
	judgement_free(j);
	j = judge(&more, &counted);
	assert_int_equal(j->rows[0].verdict, VERDICT_IMPROVED);
	judgement_free(j);
}

static void failed_entries_are_no_calls(void **state)
{
	struct worker_counts failing = counted;
	(void)state;
	failing.rows[1].count = 3;
	struct judgement *j = judge(&counted, &failing);
	assert_int_equal(j->n_rows, 1);
	assert_string_equal(j->rows[0].metric, "errors");
	assert_string_equal(j->rows[0].unit, "entries/pass");
	judgement_free(j);
}

static void what_one_side_could_not_count_is_not_compared(void **state)
{
	(void)state;
	for (int head = 0; head < 2; head++) {
		struct judgement *j = judge(head ? &plain : &counted, head ? &counted : &plain);
		assert_int_equal(j->n_rows, 0);
		judgement_free(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_counts_are_one_row),
		cmocka_unit_test(one_call_more_is_a_regression),
		cmocka_unit_test(failed_entries_are_no_calls),
		cmocka_unit_test(what_one_side_could_not_count_is_not_compared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
