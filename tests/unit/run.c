/*
 * Budgets hold: rounds over strategies whose passes take as long as the test says, by a clock that
 * only they move.
 */
#include "engine/measure/run.h"

#include <errno.h>

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_run.h"

/* When a pass outlasts the clock; how many did, and whether one had to end by itself. */
static uint64_t outlast_ns;
static unsigned outlasted;
static bool gave_up;

/*
 * The first pass at that time has work for as long as its worker is given any; within bounds, so
 * that a worker which nobody stops is a test that fails, not one that hangs.
 */
static int outlast(struct worker *w)
{
	enum { TRIES = 30000 }; /* of a millisecond */
	struct workload_span span;
	if (driven.now_ns < outlast_ns || outlasted)
		return driven_skip(w);
	outlasted++;
	for (unsigned tries = 0; worker_take(w, &span); tries++) {
		if (tries == TRIES) {
			gave_up = true;
			return 0;
		}
		atomic_store(&w->cell->cursor->next, 0);
		usleep(1000);
	}
	return 0;
}

static const struct strategy lasting = {
	.name = "lasting",
	.flags = STRATEGY_FLOOR,
	.answer = {.addressing = ADDRESS_NONE},
	.prepare = driven_prepare,
	.run = outlast,
};

/* Leaves its entries without an answer. Only then the verifier's looks take time. */
static int answer_nothing(struct worker *w)
{
	driven.tick_ns = outlast_ns;
	return driven_skip(w);
}

static const struct strategy silent = {
	.name = "silent",
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.prepare = driven_prepare,
	.run = answer_nothing,
};

static int set_up(void **state)
{
	outlasted = 0;
	gave_up = false;
	return driven_set_up(state);
}

static void measure(struct fixture *f, uint64_t one_pass_ns, uint64_t budget_ns)
{
	driven_forget(f);
	driven.pass_ns = one_pass_ns;
	f->request.until_ns = driven.now_ns + budget_ns;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_true(driven.last_began_ns < f->request.until_ns);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
}

static void no_pass_begins_when_the_time_is_up(void **state)
{
	struct fixture *f = *state;
	for (uint64_t seconds = 10; seconds < 60; seconds += 7)
		measure(f, SECOND, seconds * SECOND);
}

/* The round that the time ends in is not lost: its passes count as far as they came. */
static void a_round_stops_in_the_middle(void **state)
{
	struct fixture *f = *state;
	measure(f, SECOND, 10 * SECOND);
	assert_true(driven.now_ns >= f->request.until_ns);
	size_t kept = 0;
	for (size_t i = 0; i < f->result->n_cells; i++)
		kept += f->result->cells[i].n_passes;
	assert_true(kept > 0);
	assert_true(f->result->run.rounds_done < 3);
}

static size_t kept_passes(const struct fixture *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->result->n_cells; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		assert_int_equal(cell->status, STATUS_OK);
		kept += cell->n_passes;
		for (size_t p = 0; p < cell->n_passes; p++)
			assert_true(cell->passes[p].verified);
	}
	return kept;
}

/* Two rounds of four passes, without priming; the ninth outlasts the time. */
static void a_pass_under_way_at_the_end_is_cut(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &lasting);
	f->request.states = 1U << CACHE_AS_IS;
	outlast_ns = driven.now_ns + 60 * SECOND;
	measure(f, 7 * SECOND, 60 * SECOND);
	assert_int_equal(outlasted, 1);
	assert_false(gave_up);
	assert_int_equal(f->result->run.rounds_done, 2);
	assert_int_equal(kept_passes(f), 8);
}

