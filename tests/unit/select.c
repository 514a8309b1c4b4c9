/*
 * From words to cells. The strategies here are made up, so that nothing changes when the program
 * gains one.
 */
#include "engine/measure/choose/select.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static const char *const words[] = {"small", "middle", "large", NULL};
static const char *const yes_no[] = {"no", "yes", NULL};

static const struct strategy plain = {.name = "plain"};
static const struct strategy nothing = {
	.name = "nothing", .flags = STRATEGY_FLOOR, .params = {{"store", "", 1, 0, 1, yes_no}}};
static const struct strategy rich = {
	.name = "rich",
	.params = {{"size", "", 1, 0, 2, words}, {"chunk", "", 16, 1, 100, NULL}},
};
static const struct strategy richer = {.name = "richer", .params = {{"size", "", 0, 0, 2, words}}};
static const struct strategy all_cores = {.name = "parallel", .flags = STRATEGY_ALL_CORES};
static const struct strategy one_job = {.name = "alone", .flags = STRATEGY_SEQUENTIAL};
static const struct strategy chooser = {.name = "chooser",
					.flags = STRATEGY_SEQUENTIAL | STRATEGY_MAKES_THREADS |
						 STRATEGY_ON_REQUEST};
static const struct strategy walker = {.name = "walker", .stage = STAGE_WALK};

static const struct strategy *const all[] = {&plain,   &nothing, &rich,   &richer, &all_cores,
					     &one_job, &chooser, &walker, NULL};

struct fixture {
	struct arena *arena;
	struct selection selection;
	struct err err;
	char ids[1024]; /* of all cells, with a space behind each */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (f)
		f->arena = arena_new();
	return f && f->arena ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	arena_free(f->arena);
	free(f);
	return 0;
}

static int choose(struct fixture *f, struct select_request request)
{
	request.strategies = all;
	request.cpus = 4;
	f->err = (struct err){0};
	f->ids[0] = '\0';
	int error = select_cells(&request, f->arena, &f->selection, &f->err);
	for (size_t i = 0; !error && i < f->selection.n; i++) {
		size_t used = strlen(f->ids);
		snprintf(f->ids + used, sizeof(f->ids) - used, "%s%s", used ? " " : "",
			 f->selection.cells[i].id);
	}
	return error;
}

/* What comes behind the floor and the baseline. */
static void chosen(struct fixture *f, struct select_request request, const char *ids)
{
	static const char always[] = "nothing/j1 plain/j1";
	if (choose(f, request))
		fail_msg("%s: %s", request.names, f->err.text);
	if (strncmp(f->ids, always, sizeof(always) - 1) != 0)
		fail_msg("'%s' does not begin with '%s'", f->ids, always);
	assert_string_equal(f->ids + sizeof(always) - 1, ids);
}

static void refused(struct fixture *f, struct select_request request, int error, const char *words_)
{
	assert_int_equal(choose(f, request), error);
	assert_string_equal(f->err.text, words_);
}

static void without_words_every_strategy_of_the_stage(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){0}, " rich/j1 richer/j1 parallel/j4 alone/j1");
	assert_int_equal(f->selection.max_jobs, 4);
	assert_int_equal(f->selection.n, 6);
}

static void floor_and_baseline_are_always_there(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "rich"}, " rich/j1");
	for (size_t i = 0; i < f->selection.n; i++) {
		const struct cell_spec *cell = &f->selection.cells[i];
		assert_int_equal(cell->is_floor, cell->strategy == &nothing);
		assert_int_equal(cell->is_baseline, cell->strategy == &plain);
	}
	assert_int_equal(f->selection.cells[0].params[0], 1);
}

static void requested_cells_are_marked(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "rich,plain"}, " rich/j1");
	for (size_t i = 0; i < f->selection.n; i++)
		assert_int_equal(f->selection.cells[i].is_asked,
				 f->selection.cells[i].strategy != &nothing);
}

