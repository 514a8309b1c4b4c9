#include "reports/page/page.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/json/json.h"
#include "reports/page/html.h"
#include "tests/test.h"
#include "tests/unit/with_groups.h"
#include "tests/unit/with_page.h"
#include "tests/unit/with_result.h"

/* --- Reading a page back --------------------------------------------------------------------- */

static char *page_of(const struct page_run *runs, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(page_print(to, runs, n), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static char *page_of_one(const struct result *result)
{
	const struct page_run run = {"run.json", result};
	return page_of(&run, 1);
}

/* --- Tests ----------------------------------------------------------------------------------- */

static void nothing_of_a_text_becomes_markup(void **state)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = {
		{"a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"},
		{"\033[31m\r\n\t", "\\x1b[31m\\x0d\\x0a\\x09"},
		{"caf\303\251 \342\202\254", "caf\303\251 \342\202\254"},
		{"\377\303", "\\xff\\xc3"},
		{"\302\205x", "\\xc2\\x85x"},      /* a control character of its own */
		{"\342\200\256gpj", "\\u202egpj"}, /* what follows would run the other way */
		{"a\\b", "a\\b"},
		{"", ""},
		{NULL, "?"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = NULL;
		size_t size;
		FILE *to = open_memstream(&text, &size);
		html_put(to, "<%s>", rows[i].text);
		fclose(to);
		assert_int_equal(text[0], '<');
		assert_int_equal(text[size - 1], '>');
		text[size - 1] = '\0';
		assert_string_equal(text + 1, rows[i].escaped);
		free(text);
	}
}

static void every_cell_is_there(void **state)
{
	static const char *const words[] = {
		"source-tree on ext4",
		"io_uring_setup: Operation not permitted",
		"2 of 20,000 answers differ",
		"a cold pass that read nothing",
		"3 clean passes; 8 are needed",
		"3 entries failed with EACCES",
		"hit_rate 50.0 %",
		"newfstatat",
		"the hypervisor took the CPU",
		"somebody else makes them",
		"Mitigation: IBRS",
		"AMD EPYC 9V74",
		"round 7,",
		"0.698 (99 % interval 0.693 to 0.703, n = 22)",
	};
	struct result *result = with_result();
	char *page = page_of_one(result), id[40];
	(void)state;
	page_is_whole(page);
	for (size_t i = 0; i < CELLS; i++) {
		snprintf(id, sizeof(id), "<details class=\"cell\" id=\"r1-c%zu\">", i);
		page_has(page, id);
	}
	assert_int_equal(page_count(page, "<tr data-status"), CELLS - 1); /* the floor is no row */
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		page_has(page, words[i]);
	free(page);
	result_free(result);
}

/* Of 24 passes two are undisturbed, all but one verified: too few to leave the others out. */
static void disturbed_passes_count_where_few_are_left(void **state)
{
	struct result *result = with_result();
	struct cell_result *cell = &result->cells[CELL_FSTATAT];
	(void)state;
	char *page = page_of_one(result);
	page_has(page, "2 passes did not count:");
	page_has_no(page, "disturbed or wrong");
	free(page);
	for (size_t i = 2; i < cell->n_passes; i++) {
		cell->passes[i].clean = false;
		cell->passes[i].migrations = 77777;
	}
	cell->passes[9].verified = false;
	page = page_of_one(result);
	page_has(page, "22 passes were disturbed or wrong; 21 of them counted, since");
	page_has(page, "<th scope=\"row\">migrations</th><td class=\"n\">77,777</td>");
	free(page);
	result_free(result);
}

static void hostile_documents_stay_text(void **state)
{
	struct result *result = with_result();
	(void)state;
	for (size_t i = 0; i < CELLS; i++) {
		struct cell_result *cell = &result->cells[i];
		cell->label = cell->strategy = cell->pin = cell->digest = PAGE_HOSTILE;
		cell->id = arena_print(result->arena, "%zu" PAGE_HOSTILE, i);
		cell->reason = cell->cpus = cell->command = cell->answers = PAGE_HOSTILE;
		cell->ns_per_entry.reason = cell->latency.reason = cell->ratio.reason =
			PAGE_HOSTILE;
		cell->syscalls_reason = PAGE_HOSTILE;
		for (size_t k = 0; k < cell->latency.n_slowest; k++)
			cell->latency.slowest[k].path = PAGE_HOSTILE;
		for (size_t k = 0; k < cell->n_syscalls; k++)
			cell->syscalls[k].name = PAGE_HOSTILE;
	}
	result->trees[0].name = result->trees[0].root = result->fs[0].type = PAGE_HOSTILE;
	result->fs[0].options = result->fs[0].source = result->host.hostname = PAGE_HOSTILE;
	result->host.cpu = result->run.started = result->tool.version = PAGE_HOSTILE;
	result->run.argv[1] = PAGE_HOSTILE;
	const struct page_run runs[] = {{PAGE_HOSTILE, result}, {"b", result}};
	for (size_t n = 1; n <= 2; n++) {
		char *page = page_of(runs, n);
		page_is_whole(page);
		page_has_no(page, "alert(1)</script>");
		page_blank_documents(page);
		page_has_no(page, "\" onclick");
		page_has_no(page, "<img");
		assert_int_equal(page_count(page, "<script"), n + 1);
		assert_int_equal(page_count(page, "</script"), n + 1);
		page_has(page, "&lt;/script&gt;&lt;script&gt;alert(1)");
		free(page);
	}
	result_free(result);
}

/* As a run that was ended before its first round, or whose trees could not be made. */
static void a_document_without_figures_has_a_page(void **state)
{
	struct result *result = with_result();
	(void)state;
	result->complete = false;
	for (size_t i = 0; i < CELLS; i++) {
		struct cell_result *cell = &result->cells[i];
		cell->status = i % 2 ? STATUS_SKIPPED : STATUS_FAILED;
		cell->ns_per_entry = cell->ratio = cell->scaling = (struct estimate){.n = 0};
		cell->latency.samples = 0;
		cell->n_passes = 0;
	}
	char *page = page_of_one(result);
	page_is_whole(page);
	page_has(page, "no, it was interrupted");
	free(page);
	result->n_cells = result->n_fastest = result->n_more_jobs = result->n_checks = 0;
	page = page_of_one(result);
	page_is_whole(page);
	page_has(page, "No cell was measured.");
	free(page);
	result->n_trees = result->n_fs = 0;
	page = page_of_one(result);
	page_is_whole(page);
	free(page);
	result->n_cells = CELLS; /* what they hold is freed with them */
	result_free(result);
	result = result_new();
	page = page_of_one(result);
	page_is_whole(page);
	free(page);
	result_free(result);
}

static void groups_have_a_matrix_and_sizes(void **state)
{
	static const char *const shapes[] = {"flat", "deep"};
	static const char *const kinds[] = {"lstat", "fstatat"};
	static const uint64_t sizes[] = {1000, 10000, 100000};
	const struct grid grid = {shapes, 2, sizes, 3, kinds, 2, 4};
	struct result *result = with_groups(&grid);
	char *page = page_of_one(result);
	(void)state;
	page_is_whole(page);
	page_has(page, "<table class=\"matrix\">");
	assert_int_equal(page_count(page, "<th scope=\"row\"><bdi>flat,"), 3);
	page_has(page, "In brackets: no interval excludes 1.");
	page_has(page, "<th scope=\"col\"><bdi>fstatat</bdi></th>");
	page_has(page, "<th scope=\"col\"><bdi>fstatat<wbr>/j4</bdi></th>"); /* broken there */
	page_has_no(page, "The harness itself");
	free(page);
	grid_cell(result, &grid, 0, 0, 1)->is_floor = true;
	page = page_of_one(result);
	page_has(page, "The harness itself costs 1,000.00 ns per entry (floor).");
	free(page);
	grid_cell(result, &grid, 3, 1, 1)->is_floor = true;
	page = page_of_one(result);
	page_has(page, "data-tree=\"flat,1k\""); /* which the filter offers */
	page_has_no(page, "data-tree=\"tree");
	page_has(page, "The harness itself costs 500.00 to 1,000.00 ns per entry (floor).");
	page_has(page, "Over the size of the tree");
	free(page);
	result_free(result);
}

/* Of fifteen groups three have no panel, and of thirteen shapes one. */
static void groups_not_drawn_are_named(void **state)
{
	static const char *const shapes[] = {"a", "b", "c", "d", "e", "f", "g",
					     "h", "i", "j", "k", "l", "m"};
	static const char *const kinds[] = {"lstat", "fstatat"};
	static const uint64_t sizes[] = {1000, 10000, 100000};
	const struct grid few_shapes = {shapes, 5, sizes, 3, kinds, 2, 4},
			  many_shapes = {shapes, 13, sizes, 3, kinds, 2, 4};
	struct result *result = with_groups(&few_shapes);
	char *page = page_of_one(result);
	(void)state;
	assert_int_equal(page_count(page, "<li class=\"note\">3 more groups not drawn"), 1);
	free(page);
	result_free(result);
	result = with_groups(&many_shapes);
	page = page_of_one(result);
	assert_int_equal(page_count(page, "<li class=\"note\">27 more groups not drawn"), 1);
	assert_int_equal(page_count(page, "<li class=\"note\">1 more group not drawn"), 1);
	free(page);
	result_free(result);
}

/* How many jobs a cell has that finds its threads says nothing. */
static void a_cell_that_finds_its_threads_has_a_column_of_its_own(void **state)
{
	static const char *const shapes[] = {"flat"};
	static const char *const kinds[] = {"lstat", "fstatat", "adaptive"};
	static const uint64_t sizes[] = {1000};
	const struct grid grid = {shapes, 1, sizes, 1, kinds, 3, 4};
	struct result *result = with_groups(&grid);
	(void)state;
	for (size_t i = 0; i < result->n_cells; i++) {
		struct cell_result *cell = &result->cells[i];
		cell->finds_threads = strcmp(cell->label, "adaptive") == 0;
		cell->is_floor = cell->finds_threads && cell->jobs > 1; /* which is no row */
	}
	char *page = page_of_one(result);
	page_has(page, "<bdi>1 job</bdi></th><th scope=\"col\"><bdi>4 jobs</bdi></th>"
		       "<th scope=\"col\"><bdi>auto</bdi></th></tr>");
	page_has(page, "<bdi>adaptive</bdi></th><td></td><td></td><td class=\"h");
	free(page);
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].is_floor = result->cells[i].jobs > 1;
	page = page_of_one(result);
	page_has_no(page, "class=\"matrix\"");
	free(page);
	result_free(result);
}

static void several_documents_are_compared(void **state)
{
	struct result *a = with_result(), *b = with_result();
	const struct page_run runs[] = {{"a.json", a}, {"b.json", b}};
	(void)state;
	b->host.kernel = "6.99.0";
	b->cells[CELL_FSTATAT].ns_per_entry = with_estimate(600, 590, 610, 22);
	b->cells[CELL_CACHED].id = "new/j1";
	char *page = page_of(runs, 2);
	page_is_whole(page);
	page_has(page, "<small>+5.8 %</small>");
	page_has(page, "not there");
	page_has(page, "6.99.0");
	page_has(page, "id=\"r2-c0\"");
	free(page);
	result_free(a);
	result_free(b);
}

/* Without cells it is not known whether the runs have the same machine. */
static void no_difference_is_claimed_without_measurement(void **state)
{
	struct result *a = with_result(), *b = with_result();
	const struct page_run runs[] = {{"a.json", a}, {"b.json", b}};
	(void)state;
	char *page = page_of(runs, 2);
	page_has(page, "The runs have the same machine");
	free(page);
	b->n_cells = b->n_fastest = b->n_more_jobs = b->n_checks = 0;
	page = page_of(runs, 2);
	page_is_whole(page);
	page_has_no(page, "The runs have the same machine");
	free(page);
	b->n_cells = CELLS;
	result_free(a);
	result_free(b);
}

/* The first tree is the same, the second one lies on another filesystem, or is missing. */
static void a_difference_in_another_group_is_not_hidden(void **state)
{
	static const char *const shapes[] = {"flat", "deep"};
	static const char *const kinds[] = {"lstat", "fstatat"};
	static const uint64_t sizes[] = {1000};
	const struct grid two = {shapes, 2, sizes, 1, kinds, 2, 1},
			  one = {shapes, 1, sizes, 1, kinds, 2, 1};
	struct result *a = with_groups(&two), *b = with_groups(&two), *c = with_groups(&one);
	const struct page_run runs[] = {{"a.json", a}, {"b.json", b}},
			      others[] = {{"a", a}, {"c", c}};
	(void)state;
	char *page = page_of(runs, 2);
	page_has(page, "<p>The runs have the same machine");
	free(page);
	b->trees[1].digest = "of something else";
	page = page_of(runs, 2);
	page_has_no(page, "<p>The runs have the same machine");
	page_has(page, "<p>The runs&#39; first baselines have the same machine");
	free(page);
	page = page_of(others, 2);
	page_has_no(page, "<p>The runs have the same machine");
	free(page);
	result_free(a);
	result_free(b);
	result_free(c);
}

/* With one job there is nothing to be faster than, and the words are said once. */
static void scaling_is_stated_once(void **state)
{
	struct result *result = with_result();
	static const int others[] = {CELL_STATX, CELL_THREADED};
	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(others); i++) {
		struct cell_result *cell = &result->cells[others[i]];
		cell->label = "fstatat";
		cell->jobs = 2 + i;
		cell->scaling = with_estimate(1.88, 1.8, 1.9, 22);
	}
	char *page = page_of_one(result);
	page_has(page,
		 "fstatat, 2 jobs: 1.88 times as fast as with one (99 % interval 1.80 to 1.90");
	page_has_no(page, ") times as fast as with one");
	page_has_no(page, "fstatat, 1 job:");
	page_has(page, "fstatat, 1 job");
	page_has(page, "text-anchor=\"middle\">3</text>"); /* each number of jobs is named */
	page_has(page, "fstatat with 2 jobs</bdi></th><td class=\"n\">1.88</td>");
	page_has(page, "fstatat with 3 jobs</bdi></th><td class=\"n\">1.88</td>");
	free(page);
	result_free(result);
}

