#include "engine/gate/arm/arm.h"

#include <errno.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "tests/test.h"

static struct arena *arena;

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return arena ? 0 : -1;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct {
	const char *text;
	struct arm arm;
} good[] = {
	{"lstat", {.kind = ARM_STRATEGY, .cell = "lstat"}},
	{"statx[mask=size]/j2", {.kind = ARM_STRATEGY, .cell = "statx[mask=size]/j2", .jobs = 2}},
	{"strategy:lstat/j4", {.kind = ARM_STRATEGY, .cell = "lstat/j4", .jobs = 4}},
	{"plugin:./libx.so", {.kind = ARM_PLUGIN, .path = "./libx.so"}},
	{"plugin:/a/x.so:mine[d=3]/j2",
	 {.kind = ARM_PLUGIN, .path = "/a/x.so", .cell = "mine[d=3]/j2", .jobs = 2}},
	{"exec:./walk {root}", {.kind = ARM_EXEC, .command = "./walk {root}", .jobs = 1}},
	{"exec:a:b /j2", {.kind = ARM_EXEC, .command = "a:b /j2", .jobs = 1}},
	{"find=exec:find {root}",
	 {.kind = ARM_EXEC, .name = "find", .command = "find {root}", .jobs = 1}},
	{"a.b-1+c_=exec[jobs=2]:x a=b",
	 {.kind = ARM_EXEC, .name = "a.b-1+c_", .command = "x a=b", .jobs = 2}},
	{"exec:env A=b x", {.kind = ARM_EXEC, .command = "env A=b x", .jobs = 1}},
	{"exec[lines=verify]:find",
	 {.kind = ARM_EXEC, .command = "find", .jobs = 1, .verify_lines = true}},
	{"exec[jobs=4,lines=verify]:x [y]:z",
	 {.kind = ARM_EXEC, .command = "x [y]:z", .jobs = 4, .verify_lines = true}},
	{"bin:./old", {.kind = ARM_BINARY, .path = "./old"}},
	{"bin:./old:lstat/j2",
	 {.kind = ARM_BINARY, .path = "./old", .inner = "lstat/j2", .jobs = 2}},
	{"bin:./old:x=exec:a b",
	 {.kind = ARM_BINARY, .name = "x", .path = "./old", .inner = "exec:a b", .jobs = 1}},
	{"bin:./old:exec:a b",
	 {.kind = ARM_BINARY, .path = "./old", .inner = "exec:a b", .jobs = 1}},
};

static void assert_text(const char *got, const char *want)
{
	assert_int_equal(got == NULL, want == NULL);
	if (want)
		assert_string_equal(got, want);
}

static void arms_are_read_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct arm arm;
		assert_int_equal(arm_parse(&arm, good[i].text, arena, NULL), 0);
		assert_int_equal(arm.kind, good[i].arm.kind);
		assert_text(arm.text, good[i].text);
		assert_text(arm.name, good[i].arm.name);
		assert_text(arm.path, good[i].arm.path);
		assert_text(arm.cell, good[i].arm.cell);
		assert_text(arm.command, good[i].arm.command);
		assert_text(arm.inner, good[i].arm.inner);
		assert_int_equal(arm.jobs, good[i].arm.jobs);
		assert_int_equal(arm.verify_lines, good[i].arm.verify_lines);
	}
}

static void invalid_arms_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"strategy:",
		"stratgy:lstat",
		"plugin:",
		"plugin::x",
		"plugin:x:",
		"exec:",
		"exec:  ",
		"exec[lines=verify",
		"exec[lines]:x",
		"exec[jobs=0]:x",
		"exec[jobs=x]:x",
		"bin:",
		"bin:x:",
		"bin::lstat",
		"bin:a:bin:b",
		"bin:a:exec:",
		":x",
		"=exec:x",
		"a b=exec:x",
		"*=exec:x",
		"-x=exec:x",
		"x=exec:",
		"x=lstat",
		"x=bin:./old:lstat",
		"a-name-that-is-longer-than-any-table-wants=exec:x",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		struct arm arm;
		assert_int_equal(arm_parse(&arm, bad[i], arena, &err), -EINVAL);
		assert_true(strlen(err.text) > 0);
	}
}

static const char *text_to_measure(const struct arm *arm)
{
	return arm->kind == ARM_BINARY ? arm->inner : arm->text;
}

/* What is measured afterwards; "" where the arm names its jobs. */
static void jobs_apply_to_arms_without_jobs(void **state)
{
	static const struct {
		const char *text, *with;
		unsigned jobs;
	} cases[] = {
		{"lstat", "lstat/j4", 4},
		{"strategy:statx[mask=size]", "strategy:statx[mask=size]/j4", 4},
		{"lstat/j1", "", 1},
		{"plugin:./a.so:mine", "plugin:./a.so:mine/j4", 4},
		{"plugin:./a.so:mine/j2", "", 2},
		{"exec:find {root}", "exec[jobs=4]:find {root}", 4},
		{"exec[lines=verify]:a /j2", "exec[jobs=4,lines=verify]:a /j2", 4},
		{"f=exec:find {root}", "f=exec[jobs=4]:find {root}", 4},
		{"exec[jobs=1]:find {root}", "", 1},
		{"exec[lines=verify,jobs=2]:a", "", 2},
		{"bin:./old:lstat", "lstat/j4", 4},
		{"bin:./old:lstat/j2", "", 2},
		{"bin:./old:f=exec:true", "exec[jobs=4]:true", 4},
		{"bin:./old:exec[jobs=1]:true", "", 1},
		{"bin:./old:plugin:a.so:x/j1", "", 1},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arm arm, again;
		bool given;
		assert_int_equal(arm_parse(&arm, cases[i].text, arena, NULL), 0);
		const char *before = text_to_measure(&arm);
		assert_int_equal(arm_give_jobs(&arm, "4", arena, &given, NULL), 0);
		assert_int_equal(given, *cases[i].with != 0);
		assert_string_equal(text_to_measure(&arm), given ? cases[i].with : before);
		assert_int_equal(arm.jobs, cases[i].jobs);
		/* It is read again by the worker. */
		assert_int_equal(arm_parse(&again, text_to_measure(&arm), arena, NULL), 0);
		assert_true(again.names_jobs);
	}
}