/* A second cache state has half of the time for itself, and its passes are whole again. */
static void after_a_pass_that_was_cut_others_go_on(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &lasting);
	f->request.states |= 1U << CACHE_AS_IS;
	outlast_ns = driven.now_ns + 120 * SECOND;
	driven.pass_ns = 10 * SECOND;
	f->request.until_ns = driven.now_ns + 240 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(outlasted, 1);
	assert_false(gave_up);
	assert_int_equal(f->result->n_cells, 2 * CELLS);
	for (size_t i = CELLS; i < f->result->n_cells; i++)
		assert_true(f->result->cells[i].n_passes > 0);
}

static size_t passes_of_state(const struct fixture *f, enum cache_state cache)
{
	size_t n = 0;
	for (size_t i = 0; i < f->result->n_cells; i++)
		n += f->result->cells[i].cache == cache ? f->result->cells[i].n_passes : 0;
	return n;
}

/* A state whose rounds take long gets more of the time, and so about as many of them. */
static void states_share_the_time_by_what_their_rounds_take(void **state)
{
	struct fixture *f = *state;
	static const uint64_t weights[CACHE_STATES] = {[CACHE_AS_IS] = 9, [CACHE_WARM] = 3};
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	measure(f, SECOND, 400 * SECOND);
	const size_t even = passes_of_state(f, CACHE_AS_IS);
	assert_in_range(even, 190, 200);
	f->request.weights = weights;
	measure(f, SECOND, 400 * SECOND);
	assert_in_range(passes_of_state(f, CACHE_AS_IS), 285, 300);
	/* Priming goes on while passes differ, which really take time: up to a quarter of it. */
	assert_in_range(passes_of_state(f, CACHE_WARM), 74, 100);
}

/* The priming of the second state is no part of a unit that the first left incomplete. */
static void each_state_begins_a_unit_of_steal(void **state)
{
	struct fixture *f = *state;
	const struct run_facts *run = &f->result->run;
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	f->request.rounds = 3;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	if (!run->n_units)
		skip_because("/proc/stat does not tell what is stolen");
	uint32_t first_rounds[2] = {0};
	size_t firsts = 0;
	for (size_t i = 0; i < run->n_units; i++) {
		const uint32_t first = run->units[i].first_round;
		assert_true(first + run->units[i].rounds <= (first < 3 ? 3 : 6));
		if (first % 3 == 0 && firsts < ARRAY_LEN(first_rounds))
			first_rounds[firsts++] = first;
	}
	assert_int_equal(firsts, 2);
	assert_int_equal(first_rounds[1], 3);
}

static void no_state_is_left_without_time(void **state)
{
	struct fixture *f = *state;
	static const uint64_t weights[CACHE_STATES] = {[CACHE_AS_IS] = 0, [CACHE_WARM] = 5};
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	f->request.weights = weights;
	measure(f, SECOND, 400 * SECOND);
	assert_in_range(passes_of_state(f, CACHE_AS_IS), 40, 50);
	/* An eighth is left to the last one, too; priming takes a part of it. */
	static const uint64_t reversed[CACHE_STATES] = {[CACHE_AS_IS] = 5, [CACHE_WARM] = 0};
	f->request.weights = reversed;
	measure(f, SECOND, 400 * SECOND);
	assert_in_range(passes_of_state(f, CACHE_AS_IS), 340, 350);
	assert_in_range(passes_of_state(f, CACHE_WARM), 30, 50);
}

/* Two looks at five entries, by a clock that moves whenever it is looked at. */
static void a_reference_that_takes_too_long_is_said(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &silent);
	driven.tick_ns = SECOND;
	f->request.until_ns = driven.now_ns + 6 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(driven.passes, 0);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
	for (size_t i = 0; i < CELLS; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		assert_int_equal(cell->status, STATUS_INVALID);
		assert_non_null(strstr(cell->reason, "the time was up"));
	}
}

static void wrong_answers_are_looked_into(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &silent);
	outlast_ns = 0;
	f->request.until_ns = driven.now_ns + 100 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(f->result->cells[i].status, STATUS_FAILED);
}

