/* Which cells a selector means, and which two make a pair. */
#include "reports/verdict/selector.h"

#include <errno.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_result.h"

static struct selector parse(const char *text, struct arena *arena)
{
	struct selector s;
	struct err err = {0};
	if (selector_parse(&s, text, arena, &err))
		fail_msg("%s: %s", text, err.text);
	return s;
}

static void selectors_match_the_named_cells(void **state)
{
	static const struct {
		const char *text;
		int cell;
		bool fits;
	} rows[] = {
		{"lstat/j1", CELL_LSTAT, true},
		{"lstat", CELL_LSTAT, true},
		{"lstat/j2", CELL_LSTAT, false},
		{"fstatat", CELL_LSTAT, false},
		{"statx", CELL_STATX, true},
		{"statx[addressing=dirfd,mask=size,sync=dont]", CELL_STATX, true},
		{"statx[addressing=dirfd]", CELL_STATX, false},
		{"label=statx[addressing=dirfd,mask=size,sync=dont],jobs=1", CELL_STATX, true},
		{"strategy=statx,jobs=2", CELL_STATX, false},
		{"jobs=2", CELL_THREADED, true},
		{"fs=ext4", CELL_LSTAT, true},
		{"fs=fs0", CELL_LSTAT, true},
		{"fs=xfs", CELL_LSTAT, false},
		{"tree=source-tree,cache=warm,pin=compact,stage=fetch", CELL_LSTAT, true},
	};
	struct result *result = with_result();
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct selector s = parse(rows[i].text, result->arena);
		if (selector_fits(&s, result, &result->cells[rows[i].cell]) != rows[i].fits)
			fail_msg("'%s' and %s", rows[i].text, result->cells[rows[i].cell].id);
	}
	result_free(result);
}

static void mistakes_have_a_message(void **state)
{
	static const char *const wrong[] = {"jbos=1", "jobs=1,lstat", "=1", "jobs=1,"};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct selector s;
		struct err err = {0};
		assert_int_equal(selector_parse(&s, wrong[i], arena, &err), -EINVAL);
		assert_true(*err.text);
	}
	arena_free(arena);
}

/* What neither names has to agree: like is compared with like. */
static void pairs_agree_in_the_rest(void **state)
{
	struct result *r = with_result();
	const struct cell_result *lstat = &r->cells[CELL_LSTAT], *fstatat = &r->cells[CELL_FSTATAT];
	const struct cell_result *threaded = &r->cells[CELL_THREADED];
	struct selector a = parse("lstat", r->arena), b = parse("fstatat", r->arena);
	struct selector c = parse("threaded", r->arena), id = parse("threaded/j2", r->arena);
	struct selector one = parse("jobs=1", r->arena), two = parse("jobs=2", r->arena);
	(void)state;
	assert_true(selector_pairs(&a, &b, r, lstat, fstatat));
	assert_false(selector_pairs(&a, &c, r, lstat, threaded)); /* 1 job and 2 */
	assert_true(selector_pairs(&a, &id, r, lstat, threaded)); /* an id says it all */
	assert_false(selector_pairs(&one, &two, r, lstat, threaded));
	assert_false(selector_pairs(&a, &a, r, lstat, lstat));
	r->cells[CELL_THREADED].strategy = r->cells[CELL_THREADED].label = "lstat";
	assert_true(selector_pairs(&one, &two, r, lstat, threaded));
	result_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selectors_match_the_named_cells),
		cmocka_unit_test(mistakes_have_a_message),
		cmocka_unit_test(pairs_agree_in_the_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
