/* From how many entries on more jobs pay, as sentences of results made by hand. */
#include "reports/groups/sizes.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/util.h"
#include "reports/table/summary.h"
#include "tests/test.h"
#include "tests/unit/with_groups.h"
#include "tests/unit/with_result.h"

static const char *const one_shape[] = {"flat"}, *const two_shapes[] = {"flat", "deep"};
static const char *const kinds[] = {"lstat", "fstatat"};
static const uint64_t sizes[] = {100000, 1000, 10000}; /* in the order of the run */

static const struct grid one = {one_shape, 1, sizes, 3, kinds, 2, 2};
static const struct grid two = {two_shapes, 2, sizes, 3, kinds, 2, 2};

/* Of every size the upper end of the interval, in the order of `sizes`; 0: no interval. */
static struct result *make(const struct grid *grid, double at_100k, double at_1k, double at_10k)
{
	const double hi[] = {at_100k, at_1k, at_10k};
	struct result *r = with_groups(grid);
	for (size_t i = 0; i < r->n_trees; i++) {
		if (hi[i % 3] > 0)
			grid_set_more(r, i, hi[i % 3] * 0.9, hi[i % 3] * 0.8, hi[i % 3]);
	}
	return r;
}

/* The texts of the sentences with that code, one a line. */
static void sentences(const struct result *r, char *text, size_t size)
{
	static struct sentence all[SENTENCES_MAX];
	const size_t n = summary_make(r, r->arena, all);
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++) {
		if (strcmp(all[i].code, "pays-from") == 0)
			used += (size_t)snprintf(text + used, size - used, "%s\n", all[i].text);
	}
}

static void assert_says(struct result *r, const char *wanted)
{
	char text[1000];
	sentences(r, text, sizeof(text));
	assert_string_equal(text, wanted);
	result_free(r);
}

/* 2 at 1,000 and 0.5 at 10,000: on logarithmic axes 1 is half way, at 3,162. */
static void the_crossing_lies_between_two_sizes(void **state)
{
	(void)state;
	assert_says(make(&one, 0.4, 2, 0.5),
		    "2 jobs pay from about 3,200 entries on ext4, warm.\n");
	assert_says(make(&one, 0.4, 1.25, 1.02),
		    "2 jobs pay from about 10,000 entries on ext4, warm.\n");
}

static void at_every_size_or_at_none(void **state)
{
	(void)state;
	assert_says(make(&one, 0.4, 0.99, 0.5),
		    "2 jobs pay at every size measured on ext4, warm, from 1,000 entries.\n");
	assert_says(make(&one, 1, 1.3, 1.2),
		    "2 jobs pay at no size measured on ext4, warm, up to 100,000 entries.\n");
}

static void sizes_without_an_interval_are_named(void **state)
{
	(void)state;
	assert_says(make(&one, 0.5, 2, 0), "2 jobs pay from about 10,000 entries on ext4, warm; "
					   "not known at 10,000, with too few rounds.\n");
	assert_says(make(&one, 0, 0, 0), "");
}

/* What pays at one size need not at a larger one. */
static void larger_sizes_that_do_not_pay_are_named(void **state)
{
	(void)state;
	assert_says(make(&one, 1.5, 2, 0.5), "2 jobs pay from about 3,200 entries on ext4, warm, "
					     "but not at 100,000.\n");
	assert_says(make(&one, 1.5, 0.5, 0.5),
		    "2 jobs pay from 1,000 entries on ext4, warm, but not at 100,000.\n");
}

static void each_shape_has_its_sentence(void **state)
{
	(void)state;
	assert_says(make(&two, 0.4, 2, 0.5),
		    "flat: 2 jobs pay from about 3,200 entries on ext4, warm.\n"
		    "deep: 2 jobs pay from about 3,200 entries on ext4, warm.\n");
}

/* A tree that was cut to another one's size adds no size; its shape is still one of two. */
static void the_only_series_of_two_shapes_is_named(void **state)
{
	(void)state;
	struct result *r = make(&two, 0.4, 2, 0.5);
	r->trees[3].entries = 10000;
	assert_says(r, "flat: 2 jobs pay from about 3,200 entries on ext4, warm.\n");
}

/* The best with several jobs may have four at one size and two at another. */
static void different_numbers_of_jobs_are_several(void **state)
{
	(void)state;
	struct result *r = make(&one, 0.4, 2, 0.5);
	struct cell_result *cell = grid_cell(r, &one, 0, 1, 2);
	cell->jobs = 4;
	assert_says(r, "several jobs pay from about 3,200 entries on ext4, warm.\n");
}

/* Two sizes, another filesystem or another cache state for one of them make no series. */
static void different_trees_make_no_series(void **state)
{
	(void)state;
	const struct grid small = {one_shape, 1, sizes, 2, kinds, 2, 2};
	assert_says(make(&small, 0.4, 2, 0.5), "");
	struct result *r = make(&one, 0.4, 2, 0.5);
	r->trees[1].fs = "fs1";
	assert_says(r, "");
	r = make(&one, 0.4, 2, 0.5);
	r->trees[1].shape = "{\"name\": \"shape 0\", \"entries\": 1000, \"seed\": 2}";
	assert_says(r, "");
	r = make(&one, 0.4, 2, 0.5);
	for (uint32_t jobs = 1; jobs <= 2; jobs++) {
		for (size_t k = 0; k < 2; k++)
			grid_cell(r, &one, 2, k, jobs)->cache = CACHE_COLD;
	}
	assert_says(r, "");
}

static void groups_hold_every_cell_once(void **state)
{
	(void)state;
	struct groups g;
	struct result *r = make(&two, 0.4, 2, 0.5);
	assert_true(groups_make(r->arena, r, &g));
	assert_int_equal(g.n, 6);
	assert_int_equal(g.n_kinds, 4);
	assert_string_equal(g.names[1], "flat,1k");
	assert_string_equal(g.kinds[3], "fstatat/j2");
	for (size_t i = 0; i < g.n; i++) {
		for (size_t k = 0; k < g.n_kinds; k++)
			assert_ptr_equal(groups_cell(&g, i, k),
					 grid_cell(r, &two, i, k % 2, k < 2 ? 1 : 2));
		assert_ptr_equal(groups_best(&g, i), grid_cell(r, &two, i, 1, 2));
	}
	size_t order[4];
	groups_rank(&g, order);
	const size_t wanted[] = {3, 1, 2, 0}; /* 1/3, 1/2, 2/3, 1 */
	assert_memory_equal(order, wanted, sizeof(wanted));
	result_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crossing_lies_between_two_sizes),
		cmocka_unit_test(at_every_size_or_at_none),
		cmocka_unit_test(sizes_without_an_interval_are_named),
		cmocka_unit_test(larger_sizes_that_do_not_pay_are_named),
		cmocka_unit_test(each_shape_has_its_sentence),
		cmocka_unit_test(the_only_series_of_two_shapes_is_named),
		cmocka_unit_test(different_numbers_of_jobs_are_several),
		cmocka_unit_test(different_trees_make_no_series),
		cmocka_unit_test(groups_hold_every_cell_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
