/* What becomes of a walk's answers when there is no memory to verify them. */
#include "engine/measure/verify/verify.h"

#include <errno.h>
#include <string.h>

#include "tests/scratch.h"
#include "tests/test.h"

static int look_error, right_error; /* of comparing */
static bool is_same;

/* In place of the engine's, which is linked no more where all of its file is here. */
int walk_check_visit(const struct workload *load, const struct answer *answer,
		     const struct halt *halt, right_fn *fn, void *arg)
{
	(void)load, (void)answer, (void)halt, (void)fn, (void)arg;
	return 0;
}

int walk_check_right(struct walk_check *found, const struct workload *load,
		     const struct answer *answer, const struct still *still,
		     const struct halt *halt)
{
	(void)found, (void)load, (void)answer, (void)still, (void)halt;
	return right_error;
}

int walk_check_list(struct walk_check *found, const struct cell *cell, const struct still *still)
{
	(void)cell, (void)still;
	*found = (struct walk_check){{0}, {0}};
	return look_error;
}

bool walk_check_same(const struct walk_check *a, const struct walk_check *b)
{
	(void)a, (void)b;
	return is_same;
}

bool walk_check_sorted(const struct sink *sink, char *why, size_t size)
{
	(void)sink, (void)why, (void)size;
	return true;
}

int walk_check_difference(const struct cell *cell, const struct workload *load,
			  const struct still *still, const struct halt *halt, char *why,
			  size_t size)
{
	(void)cell, (void)load, (void)still, (void)halt, (void)why, (void)size;
	return -ENOENT;
}

bool walk_check_skips(const struct workload *load, const char *path, size_t len)
{
	(void)load, (void)path, (void)len;
	return false;
}

bool walk_check_skips_entry(const struct cell *cell, size_t i)
{
	(void)cell, (void)i;
	return false;
}

bool walk_check_unread(const struct cell *cell, const char *path, size_t len)
{
	(void)cell, (void)path, (void)len;
	return true;
}

static void without_memory_an_answer_is_not_called_wrong(void **state)
{
	static const struct {
		int look, right;
		bool same;
		enum verified verified;
		const char *why;
	} rows[] = {
		{0, 0, true, VERIFIED_RIGHT, ""},
		{-ENOMEM, 0, true, VERIFIED_NO_MEMORY, "out of memory: the answers"},
		{0, -ENOMEM, false, VERIFIED_NO_MEMORY, "out of memory: the answers"},
		{0, -EMFILE, false, VERIFIED_CHANGED, TREE_CHANGED_WORDS},
	};
	struct scratch s;
	struct workload *load = NULL;
	struct sink *sink = sink_new();
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_file(s.fd, "file", 1));
	assert_int_equal(workload_load(&load, s.path, NULL, NULL, NULL), 0);
	const struct cell cell = {.load = load,
				  .sink = sink,
				  .answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR}};
	struct reference reference = {.load = load, .stage = STAGE_WALK};
	right_error = 0;
	assert_int_equal(reference_want(&reference, &cell.answer), 0);
	assert_int_equal(reference_take(&reference), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char why[200] = "";
		struct digest digest;
		look_error = rows[i].look;
		right_error = rows[i].right;
		is_same = rows[i].same;
		assert_int_equal(verify_pass(&reference, &cell, &digest, why, sizeof(why)),
				 rows[i].verified);
		assert_memory_equal(why, rows[i].why, strlen(rows[i].why));
	}
	reference_release(&reference);
	sink_free(sink);
	workload_free(load);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_an_answer_is_not_called_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
