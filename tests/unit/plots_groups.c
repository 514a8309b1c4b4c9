/* Plots of runs over several trees and cache states: each group is named, and has its own figures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_groups.h"
#include "tests/unit/with_plots.h"
#include "tests/unit/with_result.h"

static const char *const two_shapes[] = {"flat", "deep"};
static const char *const kinds[] = {"lstat", "fstatat", "statx[mask=size]"};
static const uint64_t sizes[] = {1000, 10000, 100000};
static const struct grid six = {two_shapes, 2, sizes, 3, kinds, 3, 2};

/* Ten groups with twenty ways of asking: the most that a picture has to show at once. */
static const char *const five_shapes[] = {"flat", "deep", "maildir", "source-tree",
					  "photo-library"};
static const char *const ten_kinds[] = {"lstat",
					"fstatat",
					"statx[mask=size]",
					"threaded",
					"chdir-lstat",
					"openat-fstat",
					"dir-batch",
					"cached[repeat=2]",
					"access",
					"statx[addressing=dirfd,mask=size,sync=dont]"};
static const struct grid large = {five_shapes, 5, sizes, 2, ten_kinds, 10, 2};

static void svg_contains(const struct scratch *s, const char *name, const char *words)
{
	char *svg = content(s, name);
	assert_contains(svg, words);
	free(svg);
}

/* How often <text> with exactly these words is in the picture. */
static size_t count_texts(const struct scratch *s, const char *name, const char *words)
{
	char text[200], *svg = content(s, name);
	size_t n = 0;
	snprintf(text, sizeof(text), ">%s<", words);
	for (const char *at = svg; (at = strstr(at, text)); at++)
		n++;
	free(svg);
	return n;
}

static struct cell_result *skip_cell(struct result *r, const struct grid *grid, size_t tree,
				     const char *reason)
{
	struct cell_result *cell = grid_cell(r, grid, tree, 2, 2);
	cell->status = STATUS_SKIPPED;
	cell->reason = reason;
	cell->ratio = cell->ns_per_entry = (struct estimate){.reason = "was not measured"};
	return cell;
}

static void a_heat_map_has_the_ratios_of_every_group(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	grid_cell(r, &six, 4, 1, 1)->ratio = with_estimate(1.234, 1.2, 1.3, 22);
	must_draw(s, r);
	for (size_t i = 0; i < r->n_trees; i++)
		assert_int_equal(count_texts(s, "heat-map.svg", r->trees[i].label), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "statx[mask=size]/j2"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "0.50"), 5);     /* one is 1.23 */
	assert_int_equal(count_texts(s, "heat-map.svg", "0.22"), 6 + 1); /* and the legend */
	assert_int_equal(count_texts(s, "heat-map.svg", "1.23"), 1);
	svg_contains(s, "heat-map.svg", "statmark 0.1.0");
	svg_contains(s, "heat-map.svg", "paired by round; less is better");
	char *text = content(s, "plots/heat-map.tsv");
	assert_contains(text, "\n1\t1\t1\t0.2222222222\t1\t0.22\n"); /* the best of its row */
	assert_contains(text, "\n1\t6\t0\t1\t0\t1.00\n");            /* the baseline */
	free(text);
	assert_pictures_whole(s);
	result_free(r);
}

static void fields_without_a_figure_have_their_reasons_below(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	skip_cell(r, &six, 0, "no permission");
	skip_cell(r, &six, 1, "no permission");
	skip_cell(r, &six, 2, "answers differ")->status = STATUS_FAILED;
	must_draw(s, r);
	assert_int_equal(count_texts(s, "heat-map.svg", "\342\200\223 a"), 2);
	assert_int_equal(count_texts(s, "heat-map.svg", "\342\200\223 b"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "(a) skipped: no permission"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "(b) failed: answers differ"), 1);
	assert_pictures_whole(s);
	result_free(r);
}

static void ten_groups_of_twenty_cells_are_readable(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&large);
	must_draw(s, r);
	assert_true(is_drawn(s, "heat-map.svg"));
	for (size_t i = 0; i < r->n_trees; i++)
		assert_int_equal(count_texts(s, "heat-map.svg", r->trees[i].label), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "0.50"), 10);
	assert_pictures_whole(s);
	result_free(r);
}

static void one_group_has_no_heat_map(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_result();
	put(s->out, "heat-map.svg", "old", 0644);
	must_draw(s, r);
	assert_false(is_drawn(s, "heat-map.svg"));
	assert_null(strstr(s->log, "heat-map")); /* nobody misses it */
	result_free(r);
}

static void hostile_groups_are_harmless(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	r->trees[0].label = "`touch MARK`";
	r->trees[1].label = "\"; system(\"touch MARK\"); \"";
	r->trees[2].label = "$(touch MARK)\n\t\033[2J\377]]>";
	r->trees[3].label = "";
	r->trees[4].name = r->trees[5].name = "%s{a}_b^c @x \\n";
	r->trees[4].label = r->trees[5].label = "%s{a}_b^c @x \\n";
	for (size_t i = 0; i < 6; i++)
		skip_cell(r, &six, i, "'; system('touch MARK'); '");
	must_draw(s, r);
	assert_false(is_drawn(s, "MARK") || is_drawn(s, "plots/MARK"));
	assert_pictures_whole(s);
	assert_int_equal(count_texts(s, "heat-map.svg", "`touch MARK`"), 1);
	result_free(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_heat_map_has_the_ratios_of_every_group),
		TEST(fields_without_a_figure_have_their_reasons_below),
		TEST(ten_groups_of_twenty_cells_are_readable),
		TEST(one_group_has_no_heat_map),
		TEST(hostile_groups_are_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
