/* What becomes of a pass, and of its cell, by what the verifier finds. Its verdicts are scripted.
 */
#include "engine/measure/rounds.h"

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/scripted_usage.h"

/* Of so many passes of cell 1, but one; all others are right. */
static struct {
	enum verified verdict;
	unsigned from, passes, but;
	uint64_t failures; /* entries that failed, in every pass */
} script;

/* In place of engine/measure/verify/verify.c, which is not linked here. */
int reference_want(struct reference *reference, const struct answer *answer)
{
	(void)reference, (void)answer;
	return 0;
}

int reference_take(struct reference *reference)
{
	(void)reference;
	return 0;
}

void reference_release(struct reference *reference)
{
	(void)reference;
}

enum verified verify_pass(struct reference *reference, const struct cell *cell,
			  struct digest *digest, char *why, size_t size)
{
	const unsigned pass = driven.passes_of[cell->params[0]] - 1;
	(void)reference;
	*digest = (struct digest){0};
	snprintf(why, size, "the verifier's words");
	if (cell->params[0] != 1 || pass < script.from || pass >= script.from + script.passes ||
	    pass == script.but)
		return VERIFIED_RIGHT;
	return script.verdict;
}

size_t verify_failures(const struct cell *cell, struct failure failures[FAILURES_MAX],
		       uint64_t *total)
{
	*total = cell->params[0] == 1 ? script.failures : 0;
	failures[0] = (struct failure){.error = ENOENT, .count = *total};
	return *total > 0;
}

size_t verify_unread(const struct cell *cell, struct failure failures[FAILURES_MAX],
		     uint64_t *total)
{
	(void)cell, (void)failures;
	*total = 0;
	return 0;
}

static struct step the_same(unsigned cell, unsigned pass)
{
	(void)cell, (void)pass;
	return (struct step){.takes_ns = 1000, .run_delay_ns = 0};
}

static const struct cell_result *play(struct fixture *f, enum verified verdict, unsigned from,
				      unsigned passes)
{
	script.verdict = verdict;
	script.from = from;
	script.passes = passes;
	driven_forget(f);
	driven_play(f, the_same, CACHE_AS_IS, 5);
	return &f->result->cells[1];
}

static int set_up(void **state)
{
	memset(&script, 0, sizeof(script));
	script.but = UINT_MAX;
	return driven_set_up(state);
}

static void a_pass_and_its_cell_follow_the_verdict(void **state)
{
	static const struct {
		enum verified verdict;
		enum cause why;
		enum status status;
		const char *reason;
		size_t passes; /* of five, the third of which is judged so */
	} rows[] = {
		{VERIFIED_RIGHT, CAUSE_NONE, STATUS_OK, NULL, 5},
		{VERIFIED_CHANGED, CAUSE_TREE_CHANGED, STATUS_OK, NULL, 5},
		{VERIFIED_WRONG, CAUSE_WRONG, STATUS_FAILED, "wrong answer: the verifier's words",
		 3},
		{VERIFIED_NO_MEMORY, CAUSE_CUT_SHORT, STATUS_FAILED, "the verifier's words", 3},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct cell_result *cell = play(f, rows[i].verdict, 2, 1);
		assert_int_equal(cell->status, rows[i].status);
		if (rows[i].reason)
			assert_string_equal(cell->reason, rows[i].reason);
		assert_int_equal(cell->n_passes, rows[i].passes);
		for (size_t p = 0; p < cell->n_passes; p++) {
			const struct pass *pass = &cell->passes[p];
			const enum cause why = p == 2 ? rows[i].why : CAUSE_NONE;
			assert_int_equal(pass->why, why);
			assert_int_equal(pass->clean, !why);
			assert_int_equal(pass->verified, !why);
		}
		/* The other cells do not hear of it. */
		assert_int_equal(f->result->cells[2].n_passes, 5);
		assert_int_equal(f->result->cells[0].n_passes, 10);
		assert_int_equal(f->result->run.rounds_done, 5);
		assert_int_equal(f->result->run.stopped, STOP_NONE);
	}
}

/*
 * The change is found in the first latency pass and all passes up to the sixth round. The second
 * latency pass is right, and the mark waits for a pass of the rounds.
 */
static void a_latency_pass_is_never_marked_in_place_of_a_pass(void **state)
{
	struct fixture *f = *state;
	script.verdict = VERIFIED_CHANGED;
	script.from = 1;
	script.passes = 6;
	f->request.sample = 1;
	driven_play(f, the_same, CACHE_AS_IS, 8);
	const struct cell_result *cell = &f->result->cells[1];
	assert_int_equal(cell->latency.n_passes, 2);
	assert_int_equal(cell->latency.passes[0].why, CAUSE_TREE_CHANGED);
	assert_true(cell->latency.passes[1].clean);
	assert_int_equal(cell->n_passes, 8);
	for (size_t p = 0; p < 8; p++) {
		const struct pass *pass = &cell->passes[p];
		assert_int_equal(pass->clean, p == 0 || p == 7);
		assert_int_equal(pass->why, pass->clean ? CAUSE_NONE : CAUSE_TREE_CHANGED);
		assert_int_equal(pass->verified, p == 0 || p >= 6);
	}
}

/* The verifier was stopped before it knew who is to blame: no pass, and no more rounds. */
static void an_open_verdict_ends_the_rounds(void **state)
{
	struct fixture *f = *state;
	const struct cell_result *cell = play(f, VERIFIED_OPEN, 2, 1);
	assert_int_equal(cell->status, STATUS_OK);
	assert_int_equal(cell->n_passes, 2);
	assert_int_equal(f->result->run.rounds_done, 2);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
}

static void a_cell_without_a_verified_pass_is_invalid(void **state)
{
	struct fixture *f = *state;
	const struct cell_result *cell = play(f, VERIFIED_CHANGED, 0, 5);
	assert_int_equal(cell->status, STATUS_INVALID);
	assert_string_equal(cell->reason, "no pass could be verified: the tree kept changing");
	assert_int_equal(cell->n_passes, 5);
	/* One verified pass is enough, wherever it is. */
	assert_int_equal(play(f, VERIFIED_CHANGED, 0, 4)->status, STATUS_OK);
	assert_int_equal(play(f, VERIFIED_CHANGED, 1, 4)->status, STATUS_OK);
	script.but = 2;
	assert_int_equal(play(f, VERIFIED_CHANGED, 0, 5)->status, STATUS_OK);
}

static void a_cell_all_of_whose_entries_failed_is_invalid(void **state)
{
	struct fixture *f = *state;
	script.failures = ENTRIES - 1;
	assert_int_equal(play(f, VERIFIED_RIGHT, 0, 0)->status, STATUS_OK);
	script.failures = ENTRIES;
	const struct cell_result *cell = play(f, VERIFIED_RIGHT, 0, 0);
	assert_int_equal(cell->status, STATUS_INVALID);
	assert_string_equal(cell->reason, "every entry failed with ENOENT");
	assert_int_equal(cell->n_passes, 1);
}

#define SCRIPTED(name) cmocka_unit_test_setup_teardown(name, set_up, driven_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRIPTED(a_pass_and_its_cell_follow_the_verdict),
		SCRIPTED(a_latency_pass_is_never_marked_in_place_of_a_pass),
		SCRIPTED(an_open_verdict_ends_the_rounds),
		SCRIPTED(a_cell_without_a_verified_pass_is_invalid),
		SCRIPTED(a_cell_all_of_whose_entries_failed_is_invalid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
