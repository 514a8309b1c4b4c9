/* Figures, changes and ratios of a judgement say the same, whatever was measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "reports/present/present.h"
#include "tests/test.h"

enum { TRIES = 20000 };

static double between(struct rng *rng, double lo, double hi)
{
	return lo + (hi - lo) * (double)rng_below(rng, 1000000) / 1e6;
}

/* How far a printed number may be from what it stands for. */
static double rounding(const char *text)
{
	const char *point = strchr(text, '.');
	return 0.5 * pow(10, point ? -(double)strspn(point + 1, "0123456789") : 0);
}

/* "1,614.6" */
static double number(const char *text)
{
	char plain[64];
	size_t n = 0;
	for (; *text && n + 1 < sizeof(plain); text++) {
		if (*text != ',')
			plain[n++] = *text;
	}
	plain[n] = '\0';
	return strtod(plain, NULL);
}

static void check_row(struct judgement *j, const struct judged *row)
{
	const char *base = present_value(j->arena, row, false);
	const char *head = present_value(j->arena, row, true);
	const char *change = present_change(j->arena, row);
	const double b = number(base), h = number(head);
	const double least = (h - rounding(head)) / (b + rounding(base)) - 1;
	const double most = (h + rounding(head)) / (b - rounding(base)) - 1;
	const double told = number(change) / 100, slack = rounding(change) / 100 + 1e-9;
	if (told < least - slack || told > most + slack)
		fail_msg("base %s, head %s, but change %s", base, head, change);
}

static void change_is_head_over_base_less_one(void **state)
{
	struct rng rng = {4711};
	(void)state;
	for (int i = 0; i < TRIES; i++) {
		struct judgement *j = judgement_new(JUDGEMENT_GATE);
		const double ratio = exp(between(&rng, -1.5, 1.5));
		const double wide = between(&rng, 1, 1.3);
		const struct verdict_input e = {.ratio = {.known = i % 5 > 0,
							  .median = ratio,
							  .lo = ratio / wide,
							  .hi = ratio * wide,
							  .confidence = 0.99,
							  .n = 30,
							  .reason = "too few"},
						.tolerance = 0.01,
						.limit = 0.05};
		/* Another median of head, as passes without a partner would give it. */
		const struct judged row = {.cell = "c",
					   .metric = "time",
					   .unit = "ns/entry",
					   .has_base = true,
					   .has_head = true,
					   .base = exp(between(&rng, 0, 12)),
					   .head = exp(between(&rng, 0, 12))};
		assert_non_null(j);
		assert_int_equal(judgement_add(j, &row, &e), 0);
		check_row(j, &j->rows[0]);
		if (e.ratio.known)
			assert_true(fabs(j->rows[0].head / j->rows[0].base - ratio) < 1e-9);
		judgement_free(j);
	}
}

/* What presents rows prints, as a string to free. */
static char *presented(const struct judgement *j, int (*present)(FILE *, const struct judgement *,
								 const struct present_style *))
{
	const struct present_style style = {.width = 80};
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(present(to, j, &style), 0);
	fclose(to);
	return text;
}

/* The tolerance that decided is told where rows are read by programs; exact counts have none. */
static void the_deciding_tolerance_is_printed(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	const struct judged rate = {.cell = "c", .metric = "calls", .unit = "calls/entry"};
	const struct judged exact = {.cell = "c", .metric = "calls", .unit = "calls/pass"};
	(void)state;
	assert_non_null(j);
	j->base = j->head = "x";
	j->unit = "rounds";
	j->unit_one = "round";
	assert_int_equal(judgement_add_rates(j, &rate, 1.25, 1.375, 0.0625), 0);
	assert_int_equal(judgement_add_counts(j, &exact, 5, 6), 0);
	assert_int_equal(judgement_finish(j), 0);
	char *json = presented(j, present_json), *csv = presented(j, present_csv);
	const char *told = strstr(json, "\"tolerance\": 0.0625");
	assert_non_null(told);
	assert_non_null(strstr(json, "\"tolerance\": null"));
	assert_null(strstr(told + 1, "\"tolerance\": 0.0625"));
	assert_non_null(strstr(csv, ",0.0625,,"));
	free(json);
	free(csv);
	judgement_free(j);
}

static enum verdict of_rates(double base, double head)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	const struct judged row = {.cell = "c", .metric = "calls", .unit = "calls/entry"};
	assert_non_null(j);
	assert_int_equal(judgement_add_rates(j, &row, base, head, 0.01), 0);
	assert_string_equal(present_value(j->arena, &j->rows[0], false), "1.250");
	enum verdict verdict = j->rows[0].verdict;
	judgement_free(j);
	return verdict;
}

static void counts_per_entry_are_judged_with_a_tolerance(void **state)
{
	(void)state;
	assert_int_equal(of_rates(1.25, 1.26), VERDICT_OK);
	assert_int_equal(of_rates(1.25, 1.27), VERDICT_REGRESSED);
	assert_int_equal(of_rates(1.25, 1.2), VERDICT_IMPROVED);
}

static void text_says_why_a_known_ratio_is_no_verdict(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	const struct present_style style = {.width = 80};
	const struct verdict_input e = {
		.no_verdict = "was slower at first, but not confirmed",
		.ratio = {.known = true, .median = 1.1, .lo = 1.05, .hi = 1.15, .n = 30},
		.tolerance = 0.01,
		.limit = 0.05,
	};
	const struct judged row = {.cell = "c", .metric = "time", .unit = "ns/entry"};
	char *text;
	size_t size;
	(void)state;
	assert_non_null(j);
	j->base = j->head = "x";
	j->unit = "worker pairs";
	j->unit_one = "worker pair";
	assert_int_equal(judgement_add(j, &row, &e), 0);
	assert_int_equal(judgement_finish(j), 0);
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(present_text(to, j, &style), 0);
	fclose(to);
	assert_non_null(strstr(text, "was slower at first, but not confirmed"));
	free(text);
	judgement_free(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(change_is_head_over_base_less_one),
		cmocka_unit_test(counts_per_entry_are_judged_with_a_tolerance),
		cmocka_unit_test(the_deciding_tolerance_is_printed),
		cmocka_unit_test(text_says_why_a_known_ratio_is_no_verdict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
