/* Pages of a judgement and of the history. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/json/json.h"
#include "reports/history/trend.h"
#include "reports/page/page.h"
#include "reports/verdict/judgement.h"
#include "tests/test.h"
#include "tests/unit/with_page.h"

static void add_row(struct judgement *j, const char *cell, double lo, double hi)
{
	const struct verdict_input input = {.ratio = {.known = true,
						      .lo = lo,
						      .median = (lo + hi) / 2,
						      .hi = hi,
						      .confidence = 0.999,
						      .n = 12},
					    .tolerance = 0.01,
					    .limit = 0.05};
	const struct judged row = {
		.cell = cell, .metric = "time", .unit = "ns/entry", .has_base = true, .base = 800};
	assert_int_equal(judgement_add(j, &row, &input), 0);
}

/* One slower, one the same, one without an interval, calls; and the page of all. */
static char *page_of_judgement(const char *name)
{
	struct judgement *j = judgement_new(JUDGEMENT_GATE);
	const struct verdict_input none = {.no_verdict = name, .tolerance = 0.01, .limit = 0.05};
	const struct judged row = {.cell = name,
				   .metric = "time",
				   .unit = name,
				   .has_cache = true,
				   .cache = CACHE_COLD};
	const struct judged calls = {.cell = name, .metric = "calls", .unit = "calls/pass"};
	char *text = NULL;
	size_t size;
	assert_non_null(j);
	j->base = j->head = name;
	j->unit = "worker pairs";
	j->unit_one = "worker pair";
	j->n_base = j->n_head = 12;
	j->family_error = 0.01;
	add_row(j, "lstat/j1", 1.06, 1.1);
	add_row(j, "statx/j1", 0.995, 1.005);
	assert_int_equal(judgement_add(j, &row, &none), 0);
	assert_int_equal(judgement_add_counts(j, &calls, 20000, 20000), 0);
	assert_int_equal(judgement_fact(j, name, "same", name), 0);
	assert_int_equal(judgement_fact(j, "kernel", NULL, NULL), 0);
	assert_int_equal(judgement_note(j, "%s.", name), 0);
	assert_int_equal(judgement_finish(j), 0);
	FILE *to = open_memstream(&text, &size);
	assert_int_equal(page_print_judgement(to, j), 0);
	assert_int_equal(fclose(to), 0);
	judgement_free(j);
	return text;
}

static void a_judgement_has_a_page(void **state)
{
	static const char *const words[] = {
		"data-code=\"REGRESSED\">FAIL: of 4 comparisons",
		"<bdi>lstat/j1</bdi>, time: REGRESSED",
		">+8.0 %</td>",
		"+6.0 to +10.0 %",
		"data-v=\"0.01\">1 %</td>",
		"data-v=\"0.05\">5 %</td>",
		"lstat/j1: +8.0 % (+6.0 to +10.0 %), n = 12; REGRESSED</title>",
		"Base and head differ in: odd.",
		"<li>odd.</li>",
		"<tr class=\"differs\"><th scope=\"row\"><bdi>odd</bdi></th>",
		"data-kind=\"judgement\"",
		"<td>cold</td>", /* a state of its own */
		"20,000",
	};
	(void)state;
	char *page = page_of_judgement("odd");
	page_is_whole(page);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		page_has(page, words[i]);
	page_has_no(page, "<bdi>kernel</bdi>"); /* neither side knows it */
	assert_int_equal(page_count(page, "<tr data-verdict"), 4);
	assert_int_equal(page_count(page, "class=\"limit\""), 2); /* of those with an interval */
	free(page);
}