static void globs_choose_several(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "rich*"}, " rich/j1 richer/j1");
	chosen(f, (struct select_request){.names = "?ich"}, " rich/j1");
	chosen(f, (struct select_request){.names = "[qr]ich"}, " rich/j1");
	chosen(f, (struct select_request){.names = "alone,rich"}, " alone/j1 rich/j1");
}

static void other_stages_are_not_chosen(void **state)
{
	struct fixture *f = *state;
	refused(f, (struct select_request){.names = "walker"}, -EINVAL,
		"'walker' is of stage walk, this run is of stage fetch; see --stage");
	refused(f, (struct select_request){.names = "rich,w*"}, -EINVAL,
		"'w*' is of stage walk, this run is of stage fetch; see --stage");
	refused(f, (struct select_request){.names = "x"}, -EINVAL,
		"--strategy: expected a strategy, got 'x'; statmark list strategies shows them");
}

/* Of each stage its own; a stage without one has none. */
static void the_floor_is_that_of_the_stage(void **state)
{
	static const struct strategy deep = {
		.name = "deep", .stage = STAGE_WALK, .flags = STRATEGY_FLOOR};
	const struct strategy *const two[] = {&plain, &nothing, &walker, &deep, NULL};
	const struct strategy *const one[] = {&plain, &nothing, &walker, NULL};
	struct select_request request = {.strategies = two, .stage = STAGE_WALK, .cpus = 1};
	struct fixture *f = *state;
	assert_int_equal(select_cells(&request, f->arena, &f->selection, NULL), 0);
	assert_int_equal(f->selection.n, 2);
	assert_string_equal(f->selection.cells[0].id, "deep/j1");
	assert_true(f->selection.cells[0].is_floor);
	request.strategies = one;
	assert_int_equal(select_cells(&request, f->arena, &f->selection, NULL), 0);
	assert_int_equal(f->selection.n, 1);
	assert_string_equal(f->selection.cells[0].id, "walker/j1");
}

static void brackets_set_parameters(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "rich[size=large]"}, " rich[size=large]/j1");
	assert_int_equal(f->selection.cells[2].params[0], 2);
	assert_int_equal(f->selection.cells[2].params[1], 16);
	assert_string_equal(f->selection.cells[2].label, "rich[size=large]");
	chosen(f, (struct select_request){.names = "rich[size=small,chunk=3],alone"},
	       " rich[size=small,chunk=3]/j1 alone/j1");
	chosen(f, (struct select_request){.names = "rich*[size=large]"},
	       " rich[size=large]/j1 richer[size=large]/j1");
}

static void an_initial_value_is_not_named(void **state)
{
	chosen(*state, (struct select_request){.names = "rich[size=middle,chunk=16]"}, " rich/j1");
}

static void params_are_axes(void **state)
{
	const char *const sizes[] = {"size=small,large", NULL};
	const char *const both[] = {"size=small,large", "chunk=1,100", NULL};
	const char *const twice[] = {"size=small", "size=large", NULL};
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "rich", .params = sizes},
	       " rich[size=small]/j1 rich[size=large]/j1");
	chosen(f, (struct select_request){.names = "rich", .params = both},
	       " rich[size=small,chunk=1]/j1 rich[size=large,chunk=1]/j1"
	       " rich[size=small,chunk=100]/j1 rich[size=large,chunk=100]/j1");
	chosen(f, (struct select_request){.names = "rich", .params = twice},
	       " rich[size=small]/j1 rich[size=large]/j1");
}

static void params_apply_only_to_strategies_that_have_them(void **state)
{
	const char *const chunks[] = {"chunk=1,2", NULL};
	chosen(*state, (struct select_request){.names = "rich,richer,alone", .params = chunks},
	       " rich[chunk=1]/j1 rich[chunk=2]/j1 richer/j1 alone/j1");
}

static void brackets_and_params_that_agree_are_one(void **state)
{
	const char *const sizes[] = {"size=middle", NULL};
	chosen(*state, (struct select_request){.names = "rich[size=middle]", .params = sizes},
	       " rich/j1");
}

