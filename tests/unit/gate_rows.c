/* Counts of calls: exact where both builds could count, silent where one could not. */
#include "engine/cmd/parts/judge.h"

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
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
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

static void counts_that_one_side_lacks_are_not_compared(void **state)
{
	(void)state;
	for (int head = 0; head < 2; head++) {
		struct judgement *j = judge(head ? &plain : &counted, head ? &counted : &plain);
		assert_int_equal(j->n_rows, 0);
		judgement_free(j);
	}
}

/* The tree has changed, and the other side may have counted before: also its failed entries. */
static void counts_that_one_side_did_not_take_are_not_compared(void **state)
{
	static const struct worker_counts none = {0};
	struct worker_counts failing = plain;
	(void)state;
	failing.rows[1].count = 1;
	for (int head = 0; head < 2; head++) {
		struct judgement *j = judge(head ? &none : &failing, head ? &failing : &none);
		assert_int_equal(j->n_rows, 0);
		judgement_free(j);
	}
}

static struct estimate interval(double at)
{
	return (struct estimate){.known = true, .lo = at, .median = at, .hi = at, .n = 30};
}

/* Of a cell 20 % slower at first: what is said after that second measurement. */
static void assert_said_of(struct gate_cell *again, bool out_of_time, enum verdict verdict,
			   const char *words)
{
	static struct gate_cell first; /* large */
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	first = (struct gate_cell){.label = "cell", .n = 30, .ratio = interval(1.2)};
	again->label = "cell";
	const struct comparison comparison = {
		.tolerance = 0.01,
		.limit = 0.05,
		.cells = &first,
		.cells_again = again,
		.n = 1,
		.is_selftest = true,
		.again = {.out_of_time = out_of_time},
		.base = "a",
		.head = "b",
	};
	assert_non_null(j);
	assert_int_equal(gate_rows(j, &comparison), 0);
	assert_int_equal(j->rows[0].verdict, verdict);
	if (!strstr(j->rows[0].reason, words))
		fail_msg("'%s' lacks '%s'", j->rows[0].reason, words);
	judgement_free(j);
}

static void assert_said(struct estimate again, bool out_of_time, enum verdict verdict,
			const char *words)
{
	static struct gate_cell second; /* large */
	second = (struct gate_cell){.ratio = again};
	assert_said_of(&second, out_of_time, verdict, words);
}

/* Then it is not that nothing is known: a side has failed, or is not to be compared. */
static void a_second_measurement_that_fails_says_why(void **state)
{
	static struct gate_cell second; /* large */
	(void)state;
	second = (struct gate_cell){.invalid = "head: wrong answer: f1: its size"};
	assert_said_of(&second, false, VERDICT_INVALID, "head: wrong answer: f1: its size");
	second = (struct gate_cell){.incomparable = "head: statx is missing"};
	assert_said_of(&second, false, VERDICT_INCOMPARABLE, "head: statx is missing");
	second = (struct gate_cell){
		.ratio = interval(1.2), .has_control = true, .control = interval(1.1)};
	assert_said_of(&second, false, VERDICT_INVALID, "the control, a copy of base, was not");
}

static void a_second_measurement_decides_and_says_why(void **state)
{
	const struct estimate none = {.reason = "too few units for an interval"};
	(void)state;
	assert_said(interval(1.2), false, VERDICT_REGRESSED,
		    "a second measurement, +20.0 %, confirms");
	assert_said(interval(1.0), false, VERDICT_INCONCLUSIVE,
		    "slower at first, but not confirmed: 0.0 % when measured again");
	assert_said(interval(0.8), false, VERDICT_INCONCLUSIVE, "-20.0 % when measured again");
	assert_said(none, true, VERDICT_INCONCLUSIVE,
		    "the time was up before it was measured again");
	assert_said(none, false, VERDICT_INCONCLUSIVE, "the second measurement gave no interval");
}

/* A comparison of one cell without a difference, whose workers ran there. */
static struct comparison comparison_on(const char *cpus, uint32_t units)
{
	static struct gate_cell cell; /* large */
	cell = (struct gate_cell){.label = "cell", .n = 30, .ratio = interval(1)};
	return (struct comparison){
		.tolerance = 0.01,
		.limit = 0.05,
		.cells = &cell,
		.n = 1,
		.is_selftest = true,
		.facts = {.cpus = cpus, .units = units},
		.base = "a",
		.head = "b",
	};
}