/* A line that there is no room for has several cells, and others lie between them. */
static void a_line_that_is_not_drawn_is_counted_once(void **state)
{
	enum { STRATEGIES = 10, JOBS = 4 };
	struct result *result = with_result();
	const struct cell_result like = result->cells[CELL_FSTATAT];
	struct cell_result *old = result->cells;
	(void)state;
	result->cells =
		arena_alloc(result->arena, (CELLS + STRATEGIES * JOBS) * sizeof(*result->cells));
	assert_non_null(result->cells);
	memcpy(result->cells, old, CELLS * sizeof(*old));
	for (size_t i = 0; i < STRATEGIES * JOBS; i++) {
		struct cell_result *cell = &result->cells[result->n_cells++];
		const size_t jobs = 1 + i / STRATEGIES;
		const double ratio = 0.9 + (double)i / 100;
		*cell = like;
		cell->label = arena_print(result->arena, "way%zu", i % STRATEGIES);
		cell->id = arena_print(result->arena, "%s/j%zu", cell->label, jobs);
		cell->jobs = (uint32_t)jobs;
		cell->ratio = with_estimate(ratio, ratio * 0.99, ratio * 1.01, 22);
		cell->scaling = with_estimate((double)jobs, 1, 4, 22);
		cell->passes = NULL;
		cell->n_passes = 0;
		cell->latency = (struct latency_facts){.reason = "not sampled"};
	}
	char *page = page_of_one(result);
	page_has(page, "2 more lines, the slower ones, not drawn");
	free(page);
	result_free(result);
}