static void params_do_not_change_the_baseline(void **state)
{
	const char *const sizes[] = {"size=large", NULL};
	struct fixture *f = *state;
	const struct select_request request = {
		.names = "rich", .params = sizes, .jobs = "2", .baseline = "rich"};
	assert_int_equal(choose(f, request), 0);
	assert_string_equal(f->ids, "nothing/j1 rich/j1 rich[size=large]/j2");
}

static void jobs_are_an_axis(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "rich", .jobs = "1,2,1024"},
	       " rich/j1 rich/j2 rich/j1024");
	assert_int_equal(f->selection.max_jobs, 1024);
	chosen(f, (struct select_request){.names = "parallel", .jobs = "3"}, " parallel/j3");
	chosen(f, (struct select_request){.names = "alone", .jobs = "1,2"}, " alone/j1");
	chosen(f, (struct select_request){.names = "plain", .jobs = "2"}, " plain/j2");
}

static void an_item_may_have_jobs_of_its_own(void **state)
{
	struct fixture *f = *state;
	chosen(f,
	       (struct select_request){.names = "plain/j3,rich[size=large]/j2,rich", .jobs = "4"},
	       " plain/j3 rich[size=large]/j2 rich/j4");
	chosen(f, (struct select_request){.names = "parallel/j2"}, " parallel/j2");
	refused(f, (struct select_request){.names = "plain/j0"}, -EINVAL,
		"--jobs: expected an integer from 1 to 1024, got '0'");
	refused(f, (struct select_request){.names = "plain/3"}, -EINVAL,
		"'plain/3': expected NAME or NAME/jN, such as lstat/j1");
}

/* A list of --jobs, or a glob, is of all strategies; a name with a number is of this one. */
static void a_strategy_with_one_job_has_no_cell_with_more(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "alone/j1"}, " alone/j1");
	chosen(f, (struct select_request){.names = "alone,rich", .jobs = "4"}, " alone/j1 rich/j4");
	chosen(f, (struct select_request){.names = "[ar]*e/j4"}, " alone/j1");
	static const struct {
		const char *name, *words;
	} rows[] = {
		{"alone/j4", "alone runs in one thread: it cannot be measured with 4 jobs"},
		{"chooser/j2", "chooser has one job, with threads of its own: it cannot be "
			       "measured with 2 jobs"},
		{"alone/j0", "--jobs: expected an integer from 1 to 1024, got '0'"},
		{"alone/jx", "--jobs: expected an integer from 1 to 1024, got 'x'"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		refused(f, (struct select_request){.names = rows[i].name}, -EINVAL, rows[i].words);
		refused(f, (struct select_request){.baseline = rows[i].name}, -EINVAL,
			rows[i].words);
	}
}

static void the_same_cell_comes_once(void **state)
{
	struct fixture *f = *state;
	chosen(f, (struct select_request){.names = "plain,rich,rich,r*,rich[size=middle]"},
	       " rich/j1 richer/j1");
	chosen(f, (struct select_request){.names = "plain", .jobs = "1,1"}, "");
	chosen(f, (struct select_request){.names = "nothing"}, "");
}

static void the_baseline_can_be_any_one_cell(void **state)
{
	static const struct {
		const char *baseline, *ids;
	} rows[] = {
		{"rich", "nothing/j1 rich/j1 plain/j1"},
		{"rich/j3", "nothing/j1 rich/j3 plain/j1"},
		{"rich[size=large]", "nothing/j1 rich[size=large]/j1 plain/j1"},
		{"rich[size=large,chunk=2]/j2", "nothing/j1 rich[size=large,chunk=2]/j2 plain/j1"},
		{"parallel", "nothing/j1 parallel/j1 plain/j1"},
		{"nothing[store=no]", "nothing/j1 nothing[store=no]/j1 plain/j1"},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct select_request request = {.names = "plain",
						       .baseline = rows[i].baseline};
		assert_int_equal(choose(f, request), 0);
		assert_string_equal(f->ids, rows[i].ids);
		for (size_t c = 0; c < f->selection.n; c++)
			assert_int_equal(f->selection.cells[c].is_baseline, c == 1);
	}
}

