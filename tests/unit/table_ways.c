/*
 * The notes in the table below cells that worked in another way than their own.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "reports/table/table.h"
#include "tests/test.h"
#include "tests/unit/with_groups.h"
#include "tests/unit/with_result.h"

static char *render(const struct result *result)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	const struct table_style style = {.width = 200};
	assert_non_null(to);
	assert_int_equal(table_print(to, result, &style), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void assert_says(const struct result *result, const char *words)
{
	char *text = render(result);
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
	free(text);
}

static void assert_lacks(const struct result *result, const char *words)
{
	char *text = render(result);
	if (strstr(text, words))
		fail_msg("\"%s\" in:\n%s", words, text);
	free(text);
}

/* Its figures are not those of its own way. */
static void a_cell_that_worked_in_another_way_says_so(void **state)
{
	(void)state;
	struct result *result = with_result();
	struct extra_fact *fact = &result->cells[CELL_CACHED].extras[0];
	*fact = (struct extra_fact){.name = "by_tables",
				    .unit = "entries",
				    .whole = 900,
				    .reason = "the tree is small",
				    .other_way = "a walk by calls",
				    .passes = 24,
				    .passes_short = 24};
	result->cells[CELL_CACHED].is_rival = false;
	assert_says(result, "    not ranked: it was a walk by calls\n"
			    "    by_tables 0.0 % (0 of 900 entries): the tree is small\n");
	assert_says(result, "\ncached[repeat=2] was a walk by calls: the tree is small.\n");
	fact->part = 899;
	fact->passes_short = 12;
	assert_says(result, "    not ranked: it was mostly a walk by calls\n"
			    "    by_tables 99.9 % (899 of 900 entries), under half in 12 of 24 "
			    "passes: the tree is small\n");
	assert_says(result, "\ncached[repeat=2] was mostly a walk by calls: the tree is small.\n");
	fact->reason = NULL;
	assert_says(result, "\ncached[repeat=2] was mostly a walk by calls.\n");
	result_free(result);
}

/* In fewer than half of its passes: the median is of its own way. Nor in a document without this.
 */
static void a_cell_that_mostly_worked_in_its_own_way_has_a_note(void **state)
{
	(void)state;
	struct result *result = with_result();
	struct extra_fact *fact = &result->cells[CELL_CACHED].extras[0];
	fact->other_way = "a call";
	assert_lacks(result, "was a call");
	fact->passes = 24;
	fact->passes_short = 11;
	assert_says(result, "    hit_rate 50.0 % (20,000 of 40,000 lookups), under half in 11 of "
			    "24 passes\n");
	assert_lacks(result, "a call");
	fact->passes_short = 0;
	assert_says(result, "    hit_rate 50.0 % (20,000 of 40,000 lookups)\n");
	result_free(result);
}

/* One sentence for all of a group that have the same reason. */
static void cells_that_worked_in_another_way_share_a_sentence(void **state)
{
	static const char *const shapes[] = {"flat", "deep"};
	static const uint64_t sizes[] = {1000};
	static const char *const kinds[] = {"lstat", "bulk"};
	static const struct grid grid = {shapes, 2, sizes, 1, kinds, 2, 2};
	struct extra_fact small = {.other_way = "calls",
				   .reason = "small",
				   .passes = 1,
				   .passes_short = 1,
				   .name = "by_tables"};
	struct extra_fact cold = small;
	struct result *result = with_groups(&grid);
	(void)state;
	cold.reason = "cold";
	for (size_t i = 0; i < result->n_cells; i++) {
		struct cell_result *cell = &result->cells[i];
		if (strcmp(cell->label, "bulk"))
			continue;
		cell->extras = strcmp(cell->tree, "tree1") == 0 && cell->jobs == 2 ? &cold : &small;
		cell->n_extras = 1;
		cell->is_rival = false;
	}
	assert_says(result, "flat,1k: bulk, bulk with 2 jobs were each calls: small.");
	assert_says(result, "deep,1k: bulk was calls: small.");
	assert_says(result, "deep,1k: bulk with 2 jobs was calls: cold.");
	result_free(result);
}

/* The sentence must not say that no other was faster, where the table shows one. */
static void no_sentence_contradicts_a_faster_cell_that_worked_in_another_way(void **state)
{
	(void)state;
	struct result *result = with_result();
	struct extra_fact *fact = &result->cells[CELL_CACHED].extras[0];
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].is_rival = false;
	result->fastest[0].cell = result->cells[CELL_LSTAT].id;
	fact->other_way = "a call";
	fact->passes = 24;
	fact->passes_short = 24;
	assert_says(result, "\nNo strategy that is ranked was measurably faster than lstat.\n");
	fact->passes_short = 0;
	assert_says(result, "\nNo strategy that returns at least what lstat returns was measurably "
			    "faster.\n");
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_that_worked_in_another_way_says_so),
		cmocka_unit_test(a_cell_that_mostly_worked_in_its_own_way_has_a_note),
		cmocka_unit_test(cells_that_worked_in_another_way_share_a_sentence),
		cmocka_unit_test(no_sentence_contradicts_a_faster_cell_that_worked_in_another_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
