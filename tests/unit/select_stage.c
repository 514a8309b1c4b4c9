/* Which stage a run is of: what --stage says, else what the strategies are for. */
#include "engine/measure/choose/select.h"

#include <errno.h>

#include "engine/base/util.h"
#include "tests/test.h"

static const struct strategy fetch = {.name = "ask", .stage = STAGE_FETCH};
static const struct strategy both_f = {.name = "any-ask", .stage = STAGE_FETCH};
static const struct strategy walk = {.name = "walk", .stage = STAGE_WALK};
static const struct strategy both_w = {.name = "any-walk", .stage = STAGE_WALK};
static const struct strategy *const all[] = {&fetch, &both_f, &walk, &both_w, NULL};

static void names_of_one_stage_decide_the_stage(void **state)
{
	static const struct {
		const char *names, *baseline;
		enum stage stage;
	} rows[] = {
		{NULL, NULL, STAGE_FETCH},
		{"ask", NULL, STAGE_FETCH},
		{"walk", NULL, STAGE_WALK},
		{"any-*,walk", NULL, STAGE_WALK},
		{"*", NULL, STAGE_FETCH},
		{"*", "walk/j2", STAGE_WALK},
		{NULL, "walk", STAGE_WALK},
		{"nobody,w*", NULL, STAGE_WALK},
		{"nobody", NULL, STAGE_FETCH},
		{"walk[depth=3,order=x],walk[depth=4]", "any-walk[depth=1]/j1", STAGE_WALK},
		{"[vw]alk", NULL, STAGE_WALK},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const lists[2] = {rows[i].names, rows[i].baseline};
		enum stage stage;
		struct err err = {0};
		if (stage_choose(all, lists, &stage, &err))
			fail_msg("%s: %s", rows[i].names, err.text);
		assert_int_equal(stage, rows[i].stage);
	}
}

static void a_mix_is_refused(void **state)
{
	const char *const rows[][3] = {
		{"ask,walk", NULL,
		 "'ask' is of stage fetch and 'walk' of stage walk; a run measures one stage"},
		{"*,w*", "ask/j1",
		 "'w*' is of stage walk and 'ask' of stage fetch; a run measures one stage"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum stage stage;
		struct err err = {0};
		assert_int_equal(stage_choose(all, rows[i], &stage, &err), -EINVAL);
		assert_string_equal(err.text, rows[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_one_stage_decide_the_stage),
		cmocka_unit_test(a_mix_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