/* The first note of a comparison whose workers ran there, and there when measured again. */
static void assert_ran(const char *cpus, const char *again, const char *words)
{
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	struct comparison comparison = comparison_on(cpus, 30);
	comparison.again.cpus = again;
	comparison.again.units = again ? 30 : 0;
	assert_non_null(j);
	assert_int_equal(gate_rows(j, &comparison), 0);
	assert_int_equal(strncmp(j->notes[0], words, strlen(words)), 0);
	judgement_free(j);
}

static void the_cpus_of_workers_are_noted_once(void **state)
{
	(void)state;
	assert_ran("0-3", NULL, "Workers ran on CPU 0-3: 30 ");
	assert_ran("0", "1", "Workers ran on CPU 0, then on 1: 30 ");
	assert_ran("0", "0", "Workers ran on CPU 0: 30 ");
}

/* The last note of a comparison of two cells, of which the first counted nothing in head. */
static void calls_not_compared_get_a_note(void **state)
{
	static struct gate_cell cells[2]; /* large */
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		cells[i] = (struct gate_cell){.label = i ? "b" : "a",
					      .n = 30,
					      .ratio = interval(1),
					      .base = {.text = "fts"},
					      .head = {.text = "fts"},
					      .counts = {plain, plain}};
	}
	cells[0].counts[1].n = 0;
	const struct comparison comparison = {
		.tolerance = 0.01, .limit = 0.05, .cells = cells, .n = 2, .base = "a", .head = "b"};
	assert_non_null(j);
	assert_int_equal(gate_rows(j, &comparison), 0);
	assert_int_equal(j->n_notes, 1);
	assert_string_equal(j->notes[0],
			    "The tree changed: the calls of 1 cell were not compared.");
	judgement_free(j);
}

/* If it was so in half of the units or more. */
static void a_side_that_worked_in_another_way_gets_a_note(void **state)
{
	(void)state;
	for (uint32_t units = 14; units <= 15; units++) {
		struct judgement *j = judgement_new(JUDGEMENT_GATE);
		struct comparison comparison = comparison_on("0", 0);
		comparison.cells[0].ways[1] = (struct gate_way){"a walk by calls", units};
		assert_non_null(j);
		assert_int_equal(gate_rows(j, &comparison), 0);
		assert_int_equal(j->n_notes, units == 15);
		if (j->n_notes)
			assert_string_equal(j->notes[0],
					    "cell in head was mostly a walk by calls.");
		judgement_free(j);
	}
}

static void it_is_told_of_both_sides_and_measurements(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	struct comparison comparison = comparison_on("0", 0);
	static struct gate_cell again; /* large */
	(void)state;
	again = comparison.cells[0];
	comparison.cells_again = &again;
	comparison.cells[0].ways[0] = (struct gate_way){"calls: no tables", 30};
	again.ways[1] = (struct gate_way){"calls", 30};
	assert_non_null(j);
	assert_int_equal(gate_rows(j, &comparison), 0);
	assert_int_equal(j->n_notes, 2);
	assert_string_equal(j->notes[0], "cell in base was calls: no tables.");
	assert_string_equal(j->notes[1], "cell in head was calls, when measured again.");
	judgement_free(j);
}

static void a_missing_control_gets_a_note(void **state)
{
	(void)state;
	for (uint32_t units = 0; units < 2; units++) {
		struct judgement *j = judgement_new(JUDGEMENT_GATE);
		struct comparison comparison = comparison_on("0", units);
		comparison.no_control = "cannot copy ./old: No space left on device";
		assert_non_null(j);
		assert_int_equal(gate_rows(j, &comparison), 0);
		assert_int_equal(j->n_notes, 2 * units);
		if (units)
			assert_string_equal(j->notes[1],
					    "There was no control: cannot copy ./old: No "
					    "space left on device.");
		judgement_free(j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_counts_are_one_row),
		cmocka_unit_test(one_call_more_is_a_regression),
		cmocka_unit_test(failed_entries_are_no_calls),
		cmocka_unit_test(counts_that_one_side_lacks_are_not_compared),
		cmocka_unit_test(counts_that_one_side_did_not_take_are_not_compared),
		cmocka_unit_test(calls_not_compared_get_a_note),
		cmocka_unit_test(a_second_measurement_decides_and_says_why),
		cmocka_unit_test(a_second_measurement_that_fails_says_why),
		cmocka_unit_test(the_cpus_of_workers_are_noted_once),
		cmocka_unit_test(a_missing_control_gets_a_note),
		cmocka_unit_test(a_side_that_worked_in_another_way_gets_a_note),
		cmocka_unit_test(it_is_told_of_both_sides_and_measurements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
