/* Names are bytes of others: in every format they stay what they are, and steer no reader. */
#include "reports/exports/exports.h"
#include "reports/document/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/json/json.h"
#include "engine/measure/figures/estimate.h"
#include "tests/test.h"
#include "tests/unit/with_result.h"

#define HOSTILE "=cmd|' /C calc'!A0 \"a\"; b\\c\nd \x1b[2J <script>"

static char *text_of(const char *format, const struct result *r)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(export_find(format)->write(to, r), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static bool has(const char *text, const char *words)
{
	return strstr(text, words);
}

static size_t count_lines(const char *text, const char *begin)
{
	size_t n = 0;
	for (const char *at = text; *at; at = strchr(at, '\n') + 1)
		n += strncmp(at, begin, strlen(begin)) == 0;
	return n;
}

/* The only cell that is left is called what nobody would call it. */
static struct result *with_hostile(void)
{
	struct result *r = with_result();
	for (size_t i = 0; i < r->n_cells; i++) {
		if (i != CELL_LSTAT)
			r->cells[i].status = STATUS_SKIPPED;
	}
	r->cells[CELL_LSTAT].id = HOSTILE;
	r->cells[CELL_LSTAT].strategy = HOSTILE;
	r->host.cpu = "a\nBenchmarkFake 1 2 ns/op";
	r->tool.version = "1\n[RESULT] fake; \x1b[2J\302\233";
	return r;
}

static void markdown_holds_no_markup_of_others(void **state)
{
	(void)state;
	struct result *r = with_result();
	r->cells[CELL_STATX].id = "<script>x</script>|`a`\x1b[31m\xff";
	r->trees[0].name = "<b>|";
	char *text = text_of("markdown", r);
	assert_true(
		has(text, "| &#60;script&#62;x&#60;/script&#62;&#124;&#96;a&#96;&#92;x1b&#91;31m"));
	assert_true(has(text, "| &#60;b&#62;&#124; |"));
	assert_false(has(text, "<"));
	assert_false(has(text, "\x1b"));
	assert_true(has(text, "| 567.3 | 0.698 | 0.693 to 0.703 |"));
	assert_true(has(text, "| skipped | io_uring_setup"));
	assert_true(has(text, "is 1.43x (99 % interval 1.41 to 1.45) as fast as"));
	free(text);
	result_free(r);
}

static void json_is_the_document(void **state)
{
	(void)state;
	struct result *r = with_hostile(), *read = NULL;
	struct err err = {0};
	char *text = text_of("json", r);
	assert_false(has(text, "\x1b"));
	assert_int_equal(document_parse("x", text, strlen(text), &read, &err), 0);
	assert_string_equal(read->cells[CELL_LSTAT].id, HOSTILE);
	free(text);
	result_free(read);
	result_free(r);
}

static void csv_holds_no_formula(void **state)
{
	(void)state;
	struct result *r = with_hostile();
	char *text = text_of("csv", r);
	assert_true(has(text, ",\"'=cmd|' /C calc'!A0 \"\"a\"\"; b"));
	assert_false(has(text, ",\"=cmd"));
	assert_false(has(text, "\x1b"));
	free(text);
	r->cells[CELL_LSTAT].id = "  \357\274\235HYPERLINK(1)";
	text = text_of("csv", r);
	assert_true(has(text, ",\"'  \357\274\235HYPERLINK(1)\","));
	free(text);
	r->cells[CELL_LSTAT].id = "lstat/j1 = 2";
	text = text_of("csv", r);
	assert_true(has(text, ",\"lstat/j1 = 2\","));
	size_t passes = 0;
	for (size_t i = 0; i < r->n_cells; i++)
		passes += r->cells[i].n_passes;
	assert_true(passes > 0);
	assert_int_equal(count_lines(text, ""), 1 + passes);
	free(text);
	result_free(r);
}

static void a_name_ends_no_line_and_no_field(void **state)
{
	(void)state;
	struct result *r = with_hostile();
	char *text = text_of("go-benchmark", r);
	assert_true(has(text, "\nBenchmark=cmd|'_/C_calc'!A0_\"a\";_b"));
	assert_int_equal(count_lines(text, "BenchmarkFake"), 0);
	const char *blank = strpbrk(strstr(text, "\nBenchmark") + 1, " \t");
	assert_int_equal(*blank, '\t');
	free(text);
	text = text_of("fio", r);
	assert_int_equal(count_lines(text, ""), 1);
	size_t fields = 1;
	for (const char *at = text; *at; at++)
		fields += *at == ';';
	assert_int_equal(fields, 121);
	assert_false(has(text, "\x1b"));
	free(text);
	text = text_of("io500", r);
	assert_int_equal(count_lines(text, "[RESULT]"), 1);
	assert_false(has(text, "\x1b"));
	free(text);
	text = text_of("openmetrics", r);
	assert_false(has(text, "\x1b"));
	assert_false(has(text, "\302\233"));
	assert_true(has(text, "cell=\"=cmd|' /C calc'!A0 \\\"a\\\"; b"));
	assert_true(has(text, "\n# EOF\n"));
	assert_int_equal(count_lines(text, "d "), 0);
	free(text);
	result_free(r);
}

/* What json_parse gives back is the name. */
static void json_gives_the_name_back(void **state)
{
	static const char *const formats[] = {"google-benchmark", "hyperfine",
					      "github-action-smaller", "github-action-bigger",
					      "bencher"};
	(void)state;
	struct result *r = with_hostile();
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct err err = {0};
		json_t *json;
		char *text = text_of(formats[i], r);
		assert_int_equal(json_parse(formats[i], text, strlen(text), &json, &err), 0);
		assert_true(has(text, "=cmd|' /C calc'!A0 \\\"a\\\"; b"));
		json_decref(json);
		free(text);
	}
	result_free(r);
}