/* Then nobody knows whether the strategy or the tree is to blame. */
static void but_not_beyond_the_time(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &silent);
	driven.pass_ns = SECOND;
	outlast_ns = 40 * SECOND;
	f->request.until_ns = driven.now_ns + 100 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(driven.passes, 1);
	assert_int_equal(kept_passes(f), 0);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
}

/* At most two passes of each cell, one of those that come after the first half. */
static void priming_leaves_time_for_rounds(void **state)
{
	struct fixture *f = *state;
	measure(f, 10 * SECOND, 120 * SECOND);
	size_t kept = 0;
	for (size_t i = 0; i < f->result->n_cells; i++)
		kept += f->result->cells[i].n_passes;
	assert_true(driven.passes - kept <= 2 * CELLS + 1);
	assert_true(kept >= CELLS);
}

static void latency_passes_are_the_first_to_go(void **state)
{
	struct fixture *f = *state;
	f->request.sample = 1;
	measure(f, 4 * SECOND, 60 * SECOND);
	for (size_t i = 0; i < f->result->n_cells; i++)
		assert_int_equal(f->result->cells[i].latency.n_passes, 0);
}

static void rounds_without_a_budget_are_all_made(void **state)
{
	struct fixture *f = *state;
	driven.pass_ns = 1000 * SECOND;
	f->request.rounds = 12;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->run.rounds_done, 12);
	assert_int_equal(f->result->run.stopped, STOP_NONE);
}

/* A rule of the caller's own: asked after each round, when that is in the result. */
struct asking {
	struct result *result;
	uint32_t asked, rounds_most;
	int error;
};

static int ask_enough(void *arg, bool *enough)
{
	struct asking *a = arg;
	a->asked++;
	assert_int_equal(a->result->run.rounds_done, a->asked);
	assert_true(a->result->cells[1].n_passes >= a->asked);
	*enough = a->asked == a->rounds_most;
	return *enough ? a->error : 0;
}

static void a_caller_says_when_rounds_are_enough(void **state)
{
	struct fixture *f = *state;
	struct asking asking = {.result = f->result, .rounds_most = 5};
	f->request.enough = ask_enough;
	f->request.arg = &asking;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->run.rounds_done, 5);
	driven_forget(f);
	asking = (struct asking){.result = f->result, .rounds_most = 3, .error = -ENOMEM};
	assert_int_equal(run_cells(&f->request, f->result, NULL), -ENOMEM);
	assert_int_equal(asking.asked, 3);
}

/* The command would take longer than all tests; it is no cell's fault that it was ended. */
static void a_command_ends_with_the_time(void **state)
{
	struct fixture *f = *state;
	f->control.prepare_command = "sleep 1000";
	f->request.until_ns = driven.now_ns + SECOND / 5;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
	assert_int_equal(kept_passes(f), 0);
}

/* That it had no time left is not the reason then. */
static void a_command_that_ends_with_the_time_and_leaves_no_tree_fails(void **state)
{
	struct fixture *f = *state;
	char aside[PATH_MAX + 8], command[2 * PATH_MAX + 64];
	snprintf(aside, sizeof(aside), "%s.aside", f->scratch.path);
	snprintf(command, sizeof(command), "mv '%s' '%s'; sleep 1000", f->scratch.path, aside);
	f->control.prepare_command = command;
	f->request.until_ns = driven.now_ns + SECOND;
	int error = run_cells(&f->request, f->result, NULL);
	assert_int_equal(rename(aside, f->scratch.path), 0);
	assert_int_equal(error, 0);
	for (size_t i = 0; i < f->result->n_cells; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		assert_int_equal(cell->status, STATUS_FAILED);
		if (strncmp(cell->reason, "cannot open ", 12) != 0)
			fail_msg("'%s'", cell->reason);
	}
}