/* Of a plug-in's first strategy only its worker knows the name. */
static void jobs_for_a_strategy_without_a_name_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"plugin:./a.so", "plugin:./a.so: --jobs needs the name of its strategy; write "
				  "plugin:./a.so:STRATEGY/j4"},
		{"bin:./old:plugin:./a.so",
		 "bin:./old:plugin:./a.so: --jobs needs the name of its strategy; write "
		 "bin:./old:plugin:./a.so:STRATEGY/j4"},
		{"bin:./old", "bin:./old: --jobs needs the name of its strategy; write "
			      "bin:./old:STRATEGY/j4"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		struct arm arm;
		bool given;
		assert_int_equal(arm_parse(&arm, cases[i].text, arena, NULL), 0);
		assert_int_equal(arm_give_jobs(&arm, "4", arena, &given, &err), -EINVAL);
		assert_string_equal(err.text, cases[i].words);
	}
}

static int open_text(const char *text, struct arm_spec *spec, struct err *err)
{
	const struct arm_request request = {
		.strategies = strategies, .cpus = 2, .root = "/", .hangup_fd = -1};
	struct arm arm;
	assert_int_equal(arm_parse(&arm, text, arena, NULL), 0);
	return arm_open(spec, &arm, &request, arena, err);
}

static void a_strategy_becomes_a_cell(void **state)
{
	struct arm_spec spec;
	(void)state;
	assert_int_equal(open_text("strategy:statx[mask=size]/j2", &spec, NULL), 0);
	assert_string_equal(spec.cell.id, "statx[mask=size]/j2");
	assert_int_equal(spec.cell.jobs, 2);
	arm_close(&spec);
	/* By name, also what no glob finds and what is usually not the only one. */
	assert_int_equal(open_text("lstat-more[more=7]", &spec, NULL), 0);
	assert_int_equal(spec.cell.params[0], 7);
	arm_close(&spec);
	assert_int_equal(open_text("threaded", &spec, NULL), 0);
	assert_int_equal(spec.cell.jobs, 2);
	arm_close(&spec);
}

static void a_program_becomes_a_cell(void **state)
{
	struct arm_spec spec;
	(void)state;
	assert_int_equal(open_text("exec[jobs=2]:true", &spec, NULL), 0);
	assert_string_equal(spec.cell.label, "exec[jobs=2]:true");
	assert_int_equal(spec.cell.jobs, 2);
	assert_non_null(spec.cell.strategy->run);
	arm_close(&spec);
}

static void a_program_may_have_a_name(void **state)
{
	struct arm_spec spec;
	struct arm arm;
	struct err err = {0};
	(void)state;
	assert_int_equal(open_text("t=exec[jobs=2]:true", &spec, NULL), 0);
	assert_string_equal(spec.cell.label, "t");
	assert_string_equal(spec.cell.id, "t/j2");
	arm_close(&spec);
	assert_int_equal(arm_parse(&arm, "t=exec[jobs=2]:true", arena, NULL), 0);
	assert_string_equal(arm_unnamed(&arm), "exec[jobs=2]:true");
	assert_int_equal(arm_check_name(&arm, strategies, NULL), 0);
	assert_int_equal(arm_parse(&arm, "lstat=exec:true", arena, NULL), 0);
	assert_int_equal(arm_check_name(&arm, strategies, &err), -EINVAL);
	assert_non_null(strstr(err.text, "another name"));
}

static void mistakes_get_the_nearest_name(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"lsta", "did you mean 'lstat'"},
		{"statx[msk=size]", "did you mean 'mask'"},
		{"lstat/2", "lstat/j1"},
		{"lstat/j0", "from 1"},
		{"*", "one cell"},
		{"exec:a 'b", "closing quote"},
		{"plugin:./no/such.so", "cannot read ./no/such.so: No such file"},
		{"plugin:/dev/null", "cannot load the plug-in: "},
		{"bin:x:lstat", "expected an arm of this build"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		struct arm_spec spec;
		assert_true(open_text(rows[i].text, &spec, &err) < 0);
		if (!strstr(err.text, rows[i].words))
			fail_msg("%s: '%s' lacks '%s'", rows[i].text, err.text, rows[i].words);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
	const struct CMUnitTest tests[] = {
		TEST(arms_are_read_as_written),
		TEST(invalid_arms_are_refused),
		TEST(jobs_apply_to_arms_without_jobs),
		TEST(jobs_for_a_strategy_without_a_name_are_refused),
		TEST(a_strategy_becomes_a_cell),
		TEST(a_program_becomes_a_cell),
		TEST(a_program_may_have_a_name),
		TEST(mistakes_get_the_nearest_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
