/* Plots of judgements and of the history: of one thing and of thirty, of one sample, of long names
 * and of hostile ones. */
#include <stdlib.h>

#include "engine/base/util.h"
#include "reports/history/trend.h"
#include "reports/verdict/judgement.h"
#include "tests/test.h"
#include "tests/unit/with_plots.h"
#include "tests/unit/with_result.h"

/* --- A judgement ----------------------------------------------------------------------------- */

static void add_judged(struct judgement *j, const struct sort *sort, size_t i)
{
	const double ratio = 0.9 + 0.01 * (double)i;
	const struct verdict_input input = {
		.ratio = with_estimate(ratio, ratio - 0.02, ratio + 0.02, sort->samples),
		.tolerance = 0.01,
		.limit = 0.05,
	};
	const struct judged row = {.cell = sort->names[i],
				   .metric = "time",
				   .unit = "ns/entry",
				   .has_base = true,
				   .base = 800};
	assert_int_equal(judgement_add(j, &row, &input), 0);
}

static int draw_judgement(const struct sort *sort, const struct outdir *out, struct err *err)
{
	static const char *const facts[][2] = {
		{"tree.seed", "7"},    {"cache", "warm"},         {"tree.entries", "1000"},
		{"tree.name", NULL},   {"tool.version", "0.1.0"}, {"kernel.release", "6.18.0"},
		{"host.cpu", "a-cpu"},
	};
	const struct drawing_terms terms = {.log = NULL};
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	assert_non_null(j);
	j->base = j->head = sort->names[0];
	j->unit = "documents";
	j->unit_one = "document";
	j->n_base = j->n_head = sort->samples;
	j->family_error = 0.01;
	for (size_t i = 0; i < sort->n; i++)
		add_judged(j, sort, i);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		const char *value = facts[i][1] ? facts[i][1] : sort->names[0];
		assert_int_equal(judgement_fact(j, facts[i][0], value, value), 0);
	}
	assert_int_equal(judgement_finish(j), 0);
	int error = judgement_plot(j, out, &terms, err);
	judgement_free(j);
	return error;
}

static void judgement_is_whole(const struct scratch *s)
{
	assert_picture_whole(s, "judgement.svg");
	assert_svg_contains(s, "judgement.svg", "1,000 entries, seed 7, cache warm, ");
	assert_svg_contains(s, "judgement.svg", "statmark 0.1.0, Linux 6.18.0, a-cpu");
}

static void a_judgement_is_drawn(void **state)
{
	struct scratch *s = *state;
	draw_all_sorts(s, draw_judgement, judgement_is_whole);
	assert_svg_contains(s, "judgement.svg", "`touch MARK`");
	must_draw_by(s, draw_judgement, &sort_of_thirty);
	assert_int_equal(count_in_svg(s, "judgement.svg", "<g class=\"value\">"), sort_of_thirty.n);
	assert_svg_contains(
		s, "judgement.svg",
		"<title>way07/j2: +5.0 % (+3.0 % to +7.0 %; n = 22), REGRESSED</title>");
	assert_svg_contains(s, "judgement.svg", "(22 documents)");
}

/* --- The history ----------------------------------------------------------------------------- */

enum { POINTS_MAX = 40, STEP = 20 };

struct stored {
	struct store_series series;
	struct store_point points[POINTS_MAX];
	double levels[POINTS_MAX];
};

static void store(struct stored *to, const char *name, size_t i)
{
	const double level = i < STEP ? 0.5 : 0.6;
	to->levels[i] = level;
	to->points[i] = (struct store_point){
		.ratio = level + 0.001 * (double)(i % 3),
		.lo = level - 0.01,
		.hi = level + 0.01,
		.run = "r",
		.started = "2026-01-02T12:00:00Z",
		.commit = name,
		.kernel = "6.18.0",
		.seed = "41",
	};
}

static void fill_trend(struct trend *t, struct stored *to, const char *name, size_t points)
{
	to->series = (struct store_series){.cell = name,
					   .tree = "flat",
					   .fs = "tmpfs (rw)",
					   .cache = "slab-cold",
					   .hostname = name,
					   .fingerprint = "aa",
					   .digest = "bb",
					   .place = "readdir order",
					   .pin = "compact",
					   .baseline = "lstat/j1"};
	for (size_t i = 0; i < points; i++)
		store(to, name, i);
	*t = (struct trend){.series = &to->series,
			    .points = to->points,
			    .n = points,
			    .levels = to->levels,
			    .noise = 0.01};
	if (points <= STEP)
		return;
	t->n_changes = 1;
	t->changes[0] =
		(struct change){.at = STEP, .before = -693147, .after = -510826, .p_ppm = 500};
}

static int draw_history(const struct sort *sort, const struct outdir *out, struct err *err)
{
	static const struct store_origin origins[] = {
		{"r", "41", "0.1.0"},  {"r2", "42", "0.1.0"}, {"r3", "43", "0.2.0"},
		{"r4", "44", "0.2.0"}, {"r5", "44", NULL},
	};
	const struct drawing_terms terms = {.log = NULL};
	struct stored *stored = calloc(sort->n, sizeof(*stored));
	struct trend *all = calloc(sort->n, sizeof(*all));
	struct trends trends = {.arena = arena_new(),
				.runs = 5,
				.all = all,
				.n = sort->n,
				.origins = origins,
				.n_origins = ARRAY_LEN(origins)};
	assert_true(stored && all && trends.arena);
	for (size_t i = 0; i < sort->n; i++)
		fill_trend(&all[i], &stored[i], sort->names[i],
			   sort->samples == 1 ? 1 : POINTS_MAX);
	int error = trend_plot(&trends, sort->names[0], out, &terms, err);
	trends_release(&trends);
	free(stored);
	free(all);
	return error;
}

static void history_is_whole(const struct scratch *s)
{
	assert_picture_whole(s, "history.svg");
	assert_svg_contains(s, "history.svg",
			    "statmark 0.1.0, 0.2.0; seeds of the runs: 41, 42, 43 and 1 more<");
	assert_svg_contains(s, "history.svg", "; slab-cold cache, n = ");
}

static void a_history_is_drawn(void **state)
{
	struct scratch *s = *state;
	draw_all_sorts(s, draw_history, history_is_whole);
	assert_svg_contains(s, "history.svg", "`touch MARK`");
	must_draw_by(s, draw_history, &sort_of_one);
	assert_svg_contains(
		s, "history.svg",
		"<text>statx/j1 on flat, tmpfs (rw), statx/j1; slab-cold cache, n = 40</text>");
	assert_svg_contains(s, "history.svg", "<text>+20.0 %</text>");
	assert_svg_contains(s, "history.svg",
			    "<title>2026-01-02, commit statx/j1: 0.602 of the baseline's time "
			    "(0.590 to 0.610), seed 41</title>");
	assert_int_equal(count_in_svg(s, "history.svg", "<g class=\"value\">"), POINTS_MAX);
	must_draw_by(s, draw_history, &sort_of_thirty);
	assert_svg_contains(s, "history.svg", "18 more series are not drawn");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_judgement_is_drawn),
		TEST(a_history_is_drawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