/* Of series: one with a change, one with a point, one with none. */
static char *page_of_history(const char *name)
{
	enum { POINTS = 10, STEP = 5 };
	const struct store_series series = {.cell = name,
					    .tree = name,
					    .fs = name,
					    .cache = "warm",
					    .hostname = name,
					    .fingerprint = name,
					    .digest = name,
					    .place = name,
					    .pin = name,
					    .baseline = name};
	struct store_point points[POINTS];
	double levels[POINTS];
	for (size_t i = 0; i < POINTS; i++) {
		levels[i] = i < STEP ? 0.5 : 0.6;
		points[i] = (struct store_point){.ratio = levels[i] + 0.001,
						 .lo = levels[i] - 0.01,
						 .hi = levels[i] + 0.01,
						 .run = name,
						 .started = "2026-01-02T12:00:00Z",
						 .commit = i ? name : NULL,
						 .kernel = name};
	}
	struct trend all[] = {
		{.series = &series, .points = points, .n = 1, .levels = levels, .noise = 0.01},
		{.series = &series, .points = points, .n = POINTS, .levels = levels, .noise = 0.01},
		{.series = &series},
	};
	all[1].n_changes = 1;
	all[1].changes[0] =
		(struct change){.at = STEP, .before = -693147, .after = -510826, .p_ppm = 500};
	struct trends trends = {
		.arena = arena_new(), .runs = POINTS, .all = all, .n = 3, .n_short = 2};
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_int_equal(page_print_trends(to, &trends, name), 0);
	assert_int_equal(fclose(to), 0);
	arena_free(trends.arena);
	return text;
}

static void the_history_has_a_page(void **state)
{
	static const char *const words[] = {
		"History of 3 series",
		">3 series, 1 change, 1 to slower; 2 not checked, with fewer than 8 points.</p>",
		"+20.0 % since 2026-01-02: within commit odd (0.500 to 0.600, p = 0.0005).</p>",
		"2 of 3 series have fewer than 8 points",
		"class=\"n slower\"",
		"<title>2026-01-02, commit odd: 0.601 of the baseline&#39;s time (0.590 to 0.610)",
		"no points",
		"odd (odd) on odd, warm cache",
	};
	(void)state;
	char *page = page_of_history("odd");
	page_is_whole(page);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		page_has(page, words[i]);
	assert_int_equal(page_count(page, "<tr data-tree"), 3);
	assert_int_equal(page_count(page, "<figure"), 2);
	assert_int_equal(page_count(page, "<circle class=\"point s0\""), 11);
	assert_int_equal(page_count(page, "<circle class=\"ring slower\""), 1);
	free(page);
}

static void hostile_names_of_both_stay_text(void **state)
{
	char *(*const pages[])(const char *) = {page_of_judgement, page_of_history};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		char *page = pages[i](PAGE_HOSTILE);
		page_is_whole(page);
		page_has_no(page, "alert(1)</script>");
		const char *begin = strstr(page, "-json\">") + strlen("-json\">");
		json_t *json =
			json_loadb(begin, (size_t)(strstr(begin, "</script>") - begin), 0, NULL);
		assert_non_null(json);
		json_decref(json);
		page_blank_documents(page);
		page_has_no(page, "\" onclick");
		page_has_no(page, "<img");
		assert_int_equal(page_count(page, "<script"), 2);
		page_has(page, "&lt;/script&gt;&lt;script&gt;alert(1)");
		free(page);
	}
}

static void nothing_judged_and_nothing_stored_have_pages(void **state)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	struct trends trends = {.arena = arena_new()};
	char *text[2] = {0};
	size_t size;
	(void)state;
	j->base = "a.json";
	j->head = "b.json";
	j->unit = "documents";
	j->unit_one = "document";
	assert_int_equal(judgement_finish(j), 0);
	FILE *to = open_memstream(&text[0], &size);
	assert_int_equal(page_print_judgement(to, j), 0);
	fclose(to);
	to = open_memstream(&text[1], &size);
	assert_int_equal(page_print_trends(to, &trends, "h.db"), 0);
	fclose(to);
	page_is_whole(text[0]);
	page_is_whole(text[1]);
	page_has(text[0], "Nothing was compared.");
	page_has(text[1], "Nothing is stored yet.");
	free(text[0]);
	free(text[1]);
	judgement_free(j);
	arena_free(trends.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_judgement_has_a_page),
		cmocka_unit_test(the_history_has_a_page),
		cmocka_unit_test(hostile_names_of_both_stay_text),
		cmocka_unit_test(nothing_judged_and_nothing_stored_have_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