static void targets_are_interleaved_round_by_round(void **state)
{
	struct fixture *f = *state;
	struct target targets[2];
	unsigned firsts[2] = {0, 0};
	driven_second(f, targets);
	f->request.rounds = 20;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->n_cells, 2 * CELLS);
	for (size_t i = 0; i < 2 * CELLS; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		const bool second = i >= CELLS;
		assert_int_equal(cell->status, STATUS_OK);
		assert_int_equal(cell->entries, second ? ENTRIES - 1 : ENTRIES);
		assert_string_equal(cell->tree, second ? "tree1" : "tree0");
		assert_non_null(strstr(cell->id, second ? "@two" : "@one"));
		assert_ptr_equal(result_baseline_of(f->result, cell),
				 &f->result->cells[second ? CELLS : 0]);
		for (size_t p = 0; p < cell->n_passes; p++)
			firsts[second] += cell->passes[p].position == 0;
	}
	/* Neither is always the first, and their rounds are the same ones. */
	assert_int_equal(firsts[0] + firsts[1], 20);
	assert_true(firsts[0] > 0 && firsts[1] > 0);
	assert_int_equal(f->result->cells[1].n_passes, 20);
	assert_int_equal(f->result->cells[CELLS + 1].n_passes, 20);
}

/* One with no entries, and one that could not be made. */
static void a_target_that_cannot_be_measured_leaves_the_others(void **state)
{
	struct fixture *f = *state;
	const struct workload empty = *f->load;
	struct target targets[3] = {f->target, f->target, f->target};
	struct workload none = empty;
	none.n_entries = none.n_dirs = 0;
	targets[0].load = &none;
	targets[0].label = "empty";
	targets[2].load = NULL;
	targets[2].lacking = STATUS_SKIPPED;
	targets[2].why = "mkfs.xfs is missing";
	targets[2].label = "xfs";
	f->request.targets = targets;
	f->request.n_targets = 3;
	f->request.rounds = 9;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->n_cells, 3 * CELLS);
	for (size_t i = 0; i < CELLS; i++) {
		const struct cell_result *cells = f->result->cells;
		assert_int_equal(cells[i].status, STATUS_INVALID);
		assert_int_equal(cells[CELLS + i].status, STATUS_OK);
		assert_int_equal(cells[CELLS + i].n_passes, i ? 9 : 18);
		assert_int_equal(cells[2 * CELLS + i].status, STATUS_SKIPPED);
		assert_string_equal(cells[2 * CELLS + i].reason, "mkfs.xfs is missing");
		assert_string_equal(cells[2 * CELLS + i].id, i == 0   ? "a/j1/j1@xfs"
							     : i == 1 ? "b/j1/j1@xfs"
								      : "c/j1/j1@xfs");
	}
}

#define OUTLASTING(name) cmocka_unit_test_setup_teardown(name, set_up, driven_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVEN(no_pass_begins_when_the_time_is_up),
		DRIVEN(a_round_stops_in_the_middle),
		OUTLASTING(a_pass_under_way_at_the_end_is_cut),
		OUTLASTING(after_a_pass_that_was_cut_others_go_on),
		DRIVEN(a_reference_that_takes_too_long_is_said),
		DRIVEN(wrong_answers_are_looked_into),
		DRIVEN(but_not_beyond_the_time),
		DRIVEN(priming_leaves_time_for_rounds),
		DRIVEN(latency_passes_are_the_first_to_go),
		DRIVEN(rounds_without_a_budget_are_all_made),
		DRIVEN(a_caller_says_when_rounds_are_enough),
		DRIVEN(states_share_the_time_by_what_their_rounds_take),
		DRIVEN(each_state_begins_a_unit_of_steal),
		DRIVEN(no_state_is_left_without_time),
		DRIVEN(a_command_ends_with_the_time),
		DRIVEN(a_command_that_ends_with_the_time_and_leaves_no_tree_fails),
		DRIVEN(targets_are_interleaved_round_by_round),
		DRIVEN(a_target_that_cannot_be_measured_leaves_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