static void bad_baselines_are_refused(void **state)
{
	static const struct {
		const char *baseline, *words;
	} rows[] = {
		{"plian", "--baseline: expected a strategy, got 'plian'; did you mean 'plain'?"},
		{"rich*", "--baseline: expected one cell, not the floor"},
		{"plain,rich", "--baseline: expected a strategy, got 'plain,rich'; "
			       "statmark list strategies shows them"},
		{"plain/j1,2", "--baseline: expected one cell, not the floor"},
		{"nothing", "--baseline: expected one cell, not the floor"},
		{"plain/2",
		 "--baseline: expected NAME or NAME/jN, such as lstat/j1, got 'plain/2'"},
		{"plain/j0", "--jobs: expected an integer from 1 to 1024, got '0'"},
		{"rich[size=larg]",
		 "rich: size: expected small, middle or large, got 'larg'; did you mean 'large'?"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refused(*state, (struct select_request){.baseline = rows[i].baseline}, -EINVAL,
			rows[i].words);
}

static void unknown_names_get_the_nearest(void **state)
{
	static const struct {
		const char *names, *words;
	} rows[] = {
		{"ricj", "--strategy: expected a strategy, got 'ricj'; did you mean 'rich'?"},
		{"plain,parralel",
		 "--strategy: expected a strategy, got 'parralel'; did you mean 'parallel'?"},
		{"xyzzy", "--strategy: expected a strategy, got 'xyzzy'; statmark list strategies "
			  "shows them"},
		{"rich:size=large",
		 "--strategy: expected a strategy, got 'rich:size=large'; parameters go in "
		 "brackets: 'rich[size=large]'"},
		{"rich[sise=large]", "rich has no parameter 'sise'; did you mean 'size'?"},
		{"rich[frobnicate=1]", "rich has no parameter 'frobnicate'"},
		{"plain[size=large]", "plain has no parameter 'size'"},
		{"rich[size=smal]",
		 "rich: size: expected small, middle or large, got 'smal'; did you mean 'small'?"},
		{"rich[size=gigantic]",
		 "rich: size: expected small, middle or large, got 'gigantic'"},
		{"rich[size=1]", "rich: size: expected small, middle or large, got '1'"},
		{"rich[chunk=0]", "rich: chunk: expected an integer from 1 to 100, got '0'"},
		{"rich[chunk=101]", "rich: chunk: expected an integer from 1 to 100, got '101'"},
		{"rich[chunk=2x]", "rich: chunk: expected an integer from 1 to 100, got '2x'"},
		{"rich[chunk=99999999999999999999]",
		 "rich: chunk: expected an integer from 1 to 100, got '99999999999999999999'"},
		{"rich[size=]", "rich: size: needs a value"},
		{"rich[chunk=3,size]", "rich: size: needs a value: rich[size=..]"},
		{"rich[size=large", "'rich[size=large': expected a closing bracket"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refused(*state, (struct select_request){.names = rows[i].names}, -EINVAL,
			rows[i].words);
}

static void bad_jobs_are_refused(void **state)
{
	static const char *const bad[] = {"0", "1025", "-1", "two", "1.5", "99999999999999999999"};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char text[128];
		snprintf(text, sizeof(text), "--jobs: expected an integer from 1 to 1024, got '%s'",
			 bad[i]);
		refused(*state, (struct select_request){.jobs = bad[i]}, -EINVAL, text);
	}
	refused(*state, (struct select_request){.jobs = ","}, -EINVAL,
		"--jobs: expected an integer from 1 to 1024, got ','");
	refused(*state, (struct select_request){.jobs = "1,2,x"}, -EINVAL,
		"--jobs: expected an integer from 1 to 1024, got 'x'");
}

static void values_that_contradict_are_refused(void **state)
{
	const char *const large[] = {"size=large", NULL};
	const char *const both[] = {"size=middle,large", NULL};
	struct fixture *f = *state;
	refused(f, (struct select_request){.names = "rich[size=small]", .params = large}, -EINVAL,
		"rich: size is given twice: rich[size=small] and -p size=large");
	refused(f, (struct select_request){.names = "rich[size=middle]", .params = both}, -EINVAL,
		"rich: size is given twice: rich[size=middle] and -p size=large");
	refused(f, (struct select_request){.names = "rich[chunk=2,chunk=3]"}, -EINVAL,
		"rich: chunk is given twice: rich[chunk=3] and chunk=2");
}

static void params_of_no_strategy_are_refused(void **state)
{
	const char *const unknown[] = {"sise=large", NULL}, *const bad[] = {"size=larg", NULL};
	const char *const empty[] = {"size=", NULL};
	struct fixture *f = *state;
	refused(f, (struct select_request){.params = unknown}, -EINVAL,
		"no chosen strategy has the parameter of -p sise=large; "
		"statmark list strategies shows them");
	refused(f, (struct select_request){.params = bad}, -EINVAL,
		"rich: size: expected small, middle or large, got 'larg'; did you mean 'large'?");
	refused(f, (struct select_request){.params = empty}, -EINVAL, "rich: size: needs a value");
}

static void too_many_values_or_cells_are_refused(void **state)
{
	char values[200] = "chunk=1", jobs[3000] = "1";
	const char *const chunks[] = {values, NULL};
	struct fixture *f = *state;
	for (int i = 2; i <= 33; i++)
		snprintf(values + strlen(values), sizeof(values) - strlen(values), ",%d", i);
	refused(f, (struct select_request){.params = chunks}, -E2BIG,
		"rich: more than 32 values for chunk");
	for (int i = 2; i <= CELLS_MAX; i++)
		snprintf(jobs + strlen(jobs), sizeof(jobs) - strlen(jobs), ",%d", i);
	refused(f, (struct select_request){.names = "plain,rich", .jobs = jobs}, -E2BIG,
		"more than 512 cells; select fewer");
}

static void a_stage_without_strategies_is_refused(void **state)
{
	const struct strategy *const only[] = {&nothing, NULL};
	const struct select_request request = {.strategies = only, .stage = STAGE_WALK, .cpus = 1};
	struct fixture *f = *state;
	assert_int_equal(select_cells(&request, f->arena, &f->selection, &f->err), -EINVAL);
	assert_string_equal(f->err.text, "there is no strategy of stage walk");
}

static void values_are_printed_with_units(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(param_text(&rich.params[0], 2, f->arena), "large");
	assert_string_equal(param_text(&rich.params[1], -3, f->arena), "-3");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(without_words_every_strategy_of_the_stage),
		TEST(floor_and_baseline_are_always_there),
		TEST(requested_cells_are_marked),
		TEST(globs_choose_several),
		TEST(other_stages_are_not_chosen),
		TEST(the_floor_is_that_of_the_stage),
		TEST(brackets_set_parameters),
		TEST(an_initial_value_is_not_named),
		TEST(params_are_axes),
		TEST(params_apply_only_to_strategies_that_have_them),
		TEST(brackets_and_params_that_agree_are_one),
		TEST(params_do_not_change_the_baseline),
		TEST(jobs_are_an_axis),
		TEST(an_item_may_have_jobs_of_its_own),
		TEST(a_strategy_with_one_job_has_no_cell_with_more),
		TEST(the_same_cell_comes_once),
		TEST(the_baseline_can_be_any_one_cell),
		TEST(bad_baselines_are_refused),
		TEST(unknown_names_get_the_nearest),
		TEST(bad_jobs_are_refused),
		TEST(values_that_contradict_are_refused),
		TEST(params_of_no_strategy_are_refused),
		TEST(too_many_values_or_cells_are_refused),
		TEST(a_stage_without_strategies_is_refused),
		TEST(values_are_printed_with_units),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