static void without_figures_there_is_nothing(void **state)
{
	(void)state;
	struct result *r = with_result();
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].status = STATUS_FAILED;
	for (const struct export_format *f = export_formats; f->name; f++) {
		char *text = text_of(f->name, r);
		const bool has_all = strcmp(f->name, "csv") == 0 ||
				     strcmp(f->name, "markdown") == 0 ||
				     strcmp(f->name, "json") == 0;
		assert_false(!has_all && has(text, "lstat"));
		free(text);
	}
	const size_t n = r->n_cells;
	r->n_cells = 0;
	for (const struct export_format *f = export_formats; f->name; f++)
		free(text_of(f->name, r));
	r->n_cells = n; /* to be freed */
	result_free(r);
}

/* Skipped, failed and invalid cells, and floors, are in no list. */
static void only_cells_with_figures_are_listed(void **state)
{
	(void)state;
	struct result *r = with_result();
	size_t n = 0;
	const struct cell_result *cell;
	for (size_t i = 0; (cell = export_next(r, &i)); n++) {
		assert_false(cell->is_floor);
		assert_int_equal(cell->status, STATUS_OK);
	}
	assert_true(n >= 3);
	char *text = text_of("bencher", r);
	struct err err = {0};
	json_t *json;
	assert_int_equal(json_parse("bencher", text, strlen(text), &json, &err), 0);
	assert_int_equal(json_object_size(json), n);
	json_decref(json);
	free(text);
	result_free(r);
}

/* Not one job, which is only what it begins with. */
static void a_found_number_of_threads_is_no_single_job(void **state)
{
	static struct decision_fact decisions[3];
	(void)state;
	struct result *r = with_hostile();
	struct cell_result *cell = &r->cells[CELL_LSTAT];
	cell->id = "x";
	char *text = text_of("io500", r);
	assert_true(has(text, " entries, 1 job, median"));
	free(text);
	cell->finds_threads = true;
	decisions[0].threads = 1;
	decisions[1].threads = 7;
	decisions[2].threads = 3;
	cell->decisions = decisions;
	cell->n_decisions = ARRAY_LEN(decisions);
	text = text_of("io500", r);
	assert_true(has(text, " entries, auto jobs, median"));
	free(text);
	text = text_of("openmetrics", r);
	assert_true(has(text, ",jobs=\"auto\","));
	free(text);
	text = text_of("go-benchmark", r);
	assert_true(has(text, "\nBenchmarkX-7\t"));
	free(text);
	text = text_of("google-benchmark", r);
	assert_true(has(text, "\"threads\": 7"));
	free(text);
	text = text_of("csv", r);
	assert_true(has(text, ",\"\",7,1,0,20000,"));
	free(text);
	result_free(r);
}

/* The parser of node_exporter rejects a file that has a type which its format does not know. */
static void the_older_format_of_prometheus_knows_all_types(void **state)
{
	(void)state;
	struct result *r = with_result();
	char *text = text_of("openmetrics", r);
	assert_int_equal(count_lines(text, "# TYPE "), 4);
	for (const char *at = text; (at = strstr(at, "# TYPE ")); at++) {
		const char *name = at + strlen("# TYPE ");
		assert_memory_equal(strchr(name, ' '), " gauge\n", strlen(" gauge\n"));
	}
	assert_true(has(text, "# HELP statmark_run_info What"));
	assert_int_equal(count_lines(text, "statmark_run_info{"), 1);
	free(text);
	result_free(r);
}

static double number_in(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

/* With three undisturbed passes of 24 all count in the figures, and in what is exported. */
static void passes_that_count_in_figures_are_exported(void **state)
{
	(void)state;
	struct result *r = with_result();
	struct cell_result *cell = &r->cells[CELL_LSTAT];
	struct err err = {0};
	json_t *json, *row = NULL;
	for (size_t i = 3; i < cell->n_passes; i++)
		cell->passes[i].clean = false;
	cell->passes[23].verified = false;
	assert_int_equal(estimate_cells(r), 0);
	assert_int_equal(cell->n_clean, 3);
	size_t n = 0;
	for (size_t i = 0; export_pass(cell, &i);)
		n++;
	assert_int_equal(n, cell->ns_per_entry.n);
	assert_int_equal(n, 23);
	char *text = text_of("google-benchmark", r);
	assert_int_equal(json_parse("google", text, strlen(text), &json, &err), 0);
	json_t *rows = json_object_get(json, "benchmarks");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *name =
			json_string_value(json_object_get(json_array_get(rows, i), "name"));
		if (strcmp(name, "lstat/j1_median") == 0)
			row = json_array_get(rows, i);
	}
	assert_non_null(row);
	/* Each pass of it uses as much CPU time as the first one takes. */
	const double cpu = number_in(row, "cpu_time"), least = number_in(row, "real_time") / 1.01;
	if (cpu < least * 0.99 || cpu > least * 1.02)
		fail_msg("CPU time %.3f, time of a pass %.3f", cpu, least);
	json_decref(json);
	free(text);
	result_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_holds_no_markup_of_others),
		cmocka_unit_test(json_is_the_document),
		cmocka_unit_test(csv_holds_no_formula),
		cmocka_unit_test(a_name_ends_no_line_and_no_field),
		cmocka_unit_test(json_gives_the_name_back),
		cmocka_unit_test(without_figures_there_is_nothing),
		cmocka_unit_test(only_cells_with_figures_are_listed),
		cmocka_unit_test(passes_that_count_in_figures_are_exported),
		cmocka_unit_test(a_found_number_of_threads_is_no_single_job),
		cmocka_unit_test(the_older_format_of_prometheus_knows_all_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
