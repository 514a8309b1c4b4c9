/* Quantities: one list of ranges behind four ways to write it, drawn from with the right weights.
 */
#include "datasets/shape/quantity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/json/json_node.h"
#include "tests/test.h"

static const struct quantity_form form = {.min = 0, .max = 1000};

static int read_text(const char *text, struct quantity *q, struct err *err)
{
	struct json_node document = {0};
	*err = (struct err){0};
	int error = json_node_open(&document, "q", text, strlen(text), err);
	error = error ? error : quantity_read(&document, &form, q);
	json_node_close(&document);
	return error;
}

static struct quantity quantity_of(const char *text)
{
	struct quantity q;
	struct err err;
	if (read_text(text, &q, &err))
		fail_msg("%s", err.text);
	assert_int_equal(quantity_check(&(struct json_node){.source = "q"}, &form, &q), 0);
	return q;
}

static void is_refused(const char *text, const char *words)
{
	struct quantity q;
	struct err err;
	assert_int_equal(read_text(text, &q, &err), -EINVAL);
	assert_string_equal(err.text, words);
}

static void spans(const char *text, uint64_t min, uint64_t max)
{
	const struct quantity q = quantity_of(text);
	assert_int_equal(quantity_min(&q), min);
	assert_int_equal(quantity_max(&q), max);
	struct rng rng = {7};
	for (int i = 0; i < 1000; i++)
		assert_in_range(quantity_draw(&q, &rng), min, max);
}

static void test_every_form(void **state)
{
	(void)state;
	spans("[{\"value\": 5, \"weight\": 1}]", 5, 5);
	spans("{\"min\": 3, \"max\": 9}", 3, 9);
	spans("[{\"value\": 8, \"weight\": 9}, {\"value\": 2, \"weight\": 1}]", 2, 8);
	spans("{\"histogram\": [[10, 99, 70], [0, 9, 30]]}", 0, 99);
}

/* Counts draws of a value; 4 standard deviations to both sides. */
static void draws(const struct quantity *q, uint64_t lo, uint64_t hi, unsigned per_mille)
{
	enum { DRAWS = 20000 };
	struct rng rng = {3};
	unsigned n = 0;
	for (unsigned i = 0; i < DRAWS; i++) {
		uint64_t value = quantity_draw(q, &rng);
		n += value >= lo && value <= hi;
	}
	assert_in_range(n, DRAWS / 1000 * per_mille - 280, DRAWS / 1000 * per_mille + 280);
}

static void test_weights_count(void **state)
{
	const struct quantity list =
		quantity_of("[{\"value\": 1, \"weight\": 2}, {\"value\": 2, \"weight\": 5}, "
			    "{\"value\": 3, \"weight\": 3}]");
	const struct quantity histogram = quantity_of("{\"histogram\": [[0, 9, 1], [10, 29, 3]]}");
	(void)state;
	draws(&list, 1, 1, 200);
	draws(&list, 2, 2, 500);
	draws(&list, 3, 3, 300);
	draws(&histogram, 0, 9, 250);
	draws(&histogram, 0, 4, 125);
	draws(&histogram, 10, 19, 375);
}

static void test_text_comes_back(void **state)
{
	static const char *const texts[] = {
		"7",
		"{\"min\": 3, \"max\": 9}",
		"[{\"value\": 8, \"weight\": 9}, {\"value\": 2, \"weight\": 1}]",
		"{\"histogram\": [[10, 99, 70], [0, 0, 30]]}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *wrapped = NULL, *text = NULL;
		size_t size;
		struct levels levels;
		struct json_node document = {0};
		assert_true(asprintf(&wrapped, "{\"by_depth\": [%s, 5]}", texts[i]) > 0);
		assert_int_equal(json_node_open(&document, "q", wrapped, strlen(wrapped), NULL), 0);
		assert_int_equal(levels_read(&document, &form, &levels), 0);
		FILE *out = open_memstream(&text, &size);
		levels_print(out, &form, &levels);
		fclose(out);
		assert_string_equal(text, wrapped);
		json_node_close(&document);
		free(wrapped);
		free(text);
	}
}

static void test_invalid_quantities_are_refused(void **state)
{
	(void)state;
	is_refused("[]", "q: $: must be a list of 1 to 32");
	is_refused("[{\"value\": 1}]", "q: $[0]: has no \"weight\"");
	is_refused("[{\"value\": 1, \"weight\": 0}]", "q: $[0].weight: must be at least 1, is 0");
	is_refused("[{\"value\": 1001, \"weight\": 1}]",
		   "q: $[0].value: must be at most 1000, is 1001");
	is_refused("[{\"value\": 1, \"wieght\": 1}]",
		   "q: $[0].wieght: no such key; did you mean 'weight'?");
	is_refused("{\"min\": 9, \"max\": 3}", "q: $: min 9 is above max 3");
	is_refused("{\"min\": 9}", "q: $: has no \"max\"");
	is_refused("{\"histogram\": 5}", "q: $.histogram: must be a list of 1 to 32");
	is_refused("{\"histogram\": [[1, 2]]}",
		   "q: $.histogram[0]: must be a list of three: least, most, weight");
	is_refused("{\"histogram\": [[1, 2, 3], [5, 4, 1]]}",
		   "q: $.histogram[1]: min 5 is above max 4");
	is_refused("{\"histogram\": [[1, 2, 3]], \"min\": 1}",
		   "q: $.min: no such key; there are histogram");
}

static void test_made_by_a_program(void **state)
{
	const struct json_node at = {.source = "q"};
	struct quantity q = {0};
	(void)state;
	assert_int_equal(quantity_check(&at, &form, &q), -EINVAL);
	q = (struct quantity)QUANTITY_RANGE(1, 1000);
	assert_int_equal(quantity_check(&at, &form, &q), 0);
	q.bins[0].hi = 1001;
	assert_int_equal(quantity_check(&at, &form, &q), -EINVAL);
	q = (struct quantity)QUANTITY_RANGE(2, 1);
	assert_int_equal(quantity_check(&at, &form, &q), -EINVAL);
	q = (struct quantity)QUANTITY_RANGE(1, 2);
	q.total = 9;
	assert_int_equal(quantity_check(&at, &form, &q), -EINVAL);
}

static void test_the_last_level_is_for_all_below(void **state)
{
	const struct levels levels = {.n = 2, .at = {QUANTITY_RANGE(1, 1), QUANTITY_RANGE(2, 2)}};
	(void)state;
	assert_int_equal(quantity_max(levels_at(&levels, 0)), 1);
	assert_int_equal(quantity_max(levels_at(&levels, 1)), 2);
	assert_int_equal(quantity_max(levels_at(&levels, 99)), 2);
}

static void test_a_number_of_draws_has_the_weights_exactly(void **state)
{
	const struct quantity q = quantity_of("{\"histogram\": [[0, 9, 70], [10, 99, 30]]}");
	struct rng rng = {7};
	uint64_t low = 0;
	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		low += quantity_draw_one_of(&q, i, 10, &rng) < 10;
	assert_int_equal(low, 7);
	assert_in_range(quantity_draw_one_of(&q, 0, 1, &rng), 0, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_form),
		cmocka_unit_test(test_weights_count),
		cmocka_unit_test(test_text_comes_back),
		cmocka_unit_test(test_invalid_quantities_are_refused),
		cmocka_unit_test(test_made_by_a_program),
		cmocka_unit_test(test_the_last_level_is_for_all_below),
		cmocka_unit_test(test_a_number_of_draws_has_the_weights_exactly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