/* Only a warm cell that ran can fail to become steady. */
static void only_warm_cells_can_be_unsteady(void **state)
{
	struct result *result = with_result();
	(void)state;
	for (size_t i = 0; i < CELLS; i++) {
		struct cell_result *cell = &result->cells[i];
		cell->is_steady = false;
		if (cell->status == STATUS_OK && i != CELL_LSTAT)
			cell->cache = i % 2 ? CACHE_COLD : CACHE_AS_IS;
	}
	char *page = page_of_one(result);
	assert_int_equal(page_count(page, " (not steady)"), 1);
	free(page);
	result_free(result);
}

/* What page.js makes a document of again. */
static void the_document_is_in_it(void **state)
{
	struct result *result = with_result();
	char *page = page_of_one(result);
	const char *begin = strstr(page, "id=\"r1-json\">"), *end;
	(void)state;
	assert_non_null(begin);
	begin += strlen("id=\"r1-json\">");
	end = strstr(begin, "</script>");
	json_t *json = json_loadb(begin, (size_t)(end - begin), 0, NULL);
	assert_non_null(json);
	json_t *cell = json_array_get(json_object_get(json, "cells"), CELL_LSTAT);
	json_t *passes = json_object_get(cell, "passes");
	json_t *columns = json_object_get(passes, "columns");
	assert_int_equal(json_integer_value(json_object_get(passes, "n")), 24);
	assert_int_equal(json_array_size(json_object_get(columns, "wall_ns")), 24);
	assert_true(json_is_true(json_object_get(columns, "verified")));
	assert_int_equal(json_array_size(json_object_get(columns, "read_bytes")), 24);
	assert_true(json_is_null(json_array_get(json_object_get(columns, "read_bytes"), 5)));
	json_decref(json);
	free(page);
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_a_text_becomes_markup),
		cmocka_unit_test(every_cell_is_there),
		cmocka_unit_test(disturbed_passes_count_where_few_are_left),
		cmocka_unit_test(hostile_documents_stay_text),
		cmocka_unit_test(a_document_without_figures_has_a_page),
		cmocka_unit_test(groups_have_a_matrix_and_sizes),
		cmocka_unit_test(groups_not_drawn_are_named),
		cmocka_unit_test(a_cell_that_finds_its_threads_has_a_column_of_its_own),
		cmocka_unit_test(several_documents_are_compared),
		cmocka_unit_test(no_difference_is_claimed_without_measurement),
		cmocka_unit_test(a_difference_in_another_group_is_not_hidden),
		cmocka_unit_test(scaling_is_stated_once),
		cmocka_unit_test(a_line_that_is_not_drawn_is_counted_once),
		cmocka_unit_test(only_warm_cells_can_be_unsteady),
		cmocka_unit_test(the_document_is_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
